package store

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// markerUse is how long a marker is used. Its row is deleted changeRetention of internal/invalidation,
	// 30 s, after its commit at the earliest.
	markerUse = 20 * time.Second
	// markerInterval is the least time between two attempts to write a marker.
	markerInterval = 200 * time.Millisecond
)

// marker is a change without tags that was written after the log had reached a position. A replica in
// which it is visible has every change up to there. Its id and its time, in microseconds, are those of no
// change in another history of the database.
type marker struct {
	id       int64
	at       time.Time
	position Position
}

// markers writes markers on the primary, which the replicas share. It is safe for concurrent use.
type markers struct {
	primary *pool
	log     ChangeLog

	mu       sync.Mutex
	last     marker
	wroteAt  time.Time // of last
	lastCall time.Time // of the last attempt to write
}

// current returns a marker whose position is not before another one: the last marker, or a new one if that
// is old, is of another epoch, or precedes changes that the log does not list. It returns the zero marker if
// none can be written now.
func (m *markers) current(ctx context.Context, since Position) marker {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.log.Position()
	_, listed := m.log.ChangesBetween(m.last.position, now)
	if listed && time.Since(m.wroteAt) < markerUse && (since.Epoch != now.Epoch || m.last.position.Offset >= since.Offset) {
		return m.last
	}
	if time.Since(m.lastCall) < markerInterval {
		return marker{}
	}
	m.lastCall = time.Now()
	next := marker{position: now}
	write := Query{
		sql:  "-- name: WriteMarker\nINSERT INTO changes (tags) VALUES ('{}') RETURNING id, at",
		scan: func(rows pgx.Rows) error { return rows.Scan(&next.id, &next.at) },
	}
	if err := sendQueries(ctx, m.primary, []Query{write}, nil, nil); err != nil {
		return marker{}
	}
	m.last, m.wroteAt = next, time.Now()
	return next
}
