package store

import (
	"context"
	"sync/atomic"
	"time"
)

// Stats counts the SQL statements of an operation, and its waits for connections.
type Stats struct {
	statements, roundTrips, connWait atomic.Int64
}

// StatementCount returns the number of SQL statements sent.
func (s *Stats) StatementCount() int64 { return s.statements.Load() }

// RoundTripCount returns the number of round trips in which they were sent.
func (s *Stats) RoundTripCount() int64 { return s.roundTrips.Load() }

// ConnWait returns how long the operation waited for connections. Waits at the same time count each.
func (s *Stats) ConnWait() time.Duration { return time.Duration(s.connWait.Load()) }

type statsKey struct{}

// WithStats returns a context under which statements are counted in s.
func WithStats(ctx context.Context, s *Stats) context.Context {
	return context.WithValue(ctx, statsKey{}, s)
}

func countStatements(ctx context.Context, statements int) {
	if s, ok := ctx.Value(statsKey{}).(*Stats); ok {
		s.statements.Add(int64(statements))
		s.roundTrips.Add(1)
	}
}
