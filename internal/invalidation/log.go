package invalidation

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/7p-education/api/internal/cache"
	"github.com/7p-education/api/store"
)

const (
	// Lease is how long a process may use the log, counted from the start of its last
	// successful poll of the database.
	Lease = time.Second
	// publishRetryInterval is the least time from the begin of one attempt to publish to the next.
	publishRetryInterval = 50 * time.Millisecond
	// leaseCheckInterval is how often AwaitLease checks for a lease.
	leaseCheckInterval = 5 * time.Millisecond
)

// Log is this process's view of the log. It is safe for concurrent use.
type Log struct {
	logger      *slog.Logger
	index       *index
	redis       *cache.Redis           // nil if the log is in the memory of this process
	stream      atomic.Pointer[stream] // of the followed database; replaced by streamReads only
	streamReads coalescer              // reads the stream

	source             Source                         // set before polling
	polls              coalescer                      // polls the database
	polling            atomic.Bool                    // whether PollDatabase has started
	followed           atomic.Pointer[store.Identity] // the database that the log belongs to
	snapshot           atomic.Pointer[store.Snapshot] // of the last successful poll
	lastPoll           atomic.Pointer[successfulPoll] // nil before the first
	registered         registeredEpoch                // of polls only
	notified           map[int64]struct{}             // ids of changes that failed polls have reported; of polls only
	lastUse            atomic.Int64                   // of the log by requests, in nanoseconds since processStart; 0 before the first
	renewing           atomic.Bool                    // whether a hit has the read lease renewed
	left               atomic.Bool                    // whether the process is no member any more
	delayedWrites      atomic.Uint64
	unpublishedChanges atomic.Uint64
	awaitedWrites      atomic.Uint64
	memberWait         atomic.Int64 // in nanoseconds
}

// processStart is the origin of times that are atomic numbers; it makes them monotonic.
var processStart = time.Now()

// New returns a Log in Redis, or in the memory of this process if redis is nil.
func New(redis *cache.Redis, log *slog.Logger) *Log {
	l := &Log{logger: log, index: newIndex(Position{}), redis: redis, notified: map[int64]struct{}{}}
	l.followed.Store(&store.Identity{})
	l.snapshot.Store(&store.Snapshot{})
	if redis != nil {
		l.streamReads.run = l.readStream
		l.followStream()
	}
	return l
}

// CurrentPosition returns a position of the log: each change whose publication
// ended before CurrentPosition was called is at that position or before it. It reads the stream unless
// the process holds a read lease. It returns false if the process has no lease or cannot read the stream,
// and from the moment that a connection reached another database until a poll has found that database.
func (l *Log) CurrentPosition(ctx context.Context) (Position, bool) {
	if !l.holdsLease() {
		return Position{}, false
	}
	if l.redis != nil && !l.holdsReadLease() && l.streamReads.awaitRun(ctx) != nil {
		return Position{}, false
	}
	at := l.index.currentPosition()
	return at, l.isPolled(at)
}

// isPolled reports whether a position is of the epoch of the last successful poll.
func (l *Log) isPolled(at Position) bool {
	last := l.lastPoll.Load()
	return last != nil && last.epochOfPositions == at.Epoch
}

// AwaitLease returns once the process has a lease, or with the error of a context that ends
// before.
func (l *Log) AwaitLease(ctx context.Context) error {
	ticker := time.NewTicker(leaseCheckInterval)
	defer ticker.Stop()
	for !l.holdsLease() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
	return nil
}

func (l *Log) holdsLease() bool {
	last := l.lastPoll.Load()
	return last != nil && time.Since(processStart)-last.began < Lease && l.followsCurrent()
}

// ValidSince reports whether none of the tags, which are hashes, changed after a position.
// The caller must have called CurrentPosition since its request arrived. Data read from the
// database after the log had reached since is then what the database would return now.
func (l *Log) ValidSince(tags []uint64, since Position) bool {
	return l.isPolled(since) && l.index.validSince(tags, since)
}

// Publish appends committed changes to the log. Then it polls the database once, for changes
// that others have committed and may not have published yet: a write may reveal more than it
// changed. At last it waits for the members. After Publish returns, each call of CurrentPosition, in any
// process, covers all of these changes.
// If Redis or the database fails, Publish retries until it succeeds, and returns after one
// Lease at the latest.
func (l *Log) Publish(ctx context.Context, committed []store.Change) {
	ctx, cancel := context.WithTimeout(ctx, Lease)
	defer cancel()
	e := mergeChanges(committed)
	publish := func() error {
		if len(committed) > 0 {
			if err := l.appendEntry(e); err != nil && !errors.Is(err, errLogLost) { // or the poll publishes it
				return err
			}
			committed = nil
		}
		if l.redis == nil && !l.polling.Load() { // no other process uses the log
			return nil
		}
		if err := l.awaitPoll(ctx); err != nil {
			return err
		}
		return l.awaitMembers(ctx, l.lastPoll.Load())
	}
	// The interval begins with the first attempt. One that timed out took as long, so the next follows at
	// once: the process may have been late, and Redis well.
	retry := time.NewTicker(publishRetryInterval)
	defer retry.Stop()
	defer l.awaitSettled(ctx)
	if publish() == nil {
		return
	}
	l.delayedWrites.Add(1)
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
	if l.redis == nil {
		l.index.appendEntry(e)
		return nil
	}
	return l.stream.Load().appendEntry(e)
}

// Stats are counts since the start of the process, and the state of the lease.
type Stats struct {
	// DelayedWrites counts the calls of Publish whose first attempt failed,
	// UnpublishedChanges the changes that polls found unpublished.
	DelayedWrites, UnpublishedChanges uint64
	// AwaitedWrites counts the writes that waited for members, and MemberWait is the time that they waited.
	AwaitedWrites uint64
	MemberWait    time.Duration
	// LeaseHeld reports whether the process may use the log now, ReadLeaseHeld whether it may do so without
	// reading it.
	LeaseHeld, ReadLeaseHeld bool
}

// Stats returns the current counts.
func (l *Log) Stats() Stats {
	return Stats{
		DelayedWrites: l.delayedWrites.Load(), UnpublishedChanges: l.unpublishedChanges.Load(),
		AwaitedWrites: l.awaitedWrites.Load(), MemberWait: time.Duration(l.memberWait.Load()),
		LeaseHeld: l.holdsLease(), ReadLeaseHeld: l.readLeaseHeld(),
	}
}
