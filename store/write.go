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
	return s.writeRow(ctx, rowKey{}, do)
}

// writeRow runs WriteInTx for a write that first locks a row. Writers of one row wait for each other
// in the process, without a connection: see writeLimits.
func (s *Store) writeRow(ctx context.Context, row rowKey, do func(*Tx) error) error {
	if s.outerTx != nil {
		return convertError(s.outerTx.runWrite(ctx, row, do))
	}
	changes, err := s.writeWithRetry(ctx, row, do)
	return s.publishWrite(ctx, changes, err)
}

// publishWrite publishes the changes of a write that has ended, and returns its error converted.
func (s *Store) publishWrite(ctx context.Context, changes []Change, err error) error {
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
func (s *Store) writeWithRetry(ctx context.Context, row rowKey, do func(*Tx) error) (changes []Change, err error) {
	release, err := s.limits.acquire(ctx, row, s.limits.writes)
	if err != nil {
		return nil, err
	}
	defer release()
	err = retryConflicts(ctx, func() error {
		conn, err := s.primary.conns.Acquire(ctx)
		if err != nil {
			return err
		}
		defer conn.Release() // the pool closes a connection that is still in a transaction
		tx := &Tx{conn: conn.Conn(), commands: transaction, settings: s.primary.beginQueries(), collectChanges: s.publishChanges != nil}
		if err = tx.runAndFinish(ctx, do); err == nil {
			changes = tx.changes
		}
		return err
	})
	return changes, err
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
