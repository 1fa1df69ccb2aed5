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
	retryBudget = 3 * time.Second
	firstPause  = 2 * time.Millisecond
	lastPause   = 200 * time.Millisecond
)

// OnPrimary returns the store without its replica: what it reads is as of the
// last committed write.
func (s *Store) OnPrimary() *Store {
	primary := *s
	primary.replica = nil
	return &primary
}

// Write runs do in a transaction and commits it if do returns no error. Where
// others wrote the same at the same time (SQLSTATE 40001, 40P01, or a slug that
// was just taken), or the connection was lost before the commit was sent, it
// is done again, with pauses, for up to 3 s; so do must do nothing but write. A
// commit whose answer was lost is never done again: the error says so.
func (s *Store) Write(ctx context.Context, do func(*Tx) error) error {
	if s.outer != nil {
		return convert(s.outer.within(ctx, do))
	}
	made, err := s.write(ctx, do)
	if s.leave != nil {
		s.leave()
	}
	if errors.Is(err, errUnknown) { // and then so is what it changed
		made = []Change{{Tags: []string{edu.TagEverything.Of(0).String()}}}
	}
	err = convert(err)
	if s.changed != nil && (len(made) > 0 || found(err)) {
		s.changed(ctx, made)
	}
	return err
}

// found tells whether a write looked at what is there: it went through, or was refused
// for that, and not for trouble.
func found(err error) bool {
	if _, refused := errors.AsType[edu.UserErrors](err); refused || err == nil {
		return true
	}
	refusal, ok := errors.AsType[*edu.Error](err)
	return ok && refusal.Code != edu.Unavailable
}

func (s *Store) write(ctx context.Context, do func(*Tx) error) (made []Change, err error) {
	leave, err := enter(ctx, s.writing)
	if err != nil {
		return nil, err
	}
	defer leave()
	err = retry(ctx, func() error {
		conn, err := s.primary.Acquire(ctx)
		if err != nil {
			return err
		}
		defer conn.Release() // a connection within a transaction is closed by that
		tx := &Tx{conn: conn.Conn(), words: transaction, told: s.changed != nil}
		if err = tx.finish(ctx, do); err == nil {
			made = tx.changes
		}
		return err
	})
	return made, err
}

// Atomically runs do with a store all of whose reads and writes are of one
// transaction, committed if do returns no error and no read failed. It is done
// again as Write is. The store is not safe for concurrent use.
func (s *Store) Atomically(ctx context.Context, do func(*Store) error) error {
	var after []func()
	err := s.Write(ctx, func(tx *Tx) error {
		within := s.OnPrimary()
		within.outer = tx
		err := do(within)
		if tx.failed != nil {
			return tx.failed
		}
		if err != nil {
			return err
		}
		after = tx.after
		return tx.Commit(ctx, tx.last...)
	})
	if err == nil || errors.Is(err, errUnknown) {
		for _, announce := range after {
			s.AfterCommit(announce)
		}
	}
	return err
}

// AfterCommit runs what tells others of a write: at once, or where the store is
// of one transaction after that was committed, or may have been.
func (s *Store) AfterCommit(announce func()) {
	if s.outer != nil {
		s.outer.after = append(s.outer.after, announce)
		return
	}
	announce()
}

// retry runs once until it succeeds, fails for good or the budget is spent.
func retry(ctx context.Context, once func() error) error {
	var end time.Time
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		err := once()
		if !passing(err) {
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

// errUnknown is what a commit ends with whose answer was lost.
var errUnknown = edu.Errorf(edu.Unavailable,
	"the connection to the database was lost while this was written: look whether it was, or send it with an Idempotency-Key, which may be repeated")

// passing tells whether the same may well succeed a moment later.
func passing(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch pg.Code {
		case "40001", "40P01": // serialization_failure, deadlock_detected
			return true
		case "23505": // unique_violation
			return pg.ConstraintName == "courses_slug_key"
		}
	}
	return err != nil && !errors.Is(err, errUnknown) && unreachable(err)
}

// words are the statements around a transaction, or around one within another.
type words struct{ begin, commit, rollback string }

var (
	transaction = words{"BEGIN", "COMMIT", "ROLLBACK"}
	savepoint   = words{"SAVEPOINT write", "RELEASE SAVEPOINT write", "ROLLBACK TO SAVEPOINT write"}
)

// Tx is a transaction. It begins with its first statement, in the same round
// trip, and can be committed with its last. It is not safe for concurrent use.
type Tx struct {
	conn  *pgx.Conn
	words words
	begun bool
	over  bool

	told    bool // read the changes with the commit
	changes []Change

	// What a store that is a part of this leaves here: why the whole cannot be
	// committed, what is sent with the commit, and what is run after it.
	failed error
	last   []Query
	after  []func()
}

// Run sends queries in one round trip and reads all their rows.
func (t *Tx) Run(ctx context.Context, queries ...Query) error {
	if !t.begun {
		t.begun = true
		queries = append([]Query{{sql: t.words.begin}}, queries...)
	}
	if len(queries) == 0 {
		return nil
	}
	count(ctx, len(queries))
	return run(ctx, t.conn, queries, nil)
}

// Commit sends the last queries together with the commit. Nothing may follow.
func (t *Tx) Commit(ctx context.Context, queries ...Query) error {
	t.over = true
	if !t.begun && len(queries) == 0 {
		return nil
	}
	if t.told {
		queries = append(queries, ownChanges(&t.changes))
	}
	err := t.Run(ctx, append(queries, Query{sql: t.words.commit})...)
	if t.words == transaction && errors.Is(err, errAnswered) {
		return nil // as a server that is told to stop does right after the commit
	}
	var pg *pgconn.PgError
	// A savepoint is lost with its connection, for certain.
	if err != nil && t.words == transaction && !errors.As(err, &pg) && unreachable(err) && !pgconn.SafeToRetry(err) {
		return fmt.Errorf("%w: %w", errUnknown, err)
	}
	return err
}

// Copy writes rows into a table by COPY, and returns how many there were.
func (t *Tx) Copy(ctx context.Context, table string, columns []string, rows pgx.CopyFromSource) (int64, error) {
	if err := t.Run(ctx); err != nil {
		return 0, err
	}
	count(ctx, 1)
	return t.conn.CopyFrom(ctx, pgx.Identifier{table}, columns, rows)
}

// finish runs do and ends the transaction, whichever way.
func (t *Tx) finish(ctx context.Context, do func(*Tx) error) error {
	err := do(t)
	if err == nil && !t.over {
		err = t.Commit(ctx)
	}
	if err != nil && t.begun {
		t.undo(ctx)
	}
	return err
}

// undo rolls back, whether or not the caller is still there. A connection that
// cannot is closed, which does the same.
func (t *Tx) undo(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if _, err := t.conn.Exec(ctx, t.words.rollback); err != nil {
		_ = t.conn.Close(ctx)
	}
}

// within runs do in a transaction within this one. Its failure is its own, unless
// the whole may well succeed a moment later.
func (t *Tx) within(ctx context.Context, do func(*Tx) error) error {
	if err := t.read(ctx); err != nil {
		return err
	}
	err := (&Tx{conn: t.conn, words: savepoint}).finish(ctx, do)
	if passing(err) {
		t.failed = err
	}
	return err
}

// read is Run for a store that is a part of this transaction. After a failure
// PostgreSQL takes no more statements: what comes then gets the same error.
func (t *Tx) read(ctx context.Context, queries ...Query) error {
	if t.failed == nil {
		t.failed = t.Run(ctx, queries...)
	}
	return t.failed
}

// querier is what statements are sent to: a pool, or one connection of it.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}

var _, _ querier = (*pgxpool.Pool)(nil), (*pgx.Conn)(nil)
