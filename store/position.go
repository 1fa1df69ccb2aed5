package store

import (
	"context"
	"time"
)

// Position is a place in the log of published changes: an epoch, and an offset within it. Offsets of one
// epoch are ordered. Positions of different epochs cannot be compared: a new epoch begins whenever the end
// of the log may have been lost.
type Position struct{ Epoch, Offset uint64 }

// PublishedChange is a change in the log of published changes.
type PublishedChange struct {
	ID        int64
	Offset    uint64    // in the log
	LearnedAt time.Time // when this process read it from the log or appended it
}

// ChangeLog is the log of published changes. All changes in it are committed.
type ChangeLog interface {
	// CurrentPosition returns the position of the end of the log, or false if the log is not available.
	// The log up to there has the changes of all writes that were acknowledged before the call.
	CurrentPosition(context.Context) (Position, bool)
	// Position returns the position that this process has read.
	Position() Position
	// ChangesBetween returns the changes after one position up to another, in their order. It returns
	// false if the process does not know all of them.
	ChangesBetween(after, to Position) ([]PublishedChange, bool)
}
