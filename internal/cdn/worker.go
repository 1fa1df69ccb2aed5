package cdn

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/store"
)

const (
	// pollInterval is the time between two reads of the committed changes.
	pollInterval = 100 * time.Millisecond
	// purgeTimeout is how long one request to the CDN may take.
	purgeTimeout = 10 * time.Second
	// minBackoff and maxBackoff are the pauses after the first failed purge and after many.
	minBackoff, maxBackoff = 500 * time.Millisecond, 30 * time.Second
	// maxPending limits the keys that wait for a purge. Beyond it everything is purged.
	maxPending = 10_000
)

// Source is the database in which the Worker finds committed changes.
type Source interface {
	// ChangesSince returns the changes that were committed and are not visible in an earlier snapshot, and the
	// current snapshot. If it returns more than store.MaxChanges, there may be others.
	ChangesSince(ctx context.Context, snapshot store.Snapshot) (next store.Snapshot, found []store.Change, err error)
}

// Worker purges the keys of committed changes. One server at a time runs it.
type Worker struct {
	source      Source
	purger      Purger
	againAfter  time.Duration
	log         *slog.Logger
	queue       queue
	snapshot    store.Snapshot
	pollFailing bool
	notBefore   time.Time     // of the next purge
	backoff     time.Duration // 0 after a success

	running, pending                 atomic.Int64
	purges, purgedKeys, failedPurges atomic.Uint64
	oldest                           atomic.Int64 // when the key that waits longest was found, in Unix nanoseconds; 0 for none
}

// NewWorker returns a worker. againAfter is the longest time from the first read of a response until the CDN has
// stored it: each key is purged again after it.
func NewWorker(source Source, purger Purger, againAfter time.Duration, log *slog.Logger) *Worker {
	return &Worker{source: source, purger: purger, againAfter: againAfter, log: log}
}

// Run purges until the context ends. It begins with a purge of everything, because changes may have been missed
// since another server ran it.
func (w *Worker) Run(ctx context.Context) {
	w.running.Store(1)
	defer w.running.Store(0)
	w.snapshot, w.queue = store.Snapshot{}, newQueue()
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for {
		w.poll(ctx)
		w.purge(ctx)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// poll queues the keys of the changes since the last poll.
func (w *Worker) poll(ctx context.Context) {
	next, found, err := w.source.ChangesSince(ctx, w.snapshot)
	if ctx.Err() != nil {
		return
	}
	if failing := err != nil; failing != w.pollFailing {
		if w.pollFailing = failing; failing {
			w.log.WarnContext(ctx, "changes for the CDN cannot be read", "error", err)
		} else {
			w.log.InfoContext(ctx, "changes for the CDN can be read again")
		}
	}
	if err != nil {
		return
	}
	now := time.Now()
	if next.Database != w.snapshot.Database || len(found) > store.MaxChanges {
		w.queue.add(now, everythingKey)
	} else {
		for _, change := range found {
			w.queue.add(now, changeKeys(change)...)
		}
	}
	w.snapshot = next
}

// changeKeys returns the keys of a change. A tag of a newer release may concern anything.
func changeKeys(c store.Change) (keys []string) {
	for _, name := range c.Tags {
		tag, err := edu.ParseTag(name)
		if err != nil {
			return []string{everythingKey}
		}
		keys = append(keys, PurgeKeys(tag)...)
	}
	return keys
}

// purge purges the keys that wait, within the limits of the CDN.
func (w *Worker) purge(ctx context.Context) {
	for ctx.Err() == nil {
		now := time.Now()
		w.queue.addDue(now)
		w.pending.Store(int64(w.queue.size()))
		w.oldest.Store(w.queue.oldest())
		if w.queue.size() == 0 || now.Before(w.notBefore) {
			return
		}
		batch := w.queue.take(w.purger.Limits().Keys)
		limited, cancel := context.WithTimeout(ctx, purgeTimeout)
		err := w.purger.Purge(limited, batch.keys())
		cancel()
		if err != nil {
			w.queue.putBack(batch)
			w.recordFailure(ctx, err)
			continue
		}
		if w.backoff > 0 {
			w.log.InfoContext(ctx, "purges of the CDN succeed again")
		}
		w.backoff, w.notBefore = 0, time.Now().Add(w.purger.Limits().Interval)
		w.purges.Add(1)
		w.purgedKeys.Add(uint64(len(batch)))
		w.queue.purgeAgain(batch, time.Now().Add(w.againAfter))
	}
}

func (w *Worker) recordFailure(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	w.failedPurges.Add(1)
	if w.backoff == 0 {
		w.log.WarnContext(ctx, "purge of the CDN failed; it is repeated", "error", err)
	}
	w.backoff = min(max(2*w.backoff, minBackoff), maxBackoff)
	w.notBefore = time.Now().Add(w.backoff)
}

// Stats are counts since the start of the process, and the state of the worker.
type Stats struct {
	// Running reports whether this server purges.
	Running bool
	// Purges counts requests that the CDN accepted, PurgedKeys the keys in them, FailedPurges the other requests.
	Purges, PurgedKeys, FailedPurges uint64
	// Pending is the number of keys that wait, and Delay how long the first of them has waited.
	Pending int64
	Delay   time.Duration
}

// Stats returns the current counts.
func (w *Worker) Stats() Stats {
	s := Stats{
		Running: w.running.Load() == 1, Purges: w.purges.Load(), PurgedKeys: w.purgedKeys.Load(),
		FailedPurges: w.failedPurges.Load(), Pending: w.pending.Load(),
	}
	if at := w.oldest.Load(); at != 0 {
		s.Delay = time.Since(time.Unix(0, at))
	}
	return s
}
