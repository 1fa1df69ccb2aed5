// Package store runs the SQL of the server: reads are functions that return a Query, writes are
// methods of Store. The viewer is an argument.
//
// A Query is a statement and the destination of its rows. RunQueries sends one, or several in one
// round trip.
package store

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// maxDirectConns is the number of direct connections: of jobs and commands, whose statements may take minutes.
const maxDirectConns = 4

// Config holds the settings of the database connections.
type Config struct {
	URL              string        // of the primary
	ReplicaURL       string        // of a streaming replica for reads; "" for none
	DirectURL        string        // of the primary without a pooler, for migrations and jobs; "" for URL
	Pooler           Pooler        // between the server and URL or ReplicaURL; "" is PoolerAuto
	MaxConns         int32         // in each pool; 0 is four for each processor
	StatementTimeout time.Duration // for each statement; 0 for none

	// MaxLockTime limits how long an idempotent write may go on after its first write; 0 is 50 ms.
	MaxLockTime time.Duration
	// MaxStoredBytes limits the bytes of all responses that idempotent writes store; 0 is
	// DefaultMaxStoredBytes.
	MaxStoredBytes int64

	// PublishChanges receives the changes of a write after its commit and before the write returns;
	// nil discards them. It is also called without changes if a write changed nothing, because such
	// a write may have observed a commit that is not published yet. If the outcome of a commit is
	// unknown, the change is edu.TagEverything. Changes that are not written by WriteInTx are only
	// returned by ChangesSince.
	PublishChanges func(context.Context, []Change)
}

// Store runs statements on the primary, and reads on a replica if there is one.
type Store struct {
	primary, replica *pool
	direct           *pool // of the primary, without a pooler if DirectURL is set
	pingPool         *pool // one connection, reserved for Ping
	identity         *identityWatch

	limits          *writeLimits
	idempotencyKeys *keyedQueue[[32]byte] // one run of each key at a time
	responses       *storedTotal
	maxLockTime     time.Duration

	outerTx        *outerTx // the transaction that all writes are part of; nil for none
	publishChanges func(context.Context, []Change)
}

// Open connects to the database.
func Open(ctx context.Context, c Config) (*Store, error) {
	s := &Store{
		identity: newIdentityWatch(), publishChanges: c.PublishChanges,
		idempotencyKeys: newKeyedQueue[[32]byte](1), maxLockTime: cmp.Or(c.MaxLockTime, defaultMaxLockTime),
		responses: &storedTotal{limit: cmp.Or(c.MaxStoredBytes, DefaultMaxStoredBytes)},
	}
	c.Pooler = cmp.Or(c.Pooler, PoolerAuto)
	err := s.openPrimary(ctx, c)
	if err == nil {
		err = s.openReplica(ctx, c)
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// openPrimary opens the pools of the primary and connects to it.
func (s *Store) openPrimary(ctx context.Context, c Config) (err error) {
	pooler := newPoolerState(c.Pooler)
	if s.primary, err = openPool(ctx, c, c.URL, pooler, s.identity.acceptPrimary); err != nil {
		return fmt.Errorf("store: primary: %w", err)
	}
	s.identity.addPool(s.primary.conns)
	if err := s.primary.connect(ctx); err != nil {
		return fmt.Errorf("store: primary: %w", err)
	}
	s.limits = newWriteLimits(s.primary.conns.Config().MaxConns)
	probe := c
	probe.MaxConns = 1
	if s.pingPool, err = openPool(ctx, probe, c.URL, pooler, nil); err != nil {
		return fmt.Errorf("store: primary: %w", err)
	}
	if s.direct = s.primary; c.DirectURL == "" {
		return nil
	}
	direct := c
	direct.MaxConns = maxDirectConns
	if s.direct, err = openPool(ctx, direct, c.DirectURL, newPoolerState(PoolerAuto), s.identity.acceptDirect); err != nil {
		return fmt.Errorf("store: direct connection: %w", err)
	}
	s.identity.addPool(s.direct.conns)
	return nil
}

// openReplica opens the pool of the replica. It need not be reachable yet: reads fall back to the primary.
func (s *Store) openReplica(ctx context.Context, c Config) (err error) {
	if c.ReplicaURL == "" {
		return nil
	}
	if s.replica, err = openPool(ctx, c, c.ReplicaURL, newPoolerState(c.Pooler), s.identity.acceptReplica); err != nil {
		return fmt.Errorf("store: replica: %w", err)
	}
	s.identity.addPool(s.replica.conns)
	return nil
}

// Close closes the pools. It waits for statements in progress.
func (s *Store) Close() {
	for _, p := range []*pool{s.primary, s.pingPool, s.direct, s.replica} {
		if p != nil && p.conns != nil {
			p.conns.Close() // closing it twice has no effect
		}
	}
}

// PrimaryPool returns the pool of the primary. Through a pooler its connections have no settings.
func (s *Store) PrimaryPool() *pgxpool.Pool { return s.primary.conns }

// DirectPool returns a pool of the primary whose connections are sessions, for migrations and bulk loads. It returns an
// error if only a pooler leads to the database.
func (s *Store) DirectPool(ctx context.Context) (*pgxpool.Pool, error) {
	if err := s.direct.connect(ctx); err != nil {
		return nil, convertError(err)
	}
	switch {
	case !s.direct.pooler.isPooled():
		return s.direct.conns, nil
	case s.direct == s.primary:
		return nil, errNeedsDirect
	default:
		return nil, errDirectPooler
	}
}

// IsPooled reports whether a pooler to the primary is named or was detected.
func (s *Store) IsPooled() bool { return s.primary.pooler.isPooled() }

// ReplicaPool returns the pool of the replica, nil if there is none.
func (s *Store) ReplicaPool() *pgxpool.Pool {
	if s.replica == nil {
		return nil
	}
	return s.replica.conns
}

// OnPrimary returns the store without its replica: its reads see the last committed write.
func (s *Store) OnPrimary() *Store {
	primary := *s
	primary.replica = nil
	return &primary
}
