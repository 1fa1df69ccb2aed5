package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/edu"
)

// How long a write is tried again where others got in its way, counted from when
// it first lost: before, it may have waited its turn for seconds, and PostgreSQL
// takes one to notice a deadlock. Half of all conflicts are over within the first
// pause; a write that has not come through after the last would only add to the
// crowd.
const (
	retryBudget    = 3 * time.Second
	initialBackoff = 2 * time.Millisecond
	maxBackoff     = 200 * time.Millisecond
)

// OnPrimary returns the store without its replica: what it reads is as of the
// last committed write.
func (s *Store) OnPrimary() *Store {
	primary := *s
	primary.replica = nil
	return &primary
}

// WriteInTx runs do in a transaction and commits it if do returns no error. Where
// others wrote the same at the same time (SQLSTATE 40001, 40P01, or a slug that
// was just taken), or the connection was lost before the commit was sent, it
// is done again, with pauses, for up to 3 s; so do must do nothing but write. A
// commit whose answer was lost is never done again: the error says so.
func (s *Store) WriteInTx(ctx context.Context, do func(*Tx) error) error {
	if s.outerTx != nil {
		return convertError(s.outerTx.runSavepoint(ctx, do))
	}
	changes, err := s.writeWithRetry(ctx, do)
	if s.releaseSlots != nil {
		s.releaseSlots()
	}
	if errors.Is(err, errCommitUnknown) { // and then so is what it changed
		changes = []Change{{Tags: []string{edu.TagEverything.WithID(0).String()}}}
	}
	err = convertError(err)
	if s.publishChanges != nil && (len(changes) > 0 || observedCommits(err)) {
		s.publishChanges(ctx, changes)
	}
	return err
}

// observedCommits tells whether a write looked at what is there: it went through, or was refused
// for that, and not for trouble.
func observedCommits(err error) bool {
	if _, invalid := errors.AsType[edu.UserErrors](err); invalid || err == nil {
		return true
	}
	coded, ok := errors.AsType[*edu.Error](err)
	return ok && coded.Code != edu.Unavailable
}

func (s *Store) writeWithRetry(ctx context.Context, do func(*Tx) error) (changes []Change, err error) {
	release, err := acquireSlot(ctx, s.writeSlots)
	if err != nil {
		return nil, err
	}
	defer release()
	err = retryConflicts(ctx, func() error {
		conn, err := s.primary.Acquire(ctx)
		if err != nil {
			return err
		}
		defer conn.Release() // a connection within a transaction is closed by that
		tx := &Tx{conn: conn.Conn(), commands: transaction, collectChanges: s.publishChanges != nil}
		if err = tx.runAndFinish(ctx, do); err == nil {
			changes = tx.changes
		}
		return err
	})
	return changes, err
}

// RunAtomically runs do with a store all of whose reads and writes are of one
// transaction, committed if do returns no error and no read failed. It is done
// again as Write is. The store is not safe for concurrent use.
func (s *Store) RunAtomically(ctx context.Context, do func(*Store) error) error {
	var after []func()
	err := s.WriteInTx(ctx, func(tx *Tx) error {
		inner := s.OnPrimary()
		inner.outerTx = tx
		err := do(inner)
		if tx.failure != nil {
			return tx.failure
		}
		if err != nil {
			return err
		}
		after = tx.afterCommit
		return tx.Commit(ctx, tx.commitQueries...)
	})
	if err == nil || errors.Is(err, errCommitUnknown) {
		for _, announce := range after {
			s.AfterCommit(announce)
		}
	}
	return err
}

// AfterCommit runs what tells others of a write: at once, or where the store is
// of one transaction after that was committed, or may have been.
func (s *Store) AfterCommit(announce func()) {
	if s.outerTx != nil {
		s.outerTx.afterCommit = append(s.outerTx.afterCommit, announce)
		return
	}
	announce()
}

// retryConflicts runs once until it succeeds, fails for good or the budget is spent.
func retryConflicts(ctx context.Context, attempt func() error) error {
	var end time.Time
	for pause := initialBackoff; ; pause = min(2*pause, maxBackoff) {
		err := attempt()
		if !isTransient(err) {
			return err
		}
		if end.IsZero() {
			end = time.Now().Add(retryBudget)
		}
		wait := time.Duration((0.5 + rand.Float64()) * float64(pause))
		if time.Now().Add(wait).After(end) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(wait):
		}
	}
}

// errCommitUnknown is what a commit ends with whose answer was lost.
var errCommitUnknown = edu.Errorf(edu.Unavailable,
	"the connection to the database was lost while this was written: look whether it was, or send it with an Idempotency-Key, which may be repeated")

// isTransient tells whether the same may well succeed a moment later.
func isTransient(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch pg.Code {
		case "40001", "40P01": // serialization_failure, deadlock_detected
			return true
		case "23505": // unique_violation
			return pg.ConstraintName == "courses_slug_key"
		}
	}
	return err != nil && !errors.Is(err, errCommitUnknown) && isUnreachable(err)
}

// txCommands are the statements around a transaction, or around one within another.
type txCommands struct{ begin, commit, rollback string }

var (
	transaction = txCommands{"BEGIN", "COMMIT", "ROLLBACK"}
	savepoint   = txCommands{"SAVEPOINT write", "RELEASE SAVEPOINT write", "ROLLBACK TO SAVEPOINT write"}
)

// Tx is a transaction. It begins with its first statement, in the same round
// trip, and can be committed with its last. It is not safe for concurrent use.
type Tx struct {
	conn     *pgx.Conn
	commands txCommands
	begun    bool
	done     bool

	collectChanges bool // read the changes with the commit
	changes        []Change

	// What a store that is a part of this leaves here: why the whole cannot be
	// committed, what is sent with the commit, and what is run after it.
	failure       error
	commitQueries []Query
	afterCommit   []func()
}

// RunQueries sends queries in one round trip and reads all their rows.
func (t *Tx) RunQueries(ctx context.Context, queries ...Query) error {
	if !t.begun {
		t.begun = true
		queries = append([]Query{{sql: t.commands.begin}}, queries...)
	}
	if len(queries) == 0 {
		return nil
	}
	countStatements(ctx, len(queries))
	return sendQueries(ctx, t.conn, queries, nil)
}

// Commit sends the last queries together with the commit. Nothing may follow.
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
		return nil // as a server that is told to stop does right after the commit
	}
	var pg *pgconn.PgError
	// A savepoint is lost with its connection, for certain.
	if err != nil && t.commands == transaction && !errors.As(err, &pg) && isUnreachable(err) && !pgconn.SafeToRetry(err) {
		return fmt.Errorf("%w: %w", errCommitUnknown, err)
	}
	return err
}

// CopyRows writes rows into a table by COPY, and returns how many there were.
func (t *Tx) CopyRows(ctx context.Context, table string, columns []string, rows pgx.CopyFromSource) (int64, error) {
	if err := t.RunQueries(ctx); err != nil {
		return 0, err
	}
	countStatements(ctx, 1)
	return t.conn.CopyFrom(ctx, pgx.Identifier{table}, columns, rows)
}

// runAndFinish runs do and ends the transaction, whichever way.
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

// rollback rolls back, whether or not the caller is still there. A connection that
// cannot is closed, which does the same.
func (t *Tx) rollback(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if _, err := t.conn.Exec(ctx, t.commands.rollback); err != nil {
		_ = t.conn.Close(ctx)
	}
}

// runSavepoint runs do in a transaction within this one. Its failure is its own, unless
// the whole may well succeed a moment later.
func (t *Tx) runSavepoint(ctx context.Context, do func(*Tx) error) error {
	if err := t.runForStore(ctx); err != nil {
		return err
	}
	err := (&Tx{conn: t.conn, commands: savepoint}).runAndFinish(ctx, do)
	if isTransient(err) {
		t.failure = err
	}
	return err
}

// runForStore is Run for a store that is a part of this transaction. After a failure
// PostgreSQL takes no more statements: what comes then gets the same error.
func (t *Tx) runForStore(ctx context.Context, queries ...Query) error {
	if t.failure == nil {
		t.failure = t.RunQueries(ctx, queries...)
	}
	return t.failure
}

// querier is what statements are sent to: a pool, or one connection of it.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}

var _, _ querier = (*pgxpool.Pool)(nil), (*pgx.Conn)(nil)
