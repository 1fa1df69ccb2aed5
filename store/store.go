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

// Config holds the settings of the database connections.
type Config struct {
	URL              string        // of the primary
	ReplicaURLs      []string      // of streaming replicas for reads
	ReplicaMaxLag    time.Duration // of a replica that serves reads; 0 for any
	MaxConns         int32         // in each pool; 0 lets pgx choose
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
	primary    *pgxpool.Pool
	pingPool   *pgxpool.Pool // one connection, reserved for Ping
	identity   *identityWatch
	replicas   *replicaSet     // nil for none
	reads      *operationReads // nil for reads on the primary
	readCounts *readCounts

	limits          *writeLimits
	idempotencyKeys *keyedQueue[[32]byte] // one run of each key at a time
	responses       *storedTotal
	maxLockTime     time.Duration

	outerTx        *outerTx // the transaction that all writes are part of; nil for none
	publishChanges func(context.Context, []Change)
}

// Open connects to the database.
func Open(ctx context.Context, c Config) (*Store, error) {
	identity := newIdentityWatch()
	primary, err := openPool(ctx, c.traced("primary"), c.URL, identity.verifyPrimary)
	if err != nil {
		return nil, fmt.Errorf("store: primary: %w", err)
	}
	identity.addPool(primary)
	if err := primary.Ping(ctx); err != nil {
		primary.Close()
		return nil, fmt.Errorf("store: primary: %w", err)
	}
	s := &Store{
		primary: primary, identity: identity, readCounts: &readCounts{}, publishChanges: c.PublishChanges, limits: newWriteLimits(primary.Config().MaxConns),
		idempotencyKeys: newKeyedQueue[[32]byte](1), maxLockTime: cmp.Or(c.MaxLockTime, defaultMaxLockTime),
		responses: &storedTotal{limit: cmp.Or(c.MaxStoredBytes, DefaultMaxStoredBytes)},
	}
	probeConfig := c
	probeConfig.MaxConns = 1
	if s.pingPool, err = openPool(ctx, probeConfig, c.URL, nil); err != nil {
		primary.Close()
		return nil, fmt.Errorf("store: primary: %w", err)
	}
	if s.replicas, err = openReplicas(ctx, c, s); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// openPool opens a pool whose connections plan each statement once. With custom plans, PostgreSQL
// plans every execution again, which for these short statements costs as much as running them. JIT
// compilation never pays off here. The trigram threshold is the one of search suggestions. A new
// connection is used only if verify, unless it is nil, returns no error.
func openPool(ctx context.Context, c Config, url string, verify func(context.Context, *pgx.Conn) error) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	if c.MaxConns > 0 {
		config.MaxConns = c.MaxConns
	}
	if c.connectTimeout > 0 {
		config.ConnConfig.ConnectTimeout = c.connectTimeout
	}
	set := config.ConnConfig.RuntimeParams
	set["application_name"] = "7p"
	set["plan_cache_mode"] = "force_generic_plan"
	set["jit"] = "off"
	set["timezone"] = "UTC"
	set["pg_trgm.word_similarity_threshold"] = "0.4"
	set["lock_timeout"] = fmt.Sprint(lockTimeout.Milliseconds())
	if c.StatementTimeout > 0 {
		set["statement_timeout"] = fmt.Sprint(c.StatementTimeout.Milliseconds())
	}
	config.AfterConnect = verify
	if c.tracer != nil {
		config.ConnConfig.Tracer = c.tracer
	}
	return pgxpool.NewWithConfig(ctx, config)
}

// Close closes the pools. It waits for statements in progress.
func (s *Store) Close() {
	if s.replicas != nil {
		s.replicas.close()
	}
	s.primary.Close()
	s.pingPool.Close()
}

// Ping checks that the primary responds.
func (s *Store) Ping(ctx context.Context) error { return s.pingPool.Ping(ctx) }

// PrimaryPool returns the pool of the primary, for migrations and bulk loads.
func (s *Store) PrimaryPool() *pgxpool.Pool { return s.primary }

// OnPrimary returns the store with reads on the primary, which see the last committed write.
func (s *Store) OnPrimary() *Store {
	primary := *s
	primary.reads = nil
	return &primary
}
