package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/7p-education/api/edu"
)

// convertError gives an error of the database the code that callers act on, by
// SQLSTATE and never by its text.
func convertError(err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	var pg *pgconn.PgError
	switch {
	case errors.As(err, &pg) && pg.Code == "22021": // character_not_in_repertoire
		return fmt.Errorf("store: %w: %w", edu.Errorf(edu.BadUserInput, "a text holds a NUL character, which nothing here has"), err)
	case errors.As(err, &pg) && pg.Code == "57014": // query_canceled: the statement's time ran out
		return fmt.Errorf("store: %w: %w", edu.Errorf(edu.Unavailable, "the database took too long; try again, or ask for less"), err)
	case errors.Is(err, errCommitUnknown):
		return fmt.Errorf("store: %w", err)
	case errors.As(err, &pg) && (pg.Code == "40001" || pg.Code == "40P01" || pg.ConstraintName == "courses_slug_key"): // serialization_failure, deadlock_detected
		return fmt.Errorf("store: %w: %w", edu.Errorf(edu.Unavailable, "too many wrote the same at once; try again"), err)
	case errors.As(err, &pg) && pg.Code == "55P03": // lock_not_available
		return fmt.Errorf("store: %w: %w", edu.Errorf(edu.Unavailable, "someone else is changing this just now; try again"), err)
	case errors.As(err, &pg) && (pg.Code[:2] == "53" || pg.Code[:2] == "57"), // out of resources, shutting down
		isUnreachable(err), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("store: %w: %w", edu.Errorf(edu.Unavailable, "the database is too busy, or cannot be reached just now; try again"), err)
	default:
		return fmt.Errorf("store: %w", err)
	}
}
