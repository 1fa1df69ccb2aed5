package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// DatabaseState is what a database is like before a server uses it.
type DatabaseState struct {
	Version   string
	Standby   bool     // in recovery: a streaming replica
	ReadOnly  bool     // transactions are read-only by default
	ID        string   // of table database_identity, the same on a replica; "" before migration 0014
	Unusable  []string // tables on which the role lacks a right to read or write rows
	HasTables bool     // a migration was applied
}

// inspectSQL reads a DatabaseState, except the id, whose table may be missing.
const inspectSQL = `-- name: InspectDatabase
SELECT current_setting('server_version'), pg_is_in_recovery(), current_setting('default_transaction_read_only') = 'on',
  to_regclass('database_identity') IS NOT NULL,
  coalesce((SELECT array_agg(c.relname::text ORDER BY c.relname) FROM pg_class c
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND c.relname <> 'goose_db_version'
      AND NOT (has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE'))), '{}'),
  EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p'))`

// InspectDatabase connects to a database and reads its state. It changes nothing.
func InspectDatabase(ctx context.Context, url string) (state DatabaseState, err error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return state, fmt.Errorf("store: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	var hasIdentity bool
	err = conn.QueryRow(ctx, inspectSQL).Scan(&state.Version, &state.Standby, &state.ReadOnly, &hasIdentity, &state.Unusable, &state.HasTables)
	if err == nil && hasIdentity {
		err = conn.QueryRow(ctx, `-- name: InspectIdentity
SELECT id::text FROM database_identity`).Scan(&state.ID)
	}
	if err != nil {
		return state, fmt.Errorf("store: inspect database: %w", err)
	}
	return state, nil
}
