package store

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/edu"
)

// outerTx is the transaction of a store whose writes are committed together. It begins with the
// first write: until then, and while that write waits for its row, it occupies no connection. It is
// not safe for concurrent use.
//
// The rows of a write stay locked until the end of the transaction. So maxLockTime after the first
// write it is rolled back, even while the process waits or encodes.
type outerTx struct {
	store       *Store
	preamble    []Query       // sent with the first statement of the transaction
	maxLockTime time.Duration // 0 for no limit

	tx      *Tx // nil until the first write
	conn    *pgxpool.Conn
	release func()

	lockTimer *time.Timer // runs from the end of the first write on
	expired   atomic.Bool // set by lockTimer

	failure     error    // prevents the commit; later statements return it
	afterCommit []func() // run after the commit
}

// begin acquires a connection for the transaction, unless it has one.
func (o *outerTx) begin(ctx context.Context, row rowKey) (err error) {
	if o.tx != nil {
		return nil
	}
	l := o.store.limits
	if o.release, err = l.acquire(ctx, row, l.idempotent, l.writes); err != nil {
		return err
	}
	if o.conn, err = o.store.primary.conns.Acquire(ctx); err != nil {
		return err
	}
	o.tx = &Tx{
		conn: o.conn.Conn(), commands: transaction, settings: o.store.primary.beginQueries(), preamble: o.preamble,
		collectChanges: o.store.publishChanges != nil,
	}
	return nil
}

// runQueries runs reads, on their own before the first write. After a failure PostgreSQL accepts no
// more statements, so later calls return the same error.
func (o *outerTx) runQueries(ctx context.Context, queries ...Query) error {
	if o.failure != nil {
		return o.failure
	}
	if o.tx == nil {
		countStatements(ctx, len(queries))
		o.failure = sendQueries(ctx, o.store.primary, queries, nil, readMeterFromContext(ctx))
	} else if err := o.tx.sendQueries(ctx, readMeterFromContext(ctx), queries); err != nil {
		o.failure = err
		if o.expired.Load() {
			o.failure = errLockedTooLong(o.maxLockTime)
		}
	}
	return o.failure
}

// runWrite runs do in a savepoint of the transaction. A failure rolls back to the savepoint only,
// unless a retry of the whole transaction may succeed. Only the first write waits in the queue of
// its row: the others hold locks meanwhile, which maxLockTime bounds.
func (o *outerTx) runWrite(ctx context.Context, row rowKey, do func(*Tx) error) error {
	if o.failure != nil {
		return o.failure
	}
	if err := o.begin(ctx, row); err != nil {
		o.failure = err
		return err
	}
	err := (&Tx{conn: o.tx.conn, commands: savepoint, parent: o.tx}).runAndFinish(ctx, do)
	switch {
	case err == nil:
		o.startLockTimer()
	case o.expired.Load(): // it probably waited for another row: the next attempt may not have to
		o.failure = &retryableError{errLockedTooLong(o.maxLockTime)}
		return o.failure
	case isTransient(err) || o.tx.conn.IsClosed() || isAlreadyStored(err):
		o.failure = err
	}
	return err
}

// startLockTimer starts the timer that closes the connection, unless it is running. PostgreSQL then
// rolls back, even if this process is encoding a response or reading at that moment.
func (o *outerTx) startLockTimer() {
	if o.maxLockTime == 0 || o.lockTimer != nil {
		return
	}
	socket := o.tx.conn.PgConn().Conn()
	o.lockTimer = time.AfterFunc(o.maxLockTime, func() {
		o.expired.Store(true)
		_ = socket.Close()
	})
}

// end commits the transaction together with some queries if err is nil, and rolls it back otherwise.
// It releases the connection and returns the changes of the transaction.
func (o *outerTx) end(ctx context.Context, err error, queries ...Query) ([]Change, error) {
	defer o.close()
	if o.lockTimer != nil && !o.lockTimer.Stop() && o.failure == nil {
		o.failure = errLockedTooLong(o.maxLockTime)
	}
	if o.failure != nil {
		err = o.failure
	}
	if err == nil {
		err = o.commit(ctx, queries)
	}
	if o.tx == nil {
		return nil, err
	}
	if err != nil && o.tx.begun {
		o.tx.rollback(ctx)
	}
	return o.tx.changes, err
}

func (o *outerTx) commit(ctx context.Context, queries []Query) error {
	if err := o.begin(ctx, rowKey{}); err != nil {
		return err
	}
	if !o.tx.begun { // no write: the preamble decides whether there is anything to commit
		if err := o.tx.RunQueries(ctx); err != nil {
			return err
		}
	}
	return o.tx.Commit(ctx, queries...)
}

// close releases the connection and the slots.
func (o *outerTx) close() {
	if o.conn != nil {
		o.conn.Release()
	}
	if o.release != nil {
		o.release()
	}
}

// errLockedTooLong reports that a transaction was rolled back after maxLockTime.
func errLockedTooLong(limit time.Duration) error {
	return edu.Errorf(edu.Unavailable, "with an Idempotency-Key, all that follows the first write may take %s: nothing was written; try again, select less, or send the fields one by one", limit)
}
