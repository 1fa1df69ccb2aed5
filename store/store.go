// Package store is the database: all SQL is here. A method is a function of its
// arguments; it must never know of GraphQL, HTTP or Redis.
//
// A read is a value, a Query: a statement and where its rows go. Run sends one,
// or several in one round trip.
package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/edu"
)

// Config says how to reach the database.
type Config struct {
	URL              string        // of the primary
	ReplicaURL       string        // of a streaming replica that serves reads; "" is none
	MaxConns         int32         // in each pool; 0 lets pgx choose
	StatementTimeout time.Duration // of one statement; 0 is none

	// PublishChanges is told what a write changed, after its commit and before the write
	// returns; nil is nobody. A write that changed nothing tells just that: what it found
	// another may have committed, and not told of yet. Where the answer to a
	// commit was lost, and of what was not written by Write, only ChangesSince tells.
	PublishChanges func(context.Context, []Change)
}

// Store runs statements against the primary, and reads against a replica where
// there is one.
type Store struct {
	primary, replica *pgxpool.Pool
	pingPool         *pgxpool.Pool // one connection that Ping need not wait for
	// Who writes, who runs Once, and who does so slowly: see turns.
	writeSlots, idempotentSlots, hashingSlots chan struct{}
	outerTx                                   *Tx // that everything is a part of; nil for none
	publishChanges                            func(context.Context, []Change)
	releaseSlots                              func() // once the transaction is over, before it is told of; nil for nothing
}

// Open connects to the database, or says why it cannot.
func Open(ctx context.Context, c Config) (*Store, error) {
	primary, err := openPool(ctx, c, c.URL)
	if err != nil {
		return nil, fmt.Errorf("store: primary: %w", err)
	}
	if err := primary.Ping(ctx); err != nil {
		primary.Close()
		return nil, fmt.Errorf("store: primary: %w", err)
	}
	s := &Store{primary: primary, publishChanges: c.PublishChanges}
	s.writeSlots, s.idempotentSlots, s.hashingSlots = newWriteLimits(primary.Config().MaxConns)
	probeConfig := c
	probeConfig.MaxConns = 1
	if s.pingPool, err = openPool(ctx, probeConfig, c.URL); err != nil {
		primary.Close()
		return nil, fmt.Errorf("store: primary: %w", err)
	}
	// A replica may be away for now: reads pass it over.
	if c.ReplicaURL != "" {
		if s.replica, err = openPool(ctx, c, c.ReplicaURL); err != nil {
			primary.Close()
			return nil, fmt.Errorf("store: replica: %w", err)
		}
	}
	return s, nil
}

// openPool opens a pool whose connections plan each statement once: with custom
// plans, PostgreSQL plans anew at every execution, which for these short
// statements costs as much as running them. JIT compilation never pays here.
// The trigram thresholds are what search's corrections and suggestions expect.
func openPool(ctx context.Context, c Config, url string) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	if c.MaxConns > 0 {
		config.MaxConns = c.MaxConns
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
	return pgxpool.NewWithConfig(ctx, config)
}

// Close closes the pools, waiting for statements under way.
func (s *Store) Close() {
	s.primary.Close()
	s.pingPool.Close()
	if s.replica != nil {
		s.replica.Close()
	}
}

// Ping tells whether the primary answers.
func (s *Store) Ping(ctx context.Context) error { return s.pingPool.Ping(ctx) }

// PrimaryPool returns the pool of the primary, for migrations and loads.
func (s *Store) PrimaryPool() *pgxpool.Pool { return s.primary }

// ReplicaPool returns the pool of the replica, nil where there is none.
func (s *Store) ReplicaPool() *pgxpool.Pool { return s.replica }

// Query is one statement and what becomes of its rows. It does nothing until
// Run sends it.
type Query struct {
	sql  string
	args []any
	scan func(pgx.Rows) error // reads the current row; nil where there are none to read

	// What the answer depends on: always, for each row, where there is none, and
	// what the rows told when they were read.
	tags        []tagDependency
	rowTag      rowTag
	notFoundTag edu.TagKind
	scannedTags *[]edu.Tag
}

// RunQueries sends the queries in one round trip, in one implicit transaction, and
// reads all their rows. A replica that cannot be reached is passed over. Under
// WithTags, what they depend on is collected: before they are sent, but for what
// only their rows tell.
func (s *Store) RunQueries(ctx context.Context, queries ...Query) error {
	if len(queries) == 0 {
		return nil
	}
	tags := tagsFromContext(ctx)
	if s.outerTx != nil {
		if tags != nil {
			tags.MarkIncomplete()
		}
		return convertError(s.outerTx.runForStore(ctx, queries...))
	}
	if tags != nil {
		for i := range queries {
			queries[i].collectTags(tags)
		}
	}
	countStatements(ctx, len(queries))
	if s.replica != nil {
		err := sendQueries(ctx, s.replica, queries, tags)
		if !isUnreachable(err) || ctx.Err() != nil {
			return convertError(err)
		}
	}
	return convertError(sendQueries(ctx, s.primary, queries, tags))
}

// sendQueries collects the tags of rows in tags, unless it is nil.
func sendQueries(ctx context.Context, db querier, queries []Query, tags *edu.Tags) error {
	// Only a batch tells an answer from what comes after it: see errLostAfterResults.
	if len(queries) == 1 && queries[0].scan != nil {
		rows, err := db.Query(ctx, queries[0].sql, queries[0].args...)
		if err != nil {
			return err
		}
		return scanRows(rows, queries[0], tags)
	}
	var batch pgx.Batch
	for _, q := range queries {
		batch.Queue(q.sql, q.args...)
	}
	results := db.SendBatch(ctx, &batch)
	for _, q := range queries {
		rows, err := results.Query()
		if err == nil {
			err = scanRows(rows, q, tags)
		}
		if err != nil {
			_ = results.Close()
			return err
		}
	}
	if err := results.Close(); err != nil {
		return fmt.Errorf("%w: %w", errLostAfterResults, err)
	}
	return nil
}

// errLostAfterResults is what a connection was lost with after all statements that were sent
// had been answered.
var errLostAfterResults = errors.New("store: the connection was lost after its answers")

func scanRows(rows pgx.Rows, q Query, tags *edu.Tags) error {
	defer rows.Close()
	found := false
	for rows.Next() {
		if err := q.scan(rows); err != nil {
			return err
		}
		found = true
		if tags != nil && q.rowTag.id != nil {
			tags.Collect(q.rowTag.kind.WithID(*q.rowTag.id))
		}
	}
	if tags != nil && !found && q.notFoundTag != 0 {
		tags.Collect(q.notFoundTag.WithID(0))
	}
	if tags != nil && q.scannedTags != nil {
		tags.Collect(*q.scannedTags...)
	}
	return rows.Err()
}

// isUnreachable tells whether the server could not be asked, or went away before it
// had answered. Reads may then be asked of another.
func isUnreachable(err error) bool {
	var connect *pgconn.ConnectError
	var network net.Error
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == "57P01" || pg.Code == "57P02" || pg.Code == "57P03" // shutting down, crashed, starting up
	}
	return errors.As(err, &connect) || errors.As(err, &network) || pgconn.SafeToRetry(err) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed)
}
