package store

import (
	"context"
	"errors"

	"github.com/7p-education/api/edu"
)

// WriteInTx runs do in a transaction and commits it if do returns no error. The transaction is
// retried, with backoff and for up to 3 s, if it conflicts with a concurrent write (SQLSTATE 40001,
// 40P01, or a retryableError), or if the connection is lost before the commit is sent. So do must
// have no effects other than its writes. A commit whose response was lost is never retried: the
// error reports it.
func (s *Store) WriteInTx(ctx context.Context, do func(*Tx) error) error {
	if s.outerTx != nil {
		return convertError(s.outerTx.runSavepoint(ctx, do))
	}
	changes, err := s.writeWithRetry(ctx, do)
	if s.releaseSlots != nil {
		s.releaseSlots()
	}
	if errors.Is(err, errCommitUnknown) { // so its changes are unknown too
		changes = []Change{{Tags: []string{edu.TagEverything.WithID(0).String()}}}
	}
	err = convertError(err)
	if s.publishChanges != nil && (len(changes) > 0 || observedCommits(err)) {
		s.publishChanges(ctx, changes)
	}
	return err
}

// observedCommits reports whether a write read committed data: it succeeded, or was rejected
// because of that data and not because of an infrastructure error.
func observedCommits(err error) bool {
	if _, invalid := errors.AsType[edu.UserErrors](err); invalid || err == nil {
		return true
	}
	coded, ok := errors.AsType[*edu.Error](err)
	return ok && coded.Code != edu.Unavailable
}

// writeWithRetry runs do in a transaction, with retries, and returns the changes that it made.
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
		defer conn.Release() // the pool closes a connection that is still in a transaction
		tx := &Tx{conn: conn.Conn(), commands: transaction, collectChanges: s.publishChanges != nil}
		if err = tx.runAndFinish(ctx, do); err == nil {
			changes = tx.changes
		}
		return err
	})
	return changes, err
}

// RunAtomically runs do with a store whose reads and writes are all part of one transaction. It is
// committed if do returns no error and no read failed, and retried as by WriteInTx. The store is
// not safe for concurrent use.
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

// AfterCommit runs a function that announces a write: at once, or, if the store is part of a
// transaction, after that is committed or its outcome is unknown.
func (s *Store) AfterCommit(announce func()) {
	if s.outerTx != nil {
		s.outerTx.afterCommit = append(s.outerTx.afterCommit, announce)
		return
	}
	announce()
}
