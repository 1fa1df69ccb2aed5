package invalidation

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/7p-education/api/store"
)

const (
	// PollInterval is the time between two polls of the database. It is a quarter of a Lease,
	// so that one or two polls may fail before the lease ends.
	PollInterval = 250 * time.Millisecond
	// changeRetention is the least time that changes stay in the database after a poll found
	// them. By then every process that has a lease has found them.
	changeRetention = 30 * time.Second
)

// Source is the database in which polls find committed changes.
type Source interface {
	// ChangesSince returns the changes that were committed and are not visible in an earlier
	// snapshot, and the current snapshot. For the zero snapshot and those of another database it
	// returns all stored changes. If it returns more than store.MaxChanges, there may be others.
	ChangesSince(ctx context.Context, snapshot store.Snapshot) (next store.Snapshot, found []store.Change, err error)
	// DeleteChanges deletes the changes that were visible in a snapshot.
	DeleteChanges(ctx context.Context, snapshot store.Snapshot) (int, error)
	// CurrentIdentity returns the identity of the database that connections reached last, and when
	// it was first read.
	CurrentIdentity() (store.Identity, time.Time)
}

// errNotPolling is returned by awaitPoll before PollDatabase has started.
var errNotPolling = errors.New("invalidation: polling has not started")

// PollDatabase polls the database until the context ends, and deletes old changes. Before it
// is called, the process has no lease and cannot use the log.
func (l *Log) PollDatabase(ctx context.Context, from Source) {
	pollTicker := time.NewTicker(PollInterval)
	defer pollTicker.Stop()
	cleanTicker := time.NewTicker(changeRetention)
	defer cleanTicker.Stop()
	l.source = from
	l.polls.run = func() error { return l.pollChanges(ctx, from) }
	l.polling.Store(true)
	defer l.leaveMembers()
	go l.follow(ctx) // so that this process acknowledges entries as soon as they are appended
	failing, previousSnapshot := false, store.Snapshot{}
	for {
		err := l.awaitPoll(ctx)
		if ctx.Err() != nil {
			return
		}
		if (err != nil) != failing {
			if failing = !failing; failing {
				l.logger.WarnContext(ctx, "invalidation poll failed; the response cache is bypassed", "error", err)
			} else {
				l.logger.InfoContext(ctx, "invalidation poll recovered")
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-cleanTicker.C:
			l.deleteOldChanges(ctx, from, previousSnapshot)
			previousSnapshot = *l.snapshot.Load()
			l.extendStream()
		case <-pollTicker.C:
		}
	}
}

// awaitPoll returns after a poll that began after awaitPoll was called.
func (l *Log) awaitPoll(ctx context.Context) error {
	if !l.polling.Load() {
		return errNotPolling
	}
	return l.polls.awaitRun(ctx)
}

// pollChanges finds the changes committed since the last poll, publishes the ones missing from
// the log, and renews the lease from the time at which the poll began. The log belongs to one
// history of one database: with another one, another log begins.
func (l *Log) pollChanges(ctx context.Context, from Source) error {
	began := time.Since(processStart)
	ctx, cancel := context.WithTimeout(ctx, Lease)
	defer cancel()
	previous := *l.snapshot.Load()
	next, found, err := from.ChangesSince(ctx, previous)
	if err != nil {
		return err
	}
	if next.Database != previous.Database {
		l.followDatabase(ctx, next.Database)
	}
	read := time.Since(processStart)
	if l.redis != nil {
		if err := l.streamReads.awaitRun(ctx); err != nil {
			l.notifyFound(found)
			return err
		}
	} else if l.lastPoll.Load() == 0 || began-time.Duration(l.lastPoll.Load()) > changeRetention/2 {
		// Changes may have been deleted since the last poll, before this process found them.
		l.index.invalidateEarlier()
	}
	published, err := l.publishMissed(found)
	if published && l.redis != nil { // the index must have what it found before the lease is renewed
		read = time.Since(processStart)
		err = l.streamReads.awaitRun(ctx)
	}
	if err != nil {
		l.notifyFound(found)
		return err
	}
	clear(l.notified)
	l.snapshot.Store(&next)
	l.polledRead.Store(int64(read))
	l.lastPoll.Store(int64(began))
	return nil
}

// publishMissed publishes the changes among found that are not in the log, and reports whether there were
// any. For more than store.MaxChanges it publishes tagEverything without ids, which would exceed what an index
// holds.
func (l *Log) publishMissed(found []store.Change) (published bool, err error) {
	many := len(found) > store.MaxChanges
	missed := slices.DeleteFunc(found, func(c store.Change) bool { return l.index.containsChange(c.ID) })
	if len(missed) == 0 && !many {
		return false, nil
	}
	e := entry{tags: []string{tagEverything}}
	if !many {
		e = mergeChanges(missed)
	}
	if err := l.appendEntry(e); err != nil {
		return false, err
	}
	l.unpublishedChanges.Add(uint64(len(missed)))
	return true, nil
}

// deleteOldChanges deletes the changes that an earlier poll found: they are in the log.
func (l *Log) deleteOldChanges(ctx context.Context, from Source, snapshot store.Snapshot) {
	if snapshot == (store.Snapshot{}) {
		return
	}
	if _, err := from.DeleteChanges(ctx, snapshot); err != nil && ctx.Err() == nil {
		l.logger.WarnContext(ctx, "deletion of old changes failed", "error", err)
	}
}
