package invalidation

import (
	"sync"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/store"
)

// Position is a place in the log.
type Position = store.Position

// tagEverything is the tag on which all data depends.
var tagEverything = edu.TagEverything.WithID(0).String()

const (
	// maxIndexedTags is how many tags an index holds, in some 5 MB. One more clears it: all
	// data read before then counts as changed.
	maxIndexedTags = 100_000
	// maxIndexedIDs is how many change ids an index holds at least: enough for those of
	// several seconds, so that no change is published twice.
	maxIndexedIDs = store.MaxChanges
)

// index is what a process knows of the log: for each tag, the offset of its last change. It
// is safe for concurrent use.
type index struct {
	mu   sync.RWMutex
	head Position // of the last applied log entry
	// horizon is the offset from which on lastChanged is complete. Data read at an earlier
	// offset counts as changed.
	horizon     uint64
	lastChanged map[uint64]uint64 // offsets, by the hash of the tag
	// recentIDs and olderIDs are the ids of changes in the log, in two generations.
	recentIDs, olderIDs map[int64]struct{}
	published           publishedChanges
	// notify is called with the hashes of changed tags, nil for everything, without the lock. It is set
	// before the index is used.
	notify func(tags []uint64)
}

// newIndex returns the empty index of a log that begins at a position.
func newIndex(at Position) *index {
	x := &index{head: at, notify: func([]uint64) {}}
	x.clearTags()
	x.published.horizon = at.Offset
	return x
}

func (x *index) currentPosition() Position {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.head
}

// invalidateEarlier advances the position by one offset, and marks all data read before as
// changed.
func (x *index) invalidateEarlier() {
	x.mu.Lock()
	x.head.Offset++
	x.clearTags()
	x.published = publishedChanges{horizon: x.head.Offset}
	x.mu.Unlock()
	x.notify(nil)
}

// beginEpoch makes all positions before it incomparable, and removes the ids of changes.
func (x *index) beginEpoch() {
	x.mu.Lock()
	x.head.Epoch++
	x.clearTags()
	x.recentIDs, x.olderIDs = nil, nil
	x.published = publishedChanges{horizon: x.head.Offset}
	x.mu.Unlock()
	x.notify(nil)
}

func (x *index) clearTags() { x.horizon, x.lastChanged = x.head.Offset, map[uint64]uint64{} }

// replaceWith takes over the state of another index in one step: a concurrent reader sees
// either the old state or the new one.
func (x *index) replaceWith(other *index) {
	x.mu.Lock()
	x.head, x.horizon, x.lastChanged = other.head, other.horizon, other.lastChanged
	x.recentIDs, x.olderIDs, x.published = other.recentIDs, other.olderIDs, other.published
	x.mu.Unlock()
	x.notify(nil)
}

// applyEntry records the log entry at an offset, which must be after the last one.
func (x *index) applyEntry(offset uint64, e entry) {
	x.mu.Lock()
	x.recordEntry(offset, e)
	x.mu.Unlock()
	x.notify(e.hashTags())
}

// appendEntry records a log entry at the next offset.
func (x *index) appendEntry(e entry) {
	x.mu.Lock()
	x.recordEntry(x.head.Offset+1, e)
	x.mu.Unlock()
	x.notify(e.hashTags())
}

// recordEntry requires that the caller holds mu.
func (x *index) recordEntry(offset uint64, e entry) {
	x.head.Offset = offset
	x.published.recordEntry(offset, e)
	for _, tag := range e.tags {
		if tag == tagEverything || len(x.lastChanged) >= maxIndexedTags {
			x.clearTags()
			continue
		}
		x.lastChanged[edu.HashTagName(tag)] = offset
	}
	if x.recentIDs == nil || len(x.recentIDs) >= maxIndexedIDs {
		x.recentIDs, x.olderIDs = make(map[int64]struct{}, len(e.ids)), x.recentIDs
	}
	for _, id := range e.ids {
		x.recentIDs[id] = struct{}{}
	}
}

// containsChange reports whether the index holds the id of a change.
func (x *index) containsChange(id int64) bool {
	x.mu.RLock()
	defer x.mu.RUnlock()
	_, recent := x.recentIDs[id]
	_, older := x.olderIDs[id]
	return recent || older
}

// changesBetween returns the changes after one position up to another, or false if the index does not have
// them all.
func (x *index) changesBetween(after, to Position) ([]store.PublishedChange, bool) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if after.Epoch != x.head.Epoch || to.Epoch != x.head.Epoch {
		return nil, false
	}
	return x.published.between(after.Offset, to.Offset)
}

// validSince reports whether none of the tags, which are hashes, changed after a position.
func (x *index) validSince(tags []uint64, since Position) bool {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if since.Epoch != x.head.Epoch || since.Offset < x.horizon {
		return false
	}
	for _, tag := range tags {
		if x.lastChanged[tag] > since.Offset {
			return false
		}
	}
	return true
}
