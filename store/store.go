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
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/internal/observe"
)

// maxDirectConns is the number of direct connections: of jobs and commands, whose statements may take minutes.
const maxDirectConns = 4

// Config holds the settings of the database connections.
type Config struct {
	URL              string        // of the primary
	ReplicaURLs      []string      // of streaming replicas for reads
	ReplicaMaxLag    time.Duration // of a replica that serves reads; 0 for any
	DirectURL        string        // of the primary without a pooler, for migrations and jobs; "" for URL
	Pooler           Pooler        // between the server and its databases; "" is PoolerAuto
	MaxConns         int32         // in each pool; 0 is four for each processor
	StatementTimeout time.Duration // for each statement; 0 for none

	// ObserveRoundTrip receives each round trip to the databases when it is complete; nil for none.
	ObserveRoundTrip func(*observe.RoundTrip)

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
	// ChangeLog is the log that PublishChanges publishes to. Without one, no replica is used.
	ChangeLog ChangeLog
	// Logger logs when a replica is taken out of use; nil discards.
	Logger *slog.Logger

	tracer         pgx.QueryTracer // of the pool that is opened
	connectTimeout time.Duration   // of a connection; 0 is the URL's
}

// traced returns the configuration of the pool of a database, which reports its round trips.
func (c Config) traced(database string) Config {
	c.tracer = statementTracer{database: database, report: c.ObserveRoundTrip}
	return c
}

// Store runs statements on the primary. The reads of AtPosition and AtCurrentPosition run on replicas.
type Store struct {
	primary    *pool
	direct     *pool         // of the primary, without a pooler if DirectURL is set
	pingPool   *pool         // one connection, reserved for Ping and CheckWritable
	probing    chan struct{} // holds one while one of them runs
	identity   *identityWatch
	replicas   *replicaSet     // nil for none
	reads      *operationReads // nil for reads on the primary
	readCounts *readCounts

	limits          *writeLimits
	enrollGroups    *enrollGroups
	idempotencyKeys *keyedQueue[[32]byte] // one run of each key at a time
	responses       *storedTotal
	maxLockTime     time.Duration

	outerTx        *outerTx // the transaction that all writes are part of; nil for none
	publishChanges func(context.Context, []Change)
}

// Open connects to the database.
func Open(ctx context.Context, c Config) (*Store, error) {
	s := &Store{
		identity: newIdentityWatch(), readCounts: &readCounts{}, publishChanges: c.PublishChanges,
		idempotencyKeys: newKeyedQueue[[32]byte](1), maxLockTime: cmp.Or(c.MaxLockTime, defaultMaxLockTime),
		probing: make(chan struct{}, 1), enrollGroups: &enrollGroups{open: map[int64]*enrollGroup{}},
		responses: &storedTotal{limit: cmp.Or(c.MaxStoredBytes, DefaultMaxStoredBytes)},
	}
	c.Pooler = cmp.Or(c.Pooler, PoolerAuto)
	err := s.openPrimary(ctx, c)
	if err == nil {
		s.replicas, err = openReplicas(ctx, c, s)
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
	if s.primary, err = openPool(ctx, c.traced("primary"), c.URL, pooler, s.identity.acceptPrimary); err != nil {
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
	if s.direct, err = openPool(ctx, direct.traced("primary"), c.DirectURL, newPoolerState(PoolerAuto), s.identity.acceptDirect); err != nil {
		return fmt.Errorf("store: direct connection: %w", err)
	}
	s.identity.addPool(s.direct.conns)
	return nil
}

// Close closes the pools. It waits for statements in progress.
func (s *Store) Close() {
	if s.replicas != nil {
		s.replicas.close()
	}
	for _, p := range []*pool{s.primary, s.pingPool, s.direct} {
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

// OnPrimary returns the store without its replica: its reads see the last committed write.
func (s *Store) OnPrimary() *Store {
	primary := *s
	primary.reads = nil
	return &primary
}
