package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/7p-education/api/edu"
)

// Change lists the data that a statement made stale, by the names of edu.Tag.
type Change struct {
	ID   int64 // in the order of the statements, not of the commits
	Tags []string
}

// MaxChanges limits the changes that ChangesSince returns. It returns one more if there are more:
// reading a million would take too long.
const MaxChanges = 50_000

// transactionChanges reads the changes that the transaction has made, if it wrote at all.
func transactionChanges(into *[]Change) Query {
	q := newStatement("TransactionChanges", "SELECT c.id, c.tags FROM changes c WHERE c.xid = pg_current_xact_id_if_assigned() ORDER BY c.id")
	return q.buildQuery(func(rows pgx.Rows) error {
		var c Change
		err := rows.Scan(&c.ID, &c.Tags)
		*into = append(*into, c)
		return err
	})
}

// ChangesSince reads the changes that were committed after a snapshot was taken, from the primary,
// and returns the next snapshot. A reader that passes each snapshot to its next call gets every
// change once, in any order of the commits and however long transactions are open. A snapshot of ""
// reads all stored changes. If more than MaxChanges are returned, there are further changes, which
// the next snapshot counts as read.
func (s *Store) ChangesSince(ctx context.Context, snapshot string) (next string, changes []Change, err error) {
	if snapshot == "" {
		snapshot = "1:1:" // a snapshot in which no transaction is visible
	}
	// The row is visible, so xid is below xmax anyway. The condition is for the planner: with an
	// unknown parameter, a single bound would be estimated at a third of the table.
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

// InvalidateTags records a change of tags although nothing was written. Readers of the changes
// treat everything that depends on one of the tags as stale.
func (s *Store) InvalidateTags(ctx context.Context, tags []edu.Tag) error {
	names := make([]string, len(tags))
	for i, t := range tags {
		names[i] = t.String()
	}
	_, err := s.primary.Exec(ctx, "-- name: InvalidateTags\nINSERT INTO changes (tags) VALUES ($1)", names)
	return convertError(err)
}

// DeleteChanges deletes the changes that were visible in a snapshot that ChangesSince returned,
// 5,000 at a time. It returns the number of deleted changes.
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
