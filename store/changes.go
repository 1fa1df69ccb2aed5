package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/7p-education/api/edu"
)

// Change is what a statement made stale, by the names of edu.Tag.
type Change struct {
	ID   int64 // in the order of the statements, not of the commits
	Tags []string
}

// MaxChanges is how many changes ChangesSince returns, but for one more where there
// are more: a million would take longer to read than anybody has.
const MaxChanges = 50_000

// transactionChanges reads what the transaction has changed so far, if it wrote at all.
func transactionChanges(into *[]Change) Query {
	q := newStatement("OwnChanges", "SELECT c.id, c.tags FROM changes c WHERE c.xid = pg_current_xact_id_if_assigned() ORDER BY c.id")
	return q.buildQuery(func(rows pgx.Rows) error {
		var c Change
		err := rows.Scan(&c.ID, &c.Tags)
		*into = append(*into, c)
		return err
	})
}

// ChangesSince reads the changes that were committed since a snapshot was taken,
// from the primary, and returns the snapshot to go on from. Whatever the order of
// the commits and however long a transaction was open, who goes on from each gets
// every change once. With "" all that are kept are read. Where more than MaxChanges are
// returned there are others, which the next snapshot takes for read.
func (s *Store) ChangesSince(ctx context.Context, snapshot string) (next string, changes []Change, err error) {
	if snapshot == "" {
		snapshot = "1:1:" // which sees nothing
	}
	// That xid is below xmax follows from the row's being visible. It is there for
	// the plan: with the parameter unknown, one bound alone would count for a third
	// of the table.
	const since = `-- name: ChangesSince
		SELECT now.snapshot::text, c.id, c.tags FROM (SELECT pg_current_snapshot() AS snapshot) now
		LEFT JOIN LATERAL (SELECT * FROM changes c
			WHERE c.xid >= pg_snapshot_xmin($1::pg_snapshot) AND c.xid < pg_snapshot_xmax(now.snapshot)
			AND NOT pg_visible_in_snapshot(c.xid, $1::pg_snapshot) LIMIT $2) c ON true
		ORDER BY c.id`
	rows, err := s.primary.Query(ctx, since, snapshot, MaxChanges+1)
	if err != nil {
		return "", nil, convertError(err)
	}
	countStatements(ctx, 1)
	var id *int64
	var tags []string
	_, err = pgx.ForEachRow(rows, []any{&next, &id, &tags}, func() error {
		if id != nil {
			changes = append(changes, Change{*id, tags})
			tags = nil
		}
		return nil
	})
	return next, changes, convertError(err)
}

// InvalidateTags leaves a change of tags though nothing was written: whoever follows
// the changes takes for stale what depends on any of them.
func (s *Store) InvalidateTags(ctx context.Context, tags []edu.Tag) error {
	names := make([]string, len(tags))
	for i, t := range tags {
		names[i] = t.String()
	}
	_, err := s.primary.Exec(ctx, "-- name: DeclareChanged\nINSERT INTO changes (tags) VALUES ($1)", names)
	return convertError(err)
}

// DeleteChanges deletes changes that were visible in a snapshot which ChangesSince
// returned, 5,000 at a time, and returns how many that were.
func (s *Store) DeleteChanges(ctx context.Context, snapshot string) (n int, err error) {
	for {
		done, err := s.primary.Exec(ctx, `-- name: DeleteChanges
			DELETE FROM changes WHERE id IN (
				SELECT id FROM changes WHERE xid < pg_snapshot_xmax($1::pg_snapshot) AND pg_visible_in_snapshot(xid, $1::pg_snapshot)
				ORDER BY xid LIMIT 5000 FOR UPDATE SKIP LOCKED)`, snapshot)
		if err != nil || done.RowsAffected() == 0 {
			return n, convertError(err)
		}
		n += int(done.RowsAffected())
	}
}
