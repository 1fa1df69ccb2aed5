package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// txCommands are the statements that begin and end a transaction, or a savepoint within one.
type txCommands struct{ begin, commit, rollback string }

var (
	transaction = txCommands{"BEGIN", "COMMIT", "ROLLBACK"}
	savepoint   = txCommands{"SAVEPOINT write", "RELEASE SAVEPOINT write", "ROLLBACK TO SAVEPOINT write"}
)

// Tx is a transaction. It begins in the round trip of its first statement, and may be committed in
// that of its last. It is not safe for concurrent use.
type Tx struct {
	conn     *pgx.Conn
	commands txCommands
	parent   *Tx     // the transaction of a savepoint, which begins in the same round trip
	settings []Query // sent right after the begin, through a pooler
	preamble []Query // sent after these
	begun    bool
	done     bool

	collectChanges bool // whether to read the changes in the round trip of the commit
	changes        []Change
}

// RunQueries sends queries in one round trip and reads all their rows. A ReadMeter does not count them:
// the input of a write limits its rows, and no limit may end a read that travels with the commit.
func (t *Tx) RunQueries(ctx context.Context, queries ...Query) error {
	return t.sendQueries(ctx, nil, queries)
}

func (t *Tx) sendQueries(ctx context.Context, meter ReadMeter, queries []Query) error {
	settings := t.pendingSettings()
	queries = append(t.beginQueries(), queries...)
	if len(queries) == 0 {
		return nil
	}
	countStatements(ctx, len(queries)-settings)
	return sendQueries(ctx, t.conn, queries, nil, meter)
}

// beginQueries returns the statements that begin the transaction, none if it has begun.
func (t *Tx) beginQueries() []Query {
	if t.begun {
		return nil
	}
	t.begun = true
	var queries []Query
	if t.parent != nil {
		queries = t.parent.beginQueries()
	}
	return slices.Concat(queries, []Query{{sql: t.commands.begin}}, t.settings, t.preamble)
}

// pendingSettings returns the number of statements that the begin will add for a pooler.
func (t *Tx) pendingSettings() int {
	switch {
	case t.parent != nil:
		return t.parent.pendingSettings()
	case t.begun:
		return 0
	default:
		return len(t.settings)
	}
}

// Commit sends the last queries together with the commit. No queries may follow.
func (t *Tx) Commit(ctx context.Context, queries ...Query) error {
	t.done = true
	if !t.begun && len(queries) == 0 {
		return nil
	}
	if t.collectChanges {
		queries = append(queries, transactionChanges(&t.changes))
	}
	err := t.RunQueries(ctx, append(queries, Query{sql: t.commands.commit})...)
	if t.commands == transaction && errors.Is(err, errLostAfterResults) {
		return nil // a server that is shutting down closes connections right after a commit
	}
	pg, reported := errors.AsType[*pgconn.PgError](err)
	reported = reported && pg.Code != protocolViolation // PgBouncer reports so that the database broke down
	// A savepoint is certainly lost with its connection.
	if err != nil && t.commands == transaction && !reported && isUnreachable(err) && !pgconn.SafeToRetry(err) {
		return fmt.Errorf("%w: %w", errCommitUnknown, err)
	}
	return err
}

// CopyRows copies rows into a table, and returns their number.
func (t *Tx) CopyRows(ctx context.Context, table string, columns []string, rows pgx.CopyFromSource) (int64, error) {
	if err := t.RunQueries(ctx); err != nil {
		return 0, err
	}
	countStatements(ctx, 1)
	return t.conn.CopyFrom(ctx, pgx.Identifier{table}, columns, rows)
}

// runAndFinish runs do and commits the transaction or rolls it back.
func (t *Tx) runAndFinish(ctx context.Context, do func(*Tx) error) error {
	err := do(t)
	if err == nil && !t.done {
		err = t.Commit(ctx)
	}
	if err != nil && t.begun {
		t.rollback(ctx)
	}
	return err
}

// rollback rolls back, even if the context of the caller is cancelled. If that fails, it closes the
// connection, which has the same effect.
func (t *Tx) rollback(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if _, err := t.conn.Exec(ctx, t.commands.rollback); err != nil {
		_ = t.conn.Close(ctx)
	}
}
