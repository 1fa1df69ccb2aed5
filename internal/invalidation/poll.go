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
	// PollChanges returns the changes that were committed and are not visible in an earlier
	// snapshot, the current snapshot, and in it the registered epoch of a log. For the zero snapshot and those of
	// another database it returns all stored changes. If it returns more than store.MaxChanges, there may be others.
	PollChanges(ctx context.Context, snapshot store.Snapshot, log string) (next store.Snapshot, found []store.Change, registered store.LogEpoch, err error)
	// DeleteChanges deletes the changes that were visible in a snapshot.
	DeleteChanges(ctx context.Context, snapshot store.Snapshot) (int, error)
	// CurrentIdentity returns the identity of the database that connections reached last, and when
	// it was first read.
	CurrentIdentity() (store.Identity, time.Time)
	epochRegistry
}

// errNotPolling is returned by awaitPoll before PollDatabase has started.
var errNotPolling = errors.New("invalidation: polling has not started")

// reclaimAfter is how long a process does not use its log after an epoch of another Redis process was registered, until it
// registers one of its own. By then a master that was replaced has become a replica.
const reclaimAfter = 10 * time.Second

// registeredEpoch is the registered epoch, and when this process first read it.
type registeredEpoch struct {
	store.LogEpoch
	since time.Time
}

// successfulPoll is a poll that found all changes. It is the lease: a process may use the log for one Lease from its
// begin on, in one epoch.
type successfulPoll struct {
	began, read      time.Duration // when it began and when it sent its last read of the log, since processStart
	epoch            registeredEpoch
	epochOfPositions uint64
}

// PollDatabase polls the database until the context ends, and deletes old changes. Before it
// is called, the process has no lease and cannot use the log.
func (l *Log) PollDatabase(ctx context.Context, from Source) {
	pollTicker := time.NewTicker(PollInterval)
	defer pollTicker.Stop()
	cleanTicker := time.NewTicker(changeRetention)
	defer cleanTicker.Stop()
	l.useSource(ctx, from)
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

// useSource makes polls possible.
func (l *Log) useSource(ctx context.Context, from Source) {
	l.source = from
	if l.redis != nil {
		l.stream.Load().registry = from
	}
	l.polls.run = func() error { return l.pollChanges(ctx, from) }
	l.polling.Store(true)
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
	previous, name := *l.snapshot.Load(), ""
	if l.redis != nil {
		name = *l.stream.Load().logName.Load()
	}
	next, found, registered, err := from.PollChanges(ctx, previous, name)
	if err != nil {
		return err
	}
	if next.Database != *l.followed.Load() {
		l.followDatabase(ctx, next.Database)
	}
	if l.redis == nil {
		if last := l.lastPoll.Load(); last == nil || began-last.began > changeRetention/2 {
			// Changes may have been deleted since the last poll, before this process found them.
			l.index.invalidateEarlier()
		}
		_, err = l.publishMissed(found)
		l.snapshot.Store(&next)
		l.lastPoll.Store(&successfulPoll{began: began, epochOfPositions: l.index.currentPosition().Epoch})
		return err
	}
	if registered != l.registered.LogEpoch {
		l.registered = registeredEpoch{registered, time.Now()}
	}
	read, epoch, err := l.publishToStream(ctx, found)
	if err != nil {
		l.notifyFound(found)
		return err
	}
	clear(l.notified)
	s := l.stream.Load()
	switch {
	case s.currentEpoch() != epoch, epoch.Generation > registered.Generation, *s.logName.Load() != name:
		return l.pollChanges(ctx, from) // in the epoch that the process has entered meanwhile
	case epoch != registered:
		return l.leaveSuperseded(ctx, from)
	}
	l.snapshot.Store(&next)
	l.lastPoll.Store(&successfulPoll{began, read, l.registered, s.epochOfPositions(registered)})
	return nil
}

// publishToStream reads the log and publishes the changes among found that are not in it. It returns when it sent the
// last read, since processStart, and an epoch. If that is still the one of the index, the index has the changes.
func (l *Log) publishToStream(ctx context.Context, found []store.Change) (read time.Duration, epoch store.LogEpoch, err error) {
	read = time.Since(processStart)
	if err := l.streamReads.awaitRun(ctx); err != nil {
		return 0, epoch, err
	}
	epoch = l.stream.Load().currentEpoch()
	published, err := l.publishMissed(found)
	if published && err == nil { // the index must have what it found before the lease is renewed
		read = time.Since(processStart)
		err = l.streamReads.awaitRun(ctx)
	}
	return read, epoch, err
}

// leaveSuperseded has the process leave its epoch for the registered one. If another Redis process has that, the process
// waits until it reaches that too, and registers an epoch of its own only after a while.
func (l *Log) leaveSuperseded(ctx context.Context, from Source) error {
	s := l.stream.Load()
	if !sameRun(s.currentEpoch().Name, l.registered.Name) && time.Since(l.registered.since) < reclaimAfter {
		return errSuperseded
	}
	s.superseded.Store(true)
	if err := l.streamReads.awaitRun(ctx); err != nil {
		return err
	}
	return l.pollChanges(ctx, from)
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
