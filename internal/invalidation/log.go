package invalidation

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/7p-education/api/internal/cache"
	"github.com/7p-education/api/store"
)

const (
	// Lease is how long a process may use the log after it began to look into the
	// database for changes that nobody announced.
	Lease = time.Second
	// PollInterval is how often a process looks, which leaves room for a look or two that
	// fail.
	PollInterval = 250 * time.Millisecond
	// changeRetention is for how long changes are kept in the database at least, after they were
	// found there. By then every process that has a lease has found them.
	changeRetention = 30 * time.Second
	// publishRetryInterval is how often an announcement is tried again.
	publishRetryInterval = 50 * time.Millisecond
	// leaseCheckInterval is how often Wait looks.
	leaseCheckInterval = 5 * time.Millisecond
	// maxChangeTags is the most tags that are announced one by one.
	maxChangeTags = 1000
)

// entry is an entry of the log: of one change, or of several.
type entry struct {
	ids  []int64
	tags []string
}

// Source is where committed changes are found.
type Source interface {
	// ChangesSince returns the changes that were committed and not visible in a
	// snapshot of before ("" for all that are kept), and the snapshot of now. Of more
	// than store.MaxChanges there may be others.
	ChangesSince(ctx context.Context, snapshot string) (next string, found []store.Change, err error)
	// DeleteChanges deletes those that were visible in a snapshot.
	DeleteChanges(ctx context.Context, snapshot string) (int, error)
}

// Log is the log as one process knows it. It is safe for concurrent use.
type Log struct {
	logger      *slog.Logger
	index       *index
	stream      *stream   // nil where the log is this process's alone
	streamReads coalescer // of the stream

	polls              coalescer    // into the database
	polling            atomic.Bool  // whether looks can be made
	snapshot           atomic.Value // of the last look, a string
	lastPoll           atomic.Int64 // when that began, in nanoseconds since started; 0 before the first
	delayedWrites      atomic.Uint64
	unpublishedChanges atomic.Uint64
}

// errNotPolling is why there is no look before Run is called.
var errNotPolling = errors.New("changes: not followed yet")

// processStart makes times monotonic.
var processStart = time.Now()

// New returns a Log in a Redis, or in the memory of this process where redis is nil.
func New(redis *cache.Redis, log *slog.Logger) *Log {
	l := &Log{logger: log, index: newIndex(Position{})}
	l.snapshot.Store("")
	if redis != nil {
		l.stream = newStream(redis, l.index)
		l.streamReads.run = l.stream.readNewEntries
	}
	return l
}

// CurrentPosition returns how far the log goes: every change whose announcement was over before
// Now was called is at that Position or before. It is false where that cannot be
// known for now.
func (l *Log) CurrentPosition(ctx context.Context) (Position, bool) {
	if !l.holdsLease() {
		return Position{}, false
	}
	if l.stream != nil && l.streamReads.awaitRun(ctx) != nil {
		return Position{}, false
	}
	return l.index.currentPosition(), true
}

// AwaitLease returns once the log can be used, or with the error of a context that is done
// before.
func (l *Log) AwaitLease(ctx context.Context) error {
	tick := time.NewTicker(leaseCheckInterval)
	defer tick.Stop()
	for !l.holdsLease() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}

func (l *Log) holdsLease() bool {
	lastPoll := l.lastPoll.Load()
	return lastPoll != 0 && time.Since(processStart)-time.Duration(lastPoll) < Lease
}

// ValidSince tells whether none of the tags, given by their hashes, changed after a
// position. Of a caller who has called Now since he was asked: what was read from the
// database after that position was reached is then what would be read.
func (l *Log) ValidSince(tags []uint64, since Position) bool { return l.index.validSince(tags, since) }

// Publish puts changes that were committed into the log, and those that others have
// committed before, and may not have announced yet: a write may acknowledge more than
// it changed. When it returns, whoever asks Now hears of them. Where Redis cannot be
// told, or the database not asked, that takes one Lease.
func (l *Log) Publish(ctx context.Context, committed []store.Change) {
	ctx, cancel := context.WithTimeout(ctx, Lease)
	defer cancel()
	e := mergeChanges(committed)
	publish := func() error {
		if len(committed) > 0 {
			if err := l.appendEntry(e); err != nil {
				return err
			}
			if committed = nil; !l.polling.Load() { // who does not follow the log tells of his own only
				return nil
			}
		}
		return l.awaitPoll(ctx)
	}
	if publish() == nil {
		return
	}
	l.delayedWrites.Add(1)
	retry := time.NewTicker(publishRetryInterval)
	defer retry.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-retry.C:
			if publish() == nil {
				return
			}
		}
	}
}

func (l *Log) appendEntry(e entry) error {
	if l.stream == nil {
		l.index.appendEntry(e)
		return nil
	}
	return l.stream.appendEntry(e)
}

func mergeChanges(changes []store.Change) entry {
	var e entry
	seen := map[string]bool{}
	for _, c := range changes {
		e.ids = append(e.ids, c.ID)
		for _, tag := range c.Tags {
			if !seen[tag] {
				seen[tag] = true
				e.tags = append(e.tags, tag)
			}
		}
	}
	if len(e.tags) > maxChangeTags || seen[tagEverything] {
		e.tags = []string{tagEverything}
	}
	return e
}

// PollDatabase looks for changes in the database until the context ends. Before it is called
// nobody may use the log.
func (l *Log) PollDatabase(ctx context.Context, from Source) {
	pollTicker := time.NewTicker(PollInterval)
	defer pollTicker.Stop()
	cleanTicker := time.NewTicker(changeRetention)
	defer cleanTicker.Stop()
	l.polls.run = func() error { return l.pollChanges(ctx, from) }
	l.polling.Store(true)
	failing, previousSnapshot := false, ""
	for {
		err := l.awaitPoll(ctx)
		if ctx.Err() != nil {
			return
		}
		if (err != nil) != failing {
			if failing = !failing; failing {
				l.logger.WarnContext(ctx, "answers are not taken from the cache: changes cannot be followed", "error", err)
			} else {
				l.logger.InfoContext(ctx, "changes are followed again")
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-cleanTicker.C:
			l.deleteOldChanges(ctx, from, previousSnapshot)
			previousSnapshot = l.snapshot.Load().(string)
		case <-pollTicker.C:
		}
	}
}

// awaitPoll returns after a look that began after it was called.
func (l *Log) awaitPoll(ctx context.Context) error {
	if !l.polling.Load() {
		return errNotPolling
	}
	return l.polls.awaitRun(ctx)
}

// pollChanges finds what nobody announced, announces it, and renews the lease.
func (l *Log) pollChanges(ctx context.Context, from Source) error {
	began := time.Since(processStart)
	ctx, cancel := context.WithTimeout(ctx, Lease)
	defer cancel()
	next, found, err := from.ChangesSince(ctx, l.snapshot.Load().(string))
	if err != nil {
		return err
	}
	if l.stream != nil {
		if err := l.streamReads.awaitRun(ctx); err != nil {
			return err
		}
	} else if l.lastPoll.Load() == 0 || began-time.Duration(l.lastPoll.Load()) > changeRetention/2 {
		// What was deleted meanwhile nobody knows.
		l.index.invalidateEarlier()
	}
	if err := l.publishMissed(found); err != nil {
		return err
	}
	l.snapshot.Store(next)
	l.lastPoll.Store(int64(began))
	return nil
}

// publishMissed announces those that were found and nobody has announced. Of very many
// it announces that anything changed, without their ids, which nobody could remember.
func (l *Log) publishMissed(found []store.Change) error {
	many := len(found) > store.MaxChanges
	missed := slices.DeleteFunc(found, func(c store.Change) bool { return l.index.containsChange(c.ID) })
	if len(missed) == 0 && !many {
		return nil
	}
	e := entry{tags: []string{tagEverything}}
	if !many {
		e = mergeChanges(missed)
	}
	if err := l.appendEntry(e); err != nil {
		return err
	}
	l.unpublishedChanges.Add(uint64(len(missed)))
	return nil
}

// deleteOldChanges deletes changes that were found by a look of before: they are in the log.
func (l *Log) deleteOldChanges(ctx context.Context, from Source, snapshot string) {
	if snapshot == "" {
		return
	}
	if _, err := from.DeleteChanges(ctx, snapshot); err != nil && ctx.Err() == nil {
		l.logger.WarnContext(ctx, "old changes were not deleted", "error", err)
	}
}

// Stats are counts since the start.
type Stats struct {
	// DelayedWrites is how many announcements could not be made at once, Found how many
	// changes nobody had announced yet.
	DelayedWrites, UnpublishedChanges uint64
	// LeaseHeld tells whether the log can be used for now.
	LeaseHeld bool
}

// Stats returns the counts.
func (l *Log) Stats() Stats {
	return Stats{DelayedWrites: l.delayedWrites.Load(), UnpublishedChanges: l.unpublishedChanges.Load(), LeaseHeld: l.holdsLease()}
}
