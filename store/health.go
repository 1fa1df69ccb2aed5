package store

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// tooManyConnections is the code of a database, or of a role, that accepts no more connections.
const tooManyConnections = "53300"

// readOnlyError reports that the primary accepts no writes.
type readOnlyError struct{}

// Error returns the possible reasons.
func (readOnlyError) Error() string { return "store: the primary accepts no writes: " + readOnlyCause }

// HealthCause returns the possible reasons.
func (readOnlyError) HealthCause() string { return readOnlyCause }

const readOnlyCause = "it is a standby, or default_transaction_read_only is on"

// Ping checks that the primary responds. While it accepts no more connections, it does so for a store that has some.
func (s *Store) Ping(ctx context.Context) error {
	_, err := s.readAccess(ctx)
	return err
}

// CheckWritable returns an error if the primary accepts no writes. Reads may work nevertheless.
func (s *Store) CheckWritable(ctx context.Context) error {
	readOnly, err := s.readAccess(ctx)
	if err == nil && readOnly {
		err = readOnlyError{}
	}
	return err
}

// idleProbeTimeout is how long an idle connection may take to respond to a probe.
const idleProbeTimeout = 100 * time.Millisecond

// readAccess reads whether transactions of the primary are read-only. A connection is reserved for it, so that it never
// waits for one. Until the first time that it would have to, an idle connection of the primary's pool is used: a server
// that starts needs one connection, not two, each of which is a process of PostgreSQL. One probe runs at a time.
func (s *Store) readAccess(ctx context.Context) (readOnly bool, err error) {
	select {
	case s.probing <- struct{}{}:
		defer func() { <-s.probing }()
	case <-ctx.Done():
		return false, convertError(ctx.Err())
	}
	if s.pingPool.conns.Stat().TotalConns() == 0 && s.primary.conns.Stat().IdleConns() > 0 {
		idle, cancel := context.WithTimeout(ctx, idleProbeTimeout)
		defer cancel()
		if readOnly, err = s.primary.readAccess(idle); err == nil {
			return readOnly, nil
		}
	}
	readOnly, err = s.pingPool.readAccess(ctx)
	pg, ok := errors.AsType[*pgconn.PgError](err)
	if ok && pg.Code == tooManyConnections && s.primary.conns.Stat().TotalConns() > 0 {
		return false, nil
	}
	return readOnly, convertError(err)
}

func (p *pool) readAccess(ctx context.Context) (readOnly bool, err error) {
	if err = p.connect(ctx); err == nil {
		const text = "-- name: ReadAccess\nSELECT current_setting('transaction_read_only')::boolean"
		err = p.conns.QueryRow(ctx, text, pgx.QueryExecModeExec).Scan(&readOnly)
	}
	return readOnly, err
}
