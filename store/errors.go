package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/7p-education/api/edu"
)

// convertError gives a database error the code that callers act on. It decides by SQLSTATE, never
// by the text of the error.
func convertError(err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	var pg *pgconn.PgError
	switch {
	case errors.As(err, &pg) && pg.Code == "22021": // character_not_in_repertoire
		return fmt.Errorf("store: %w: %w", edu.Errorf(edu.BadUserInput, "a text contains a NUL character"), err)
	case errors.As(err, &pg) && pg.Code == "57014": // query_canceled: the statement timeout expired
		return fmt.Errorf("store: %w: %w", edu.Errorf(edu.Unavailable, "the database took too long: try again, or request less"), err)
	case isMissingAccount(err):
		return fmt.Errorf("store: %w: %w", errAccountDeleted, err)
	case isMissingRow(err):
		return fmt.Errorf("store: %w: %w", edu.Errorf(edu.NotFound, "an object that the write needs was deleted meanwhile: read it again"), err)
	case errors.Is(err, errCommitUnknown):
		return fmt.Errorf("store: %w", err)
	case isConflict(err):
		return fmt.Errorf("store: %w: %w", edu.Errorf(edu.Unavailable, "too many concurrent writes of the same data: try again"), err)
	case errors.As(err, &pg) && pg.Code == "55P03": // lock_not_available
		return fmt.Errorf("store: %w: %w", edu.Errorf(edu.Unavailable, "another transaction is changing this data: try again"), err)
	case errors.As(err, &pg) && pg.Code == "25006": // read_only_sql_transaction
		return fmt.Errorf("store: %w: %w", edu.Errorf(edu.Unavailable, "the database accepts no writes at the moment: try again later"), err)
	case errors.As(err, &pg) && (pg.Code[:2] == "53" || pg.Code[:2] == "57"), // out of resources, shutting down
		isUnreachable(err), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("store: %w: %w", edu.Errorf(edu.Unavailable, "the database is busy or unreachable: try again"), err)
	default:
		return fmt.Errorf("store: %w", err)
	}
}

var errAccountDeleted = edu.Errorf(edu.Unauthenticated, "the account of the viewer was deleted: sign in with another one")

// isMissingRow reports whether a write refers to a row that was deleted after the write read it.
func isMissingRow(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pg.Code == "23503" // foreign_key_violation
}

// accountConstraints are the foreign keys by which a viewer's writes refer to the viewer.
var accountConstraints = map[string]bool{
	"courses_instructor_id_fkey": true, "enrollments_user_id_fkey": true, "reviews_user_id_fkey": true,
	"reviews_replied_by_fkey": true, "video_progress_user_id_fkey": true, "sessions_user_id_fkey": true, "wishlist_items_user_id_fkey": true, "certificates_user_id_fkey": true,
}

// isMissingAccount reports whether the row of isMissingRow is an account. After the retry of a lost race
// it can only be the viewer's: other accounts are then reported as unknown.
func isMissingAccount(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && isMissingRow(err) && accountConstraints[pg.ConstraintName]
}

// errCommitUnknown reports that the response to a commit was lost, so its outcome is unknown.
var errCommitUnknown = edu.Errorf(edu.Unavailable,
	"the connection to the database was lost during the commit: check whether the change was made; a request with an Idempotency-Key can be repeated safely")

// IsAway reports whether an error means that the database cannot be used now, and that it may be later: it cannot be
// reached, starts, stops, or has no connection left. A rejected password is not such an error.
func IsAway(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pg.Code == tooManyConnections || isUnreachable(err)
}

// isUnreachable reports whether the server could not be reached, is not the right one, or went away
// before it responded. Another server may then serve the read.
func isUnreachable(err error) bool {
	var connect *pgconn.ConnectError
	var network net.Error
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == "57P01" || pg.Code == "57P02" || pg.Code == "57P03" || // shutting down, crashed, starting up
			pg.Code == protocolViolation // a pooler, about the database
	}
	return errors.Is(err, errOtherOrigin) || errors.Is(err, errPoolerDetected) || errors.As(err, &connect) || errors.As(err, &network) || pgconn.SafeToRetry(err) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed)
}
