package store

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// Limits of the retries of a write that conflicts with others. The budget starts at the first
// conflict: before that, the write may have waited seconds for a slot, and PostgreSQL takes one
// second to detect a deadlock. Half of all conflicts are over within the first backoff. A write
// that still fails after the budget would only add to the load.
const (
	retryBudget    = 3 * time.Second
	initialBackoff = 2 * time.Millisecond
	maxBackoff     = 200 * time.Millisecond

	// maxMissingRetries limits the retries of a write that refers to a deleted row. The first retry
	// usually reads that the row is missing, and reports what is. A row that it does not read is the
	// viewer's account, which no retry finds.
	maxMissingRetries = 2
)

// retryConflicts calls attempt until it succeeds, fails with an error that is not transient, or the
// budget is spent.
func retryConflicts(ctx context.Context, attempt func() error) error {
	var end time.Time
	missing := 0
	for pause := initialBackoff; ; pause = min(2*pause, maxBackoff) {
		err := attempt()
		if isMissingRow(err) {
			missing++
		}
		if !isTransient(err) || missing > maxMissingRetries {
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

// retryableError marks an error after which WriteInTx runs the transaction again, because the next
// attempt sees the write that caused it.
type retryableError struct{ err error }

// Error returns the message of the error.
func (e *retryableError) Error() string { return e.err.Error() }

// Unwrap returns the error.
func (e *retryableError) Unwrap() error { return e.err }

// isConflict reports whether a concurrent write caused the error.
func isConflict(err error) bool {
	if _, ok := errors.AsType[*retryableError](err); ok {
		return true
	}
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (pg.Code == "40001" || pg.Code == "40P01") // serialization_failure, deadlock_detected
}

// isTransient reports whether another attempt may succeed a moment later.
func isTransient(err error) bool {
	if isConflict(err) || isMissingRow(err) {
		return true
	}
	return err != nil && !errors.Is(err, errCommitUnknown) && isUnreachable(err)
}
