package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Pooler says whether a pooler such as PgBouncer is between the server and the primary or a replica. A pooler in
// transaction mode may run each transaction of a connection on another connection to the database. So settings travel
// with each transaction, and statements are parsed each time.
type Pooler string

// The values of Pooler. PoolerAuto detects a pooler by its connections.
const (
	PoolerAuto        Pooler = "auto"
	PoolerNone        Pooler = "none"
	PoolerTransaction Pooler = "transaction"
	// PoolerPrepared is a pooler that has prepared statements in transaction mode.
	PoolerPrepared Pooler = "prepared"
)

var (
	// errPoolerDetected is the error of the first connection through a pooler. The next one is right.
	errPoolerDetected = errors.New("store: the database is behind a pooler: connect again")
	// errDirectPooler is the error of a DirectURL that does not lead to the database itself.
	errDirectPooler = errors.New("store: DIRECT_DATABASE_URL leads to a pooler: name the database itself")
	// errNeedsDirect is the error of work that a pooler cannot do.
	errNeedsDirect = errors.New("store: DATABASE_URL leads to a pooler, which has no sessions: set DIRECT_DATABASE_URL to the database itself")
)

// protocolViolation is the code with which PgBouncer reports its own errors: a startup parameter that it does not
// forward, a database that it cannot reach or that broke down, or a wait for a connection that took too long.
const protocolViolation = "08P01"

// madeDirect is a parameter that only connections to the database itself begin with.
const madeDirect = "plan_cache_mode"

// setting is a parameter of PostgreSQL with its value.
type setting struct{ name, value string }

// poolerState is what the server knows of the pooler of one database. It never forgets a pooler, because a connection
// that is prepared for one also works without.
type poolerState struct {
	kind     Pooler
	detected atomic.Bool
}

func newPoolerState(kind Pooler) *poolerState {
	p := &poolerState{kind: kind}
	p.detected.Store(kind == PoolerTransaction || kind == PoolerPrepared)
	return p
}

// isPooled reports whether settings must travel with each transaction.
func (p *poolerState) isPooled() bool { return p.detected.Load() }

// configureConn prepares a new connection: for a pooler without parameters of its start, except the name that all
// poolers forward, and without prepared statements unless the pooler has them. Descriptions of statements are cached,
// so that arguments have the types of their parameters as in prepared statements.
func (p *poolerState) configureConn(c *pgx.ConnConfig, settings []setting) {
	c.RuntimeParams["application_name"] = "7p"
	if p.isPooled() {
		if p.kind != PoolerPrepared {
			c.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
		}
		return
	}
	for _, s := range settings {
		c.RuntimeParams[s.name] = s.value
	}
	handle := c.OnPgError
	c.OnPgError = func(conn *pgconn.PgConn, err *pgconn.PgError) bool {
		// PostgreSQL itself accepts these parameters, so only a pooler rejects them.
		if err.Code == protocolViolation && p.kind == PoolerAuto {
			p.detected.Store(true)
		}
		return handle(conn, err)
	}
}

// checkConn returns an error if a connection that was made for the database itself leads to a pooler that ignores
// parameters. A pooler has a process number of its own.
func (p *poolerState) checkConn(conn *pgx.Conn, state serverState) error {
	if p.kind != PoolerAuto || state.process == conn.PgConn().PID() || conn.Config().RuntimeParams[madeDirect] == "" {
		return nil
	}
	p.detected.Store(true)
	return errPoolerDetected
}

// serverState is the process that serves a statement, and the start and the identity of its server.
type serverState struct {
	process uint32
	started string
	Identity
}

// serverStart is the SQL of the time at which the server started, which no two servers share.
const serverStart = "extract(epoch FROM pg_postmaster_start_time())::text"

// inspectServer reads the state of a connection's server in one round trip. The identity is the zero Identity if the
// database does not report it: a migration is pending, a restore is in progress, or the role lacks a privilege. The
// connection can be used nevertheless; polls return the reason.
func inspectServer(ctx context.Context, conn *pgx.Conn) (s serverState, err error) {
	results, err := conn.PgConn().Exec(ctx, "-- name: IdentifyDatabase\nSELECT pg_backend_pid(), "+serverStart+"; SELECT origin, history FROM identify_database()").ReadAll()
	if len(results) > 0 && len(results[0].Rows) == 1 {
		process, _ := strconv.ParseUint(string(results[0].Rows[0][0]), 10, 32) // an integer of PostgreSQL
		s.process, s.started = uint32(process), string(results[0].Rows[0][1])
	}
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Severity == "ERROR" && s.started != "" {
		return s, nil
	}
	if err != nil {
		return s, fmt.Errorf("store: identify the database: %w", err)
	}
	if len(results[1].Rows) == 1 {
		s.Origin, s.History = string(results[1].Rows[0][0]), string(results[1].Rows[0][1])
	}
	return s, nil
}

// settingsSQL returns the statement that sets the settings of a pool until the end of a transaction, and the one that
// also reads whether a pooler has led to another server than the one that started at $1. The identity of a server is
// read only if it is another one.
func settingsSQL(settings []setting) (plain, identified string) {
	var list strings.Builder
	for _, s := range settings {
		fmt.Fprintf(&list, ", set_config('%s', '%s', true)", s.name, s.value)
	}
	plain = "-- name: TransactionSettings\nSELECT " + list.String()[2:]
	identified = "-- name: TransactionSettings\nSELECT " + serverStart + ", CASE WHEN " + serverStart +
		" = $1 THEN NULL ELSE (SELECT ARRAY[origin, history] FROM identify_database()) END" + list.String()
	return plain, identified
}

// transactionSettings returns the statement that begins each transaction through a pooler.
func (p *pool) transactionSettings() Query {
	state := p.state.Load()
	if !state.IsKnown() {
		return Query{sql: p.plainSettings, scan: func(pgx.Rows) error { return nil }}
	}
	return Query{sql: p.identifiedSettings, args: []any{state.started}, scan: func(rows pgx.Rows) error {
		var found serverState
		var identity []string
		// The results of set_config are not read.
		if err := rows.Scan(append([]any{&found.started, &identity}, make([]any, len(p.settings))...)...); err != nil || identity == nil {
			return err
		}
		found.Identity = Identity{Origin: identity[0], History: identity[1]}
		p.state.Store(&found)
		return p.accept(found.Identity)
	}}
}
