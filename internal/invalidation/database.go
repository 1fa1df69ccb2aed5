package invalidation

import (
	"context"
	"time"

	"github.com/7p-education/api/store"
)

// followDatabase makes the log that of another database, or of another history of the same one.
// Everything cached before is invalid from then on: it may depend on rows that are gone, and the
// ids of changes may be used a second time. It runs within a poll.
func (l *Log) followDatabase(ctx context.Context, found store.Identity) {
	if former := l.followed.Load(); former.IsKnown() {
		l.logger.WarnContext(ctx, "database restored, failed over or restarted: cached responses are discarded",
			"same_database", former.Origin == found.Origin)
	}
	l.lastPoll.Store(nil) // ends the lease, which the rest of this poll renews
	if l.redis == nil {
		l.index.beginEpoch()
	} else {
		l.redis.SetNamespace(found.Origin, found.History) // readStream takes its key from it
	}
	l.followed.Store(&found)
}

// readStream applies the new entries of the stream of the followed database.
func (l *Log) readStream() error {
	if l.stream.Load().key != l.redis.HistoryKey(streamKey) {
		l.followStream()
	}
	return l.stream.Load().readNewEntries()
}

// followStream makes the stream that of the followed database.
func (l *Log) followStream() {
	s := newStream(l.redis, l.index, l.source)
	s.isWanted = l.isUsed
	l.stream.Store(s)
}

// extendStream postpones the expiry of the stream, so that streams of former databases expire.
func (l *Log) extendStream() {
	if l.redis != nil {
		l.stream.Load().extendExpiry()
	}
}

// followsCurrent reports whether the log belongs to the database that connections reached last.
func (l *Log) followsCurrent() bool {
	current, _ := l.source.CurrentIdentity()
	return current == *l.followed.Load()
}

// awaitSettled waits, with a Redis, until one Lease after this process first reached the database.
// Until then another process may hold a lease of a poll of the former database, and does not find
// the changes of this one. It returns early if the context ends.
func (l *Log) awaitSettled(ctx context.Context) {
	if l.redis == nil || !l.polling.Load() {
		return
	}
	_, since := l.source.CurrentIdentity()
	remaining := Lease - time.Since(since)
	if remaining <= 0 {
		return
	}
	timer := time.NewTimer(remaining)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
