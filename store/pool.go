package store

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// connsPerProcessor is the number of connections of a pool for each processor, unless Config.MaxConns is set.
const connsPerProcessor = 4

// pool has connections to one database. Through a pooler its methods send the settings with each transaction.
type pool struct {
	conns    *pgxpool.Pool
	pooler   *poolerState
	settings []setting
	timeout  time.Duration               // of each statement; 0 for none
	state    atomic.Pointer[serverState] // of the server that was reached last
	// The statements of transactionSettings.
	plainSettings, identifiedSettings string
	// accept returns an error if a connection reached the wrong database; nil accepts all.
	accept func(Identity) error
}

// openPool opens a pool whose connections plan each statement once. With custom plans, PostgreSQL
// plans every execution again, which for these short statements costs as much as running them. JIT
// compilation never pays off here. The trigram threshold is the one of search suggestions. A new
// connection is used only if accept, unless it is nil, accepts its database.
func openPool(ctx context.Context, c Config, url string, pooler *poolerState, accept func(Identity) error) (*pool, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	switch {
	case c.MaxConns > 0:
		config.MaxConns = c.MaxConns
	case !strings.Contains(url, "pool_max_conns"):
		config.MaxConns = int32(connsPerProcessor * runtime.GOMAXPROCS(0)) // which the quota of a container limits
	}
	p := &pool{pooler: pooler, accept: accept, timeout: c.StatementTimeout, settings: []setting{
		{"plan_cache_mode", "force_generic_plan"},
		{"jit", "off"},
		{"timezone", "UTC"},
		{"pg_trgm.word_similarity_threshold", "0.4"},
		{"lock_timeout", fmt.Sprint(lockTimeout.Milliseconds())},
	}}
	if c.StatementTimeout > 0 {
		p.settings = append(p.settings, setting{"statement_timeout", fmt.Sprint(c.StatementTimeout.Milliseconds())})
	}
	p.plainSettings, p.identifiedSettings = settingsSQL(p.settings)
	p.state.Store(&serverState{})
	config.BeforeConnect = func(_ context.Context, c *pgx.ConnConfig) error {
		pooler.configureConn(c, p.settings)
		return nil
	}
	config.AfterConnect = p.verifyConn
	if c.connectTimeout > 0 {
		config.ConnConfig.ConnectTimeout = c.connectTimeout
	}
	if c.tracer != nil {
		config.ConnConfig.Tracer = c.tracer
	}
	p.conns, err = pgxpool.NewWithConfig(ctx, config)
	return p, err
}

// verifyConn checks a new connection and its database.
func (p *pool) verifyConn(ctx context.Context, conn *pgx.Conn) error {
	if p.accept == nil {
		return nil
	}
	state, err := inspectServer(ctx, conn)
	if err == nil {
		err = p.pooler.checkConn(conn, state)
	}
	if err == nil {
		p.state.Store(&state)
		err = p.accept(state.Identity)
	}
	return err
}

// connect makes a first connection. Where there is a pooler, the first one may only detect it.
func (p *pool) connect(ctx context.Context) error {
	pooled := p.pooler.isPooled()
	err := p.conns.Ping(ctx)
	if err != nil && p.pooler.isPooled() != pooled {
		err = p.conns.Ping(ctx)
	}
	return err
}

// Query runs a statement.
func (p *pool) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	if !p.pooler.isPooled() {
		return p.conns.Query(ctx, sql, args...)
	}
	var batch pgx.Batch
	batch.Queue(sql, args...)
	results := p.SendBatch(ctx, &batch)
	rows, err := results.Query()
	if err != nil {
		_ = results.Close()
		return nil, err
	}
	return &batchRows{Rows: rows, results: results}, nil
}

// Exec runs a statement and discards its rows.
func (p *pool) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	rows, err := p.Query(ctx, sql, args...)
	if err != nil {
		return pgconn.CommandTag{}, err
	}
	rows.Close()
	return rows.CommandTag(), rows.Err()
}

// SendBatch runs statements in one round trip, in one implicit transaction.
func (p *pool) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	if !p.pooler.isPooled() {
		return p.conns.SendBatch(ctx, b)
	}
	settings := p.transactionSettings()
	var batch pgx.Batch
	batch.Queue(settings.sql, settings.args...)
	batch.QueuedQueries = append(batch.QueuedQueries, b.QueuedQueries...)
	conn, err := p.conns.Acquire(ctx)
	if err != nil {
		return pgx.FailedBatchResults(b, err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	if p.timeout > 0 {
		// New statements are described before the settings hold, and may wait for a lock.
		timer := time.AfterFunc(p.timeout, func() { cancel(context.DeadlineExceeded) })
		defer timer.Stop()
	}
	results := &pooledBatch{BatchResults: conn.SendBatch(ctx, &batch), conn: conn, cancel: cancel}
	rows, err := results.Query()
	if err == nil {
		err = scanRows(rows, settings, nil, &rowCounter{})
	}
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		_ = results.Close()
		return pgx.FailedBatchResults(b, err)
	}
	return results
}

// pooledBatch are the results of a batch that releases its connection at the end.
type pooledBatch struct {
	pgx.BatchResults
	conn   *pgxpool.Conn
	cancel context.CancelCauseFunc
}

// Close closes the results and releases the connection.
func (b *pooledBatch) Close() error {
	err := b.BatchResults.Close()
	if b.conn != nil {
		b.conn.Release()
		b.conn = nil
	}
	b.cancel(nil)
	return err
}

// Begin begins a transaction.
func (p *pool) Begin(ctx context.Context) (pgx.Tx, error) {
	tx, err := p.conns.Begin(ctx)
	if err != nil || !p.pooler.isPooled() {
		return tx, err
	}
	if err := sendQueries(ctx, tx, p.beginQueries(), nil, nil); err != nil {
		_ = tx.Rollback(context.WithoutCancel(ctx))
		return nil, err
	}
	return tx, nil
}

// beginQueries returns the statements that follow the begin of a transaction.
func (p *pool) beginQueries() []Query {
	if !p.pooler.isPooled() {
		return nil
	}
	return []Query{p.transactionSettings()}
}

// batchRows are the rows of a batch's last statement. They close the batch.
type batchRows struct {
	pgx.Rows
	results pgx.BatchResults
	err     error
}

// Next reads the next row, and closes the batch after the last one.
func (r *batchRows) Next() bool {
	if r.Rows.Next() {
		return true
	}
	r.Close()
	return false
}

// Close closes the rows and the batch.
func (r *batchRows) Close() {
	r.Rows.Close()
	if err := r.results.Close(); r.err == nil {
		r.err = err
	}
}

// Err returns the error of the rows, or of the end of their transaction.
func (r *batchRows) Err() error {
	if err := r.Rows.Err(); err != nil {
		return err
	}
	return r.err
}
