package changes

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
	// LookEvery is how often a process looks, which leaves room for a look or two that
	// fail.
	LookEvery = 250 * time.Millisecond
	// kept is for how long changes are kept in the database at least, after they were
	// found there. By then every process that has a lease has found them.
	kept = 30 * time.Second
	// retryEvery is how often an announcement is tried again.
	retryEvery = 50 * time.Millisecond
	// waitEvery is how often Wait looks.
	waitEvery = 5 * time.Millisecond
	// mostTags is the most tags that are announced one by one.
	mostTags = 1000
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
	// than store.MostChanges there may be others.
	ChangesSince(ctx context.Context, snapshot string) (next string, found []store.Change, err error)
	// DeleteChanges deletes those that were visible in a snapshot.
	DeleteChanges(ctx context.Context, snapshot string) (int, error)
}

// Log is the log as one process knows it. It is safe for concurrent use.
type Log struct {
	log     *slog.Logger
	replica *replica
	stream  *stream // nil where the log is this process's alone
	reads   rounds  // of the stream

	looks    rounds       // into the database
	running  atomic.Bool  // whether looks can be made
	snapshot atomic.Value // of the last look, a string
	looked   atomic.Int64 // when that began, in nanoseconds since started; 0 before the first
	waited   atomic.Uint64
	found    atomic.Uint64
}

// errNotRunning is why there is no look before Run is called.
var errNotRunning = errors.New("changes: not followed yet")

// started makes times monotonic.
var started = time.Now()

// New returns a Log in a Redis, or in the memory of this process where redis is nil.
func New(redis *cache.Redis, log *slog.Logger) *Log {
	l := &Log{log: log, replica: newReplica(Position{})}
	l.snapshot.Store("")
	if redis != nil {
		l.stream = newStream(redis, l.replica)
		l.reads.run = l.stream.read
	}
	return l
}

// Now returns how far the log goes: every change whose announcement was over before
// Now was called is at that Position or before. It is false where that cannot be
// known for now.
func (l *Log) Now(ctx context.Context) (Position, bool) {
	if !l.leased() {
		return Position{}, false
	}
	if l.stream != nil && l.reads.wait(ctx) != nil {
		return Position{}, false
	}
	return l.replica.position(), true
}

// Wait returns once the log can be used, or with the error of a context that is done
// before.
func (l *Log) Wait(ctx context.Context) error {
	tick := time.NewTicker(waitEvery)
	defer tick.Stop()
	for !l.leased() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}

func (l *Log) leased() bool {
	looked := l.looked.Load()
	return looked != 0 && time.Since(started)-time.Duration(looked) < Lease
}

// Unchanged tells whether none of the tags, given by their hashes, changed after a
// position. Of a caller who has called Now since he was asked: what was read from the
// database after that position was reached is then what would be read.
func (l *Log) Unchanged(tags []uint64, since Position) bool { return l.replica.unchanged(tags, since) }

// Announce puts changes that were committed into the log, and those that others have
// committed before, and may not have announced yet: a write may acknowledge more than
// it changed. When it returns, whoever asks Now hears of them. Where Redis cannot be
// told, or the database not asked, that takes one Lease.
func (l *Log) Announce(ctx context.Context, made []store.Change) {
	ctx, cancel := context.WithTimeout(ctx, Lease)
	defer cancel()
	e := merge(made)
	announce := func() error {
		if len(made) > 0 {
			if err := l.add(e); err != nil {
				return err
			}
			if made = nil; !l.running.Load() { // who does not follow the log tells of his own only
				return nil
			}
		}
		return l.lookNow(ctx)
	}
	if announce() == nil {
		return
	}
	l.waited.Add(1)
	retry := time.NewTicker(retryEvery)
	defer retry.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-retry.C:
			if announce() == nil {
				return
			}
		}
	}
}

func (l *Log) add(e entry) error {
	if l.stream == nil {
		l.replica.next(e)
		return nil
	}
	return l.stream.add(e)
}

func merge(made []store.Change) entry {
	var e entry
	seen := map[string]bool{}
	for _, c := range made {
		e.ids = append(e.ids, c.ID)
		for _, tag := range c.Tags {
			if !seen[tag] {
				seen[tag] = true
				e.tags = append(e.tags, tag)
			}
		}
	}
	if len(e.tags) > mostTags || seen[anything] {
		e.tags = []string{anything}
	}
	return e
}

// Run looks for changes in the database until the context ends. Before it is called
// nobody may use the log.
func (l *Log) Run(ctx context.Context, from Source) {
	turn := time.NewTicker(LookEvery)
	defer turn.Stop()
	clean := time.NewTicker(kept)
	defer clean.Stop()
	l.looks.run = func() error { return l.look(ctx, from) }
	l.running.Store(true)
	failing, old := false, ""
	for {
		err := l.lookNow(ctx)
		if ctx.Err() != nil {
			return
		}
		if (err != nil) != failing {
			if failing = !failing; failing {
				l.log.WarnContext(ctx, "answers are not taken from the cache: changes cannot be followed", "error", err)
			} else {
				l.log.InfoContext(ctx, "changes are followed again")
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-clean.C:
			l.clean(ctx, from, old)
			old = l.snapshot.Load().(string)
		case <-turn.C:
		}
	}
}

// lookNow returns after a look that began after it was called.
func (l *Log) lookNow(ctx context.Context) error {
	if !l.running.Load() {
		return errNotRunning
	}
	return l.looks.wait(ctx)
}

// look finds what nobody announced, announces it, and renews the lease.
func (l *Log) look(ctx context.Context, from Source) error {
	began := time.Since(started)
	ctx, cancel := context.WithTimeout(ctx, Lease)
	defer cancel()
	next, found, err := from.ChangesSince(ctx, l.snapshot.Load().(string))
	if err != nil {
		return err
	}
	if l.stream != nil {
		if err := l.reads.wait(ctx); err != nil {
			return err
		}
	} else if l.looked.Load() == 0 || began-time.Duration(l.looked.Load()) > kept/2 {
		// What was deleted meanwhile nobody knows.
		l.replica.forget()
	}
	if err := l.announceMissed(found); err != nil {
		return err
	}
	l.snapshot.Store(next)
	l.looked.Store(int64(began))
	return nil
}

// announceMissed announces those that were found and nobody has announced. Of very many
// it announces that anything changed, without their ids, which nobody could remember.
func (l *Log) announceMissed(found []store.Change) error {
	many := len(found) > store.MostChanges
	missed := slices.DeleteFunc(found, func(c store.Change) bool { return l.replica.knows(c.ID) })
	if len(missed) == 0 && !many {
		return nil
	}
	e := entry{tags: []string{anything}}
	if !many {
		e = merge(missed)
	}
	if err := l.add(e); err != nil {
		return err
	}
	l.found.Add(uint64(len(missed)))
	return nil
}

// clean deletes changes that were found by a look of before: they are in the log.
func (l *Log) clean(ctx context.Context, from Source, snapshot string) {
	if snapshot == "" {
		return
	}
	if _, err := from.DeleteChanges(ctx, snapshot); err != nil && ctx.Err() == nil {
		l.log.WarnContext(ctx, "old changes were not deleted", "error", err)
	}
}

// Stats are counts since the start.
type Stats struct {
	// Waited is how many announcements could not be made at once, Found how many
	// changes nobody had announced yet.
	Waited, Found uint64
	// Leased tells whether the log can be used for now.
	Leased bool
}

// Stats returns the counts.
func (l *Log) Stats() Stats {
	return Stats{Waited: l.waited.Load(), Found: l.found.Load(), Leased: l.leased()}
}
