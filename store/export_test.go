package store

import (
	"context"
	"crypto/rand"
)

// Statement returns a Query of a test.
func Statement(text string, args ...any) Query { return Query{sql: text, args: args} }

// Retry and RetryOnSlugConflict are the retries of WriteInTx.
var (
	Retry               = retryConflicts
	RetryOnSlugConflict = retryOnSlugConflict
)

// RunAtomically runs do in an idempotent run of its own, without a limit of its time.
func (s *Store) RunAtomically(ctx context.Context, do func(*Store) error) error {
	r := IdempotentRun{OwnRows: true}
	_, _ = rand.Read(r.Key[:])
	_, _, err := s.RunIdempotent(ctx, r, func(s *Store) ([]byte, error) { return []byte{}, do(s) })
	return err
}
