package invalidation

import (
	"context"
	"time"

	"github.com/7p-education/api/store"
)

// awaitEntryTimeout is how long one command waits in Redis for the next log entry.
const awaitEntryTimeout = time.Second

// Notify has notify called with the hashes of the tags of each change, after its commit: nil if everything
// may have changed. It is called at least once for each change, from any goroutine, and must not block. Notify must
// be called before the log is used.
func (l *Log) Notify(notify func(tags []uint64)) { l.index.notify = notify }

// Position returns the position that the index of this process has reached.
func (l *Log) Position() Position { return l.index.currentPosition() }

// Covers reports whether the log still has all changes after a position.
func (l *Log) Covers(since Position) bool { return l.index.validSince(nil, since) }

// follow reads the log as soon as a process appends to it, until the context ends, so that a member acknowledges the
// entry at once. Without a Redis there is no other process.
func (l *Log) follow(ctx context.Context) {
	if l.redis == nil {
		return
	}
	for ctx.Err() == nil {
		s := l.stream.Load()
		next, err := l.redis.AwaitStreamEntry(ctx, s.key, formatEntryID(s.acknowledged.Load()), awaitEntryTimeout)
		if err == nil && next != "" {
			err = l.streamReads.awaitRun(ctx)
		}
		if err != nil { // the next poll reads the log again, too
			_ = sleep(ctx, publishRetryInterval)
		}
	}
}

// notifyFound reports changes that a poll found and that the log may never get, because Redis is away. Until
// a poll succeeds, each poll finds them again; they are reported once.
func (l *Log) notifyFound(found []store.Change) {
	if len(found) > store.MaxChanges {
		l.index.notify(nil)
		return
	}
	var unknown []store.Change
	for _, c := range found {
		if _, notified := l.notified[c.ID]; !notified && !l.index.containsChange(c.ID) {
			l.notified[c.ID] = struct{}{}
			unknown = append(unknown, c)
		}
	}
	if len(unknown) > 0 {
		l.index.notify(mergeChanges(unknown).hashTags())
	}
}
