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

// Snapshot is a point in the history of a database, between commits. The zero Snapshot precedes
// all of them.
type Snapshot struct {
	Database Identity
	position string // a pg_snapshot
}

// ChangesSince reads the changes that were committed after a snapshot was taken, from the primary,
// and returns the next snapshot. A reader that passes each snapshot to its next call gets every
// change once, in any order of the commits and however long transactions are open. A snapshot of
// another database or another history counts as the zero Snapshot, with which all stored changes
// are read. If more than MaxChanges are returned, there are further changes, which the next snapshot
// counts as read. A standby returns an error, because it may lack commits that were acknowledged.
func (s *Store) ChangesSince(ctx context.Context, since Snapshot) (next Snapshot, changes []Change, err error) {
	next, changes, _, err = s.PollChanges(ctx, since, "")
	return next, changes, err
}

// PollChanges is ChangesSince that also reads the registered epoch of a log, in the same snapshot.
func (s *Store) PollChanges(ctx context.Context, since Snapshot, log string) (next Snapshot, changes []Change, epoch LogEpoch, err error) {
	// What is not visible in a snapshot was in progress at its time, or began later. The row is visible now, so xid is below
	// xmax anyway: that condition is for the planner, which would estimate a single bound at a third of the table. An open
	// transaction costs nothing: what was committed since its begin is not read again.
	const statement = `-- name: ChangesSince
		SELECT now.origin, now.history, now.standby, now.snapshot::text, COALESCE(e.epoch, ''), COALESCE(e.generation, 0), c.id, c.tags
		FROM (SELECT d.origin, d.history, d.standby, pg_current_snapshot() AS snapshot,
			CASE WHEN d.origin = $1 AND d.history = $2 THEN $3::text ELSE '1:1:' END::pg_snapshot AS since -- '1:1:' precedes all
			FROM identify_database() d) now
		LEFT JOIN log_epochs e ON e.log = $5
		LEFT JOIN LATERAL (
			SELECT * FROM changes c WHERE c.xid >= pg_snapshot_xmax(now.since) AND c.xid < pg_snapshot_xmax(now.snapshot)
			UNION ALL SELECT * FROM changes c WHERE c.xid = ANY (ARRAY(SELECT pg_snapshot_xip(now.since)))
			LIMIT $4) c ON true
		ORDER BY c.id`
	began := s.identity.current.Load()
	rows, err := s.primary.Query(ctx, statement, since.Database.Origin, since.Database.History, since.position, MaxChanges+1, log)
	if err != nil {
		return Snapshot{}, nil, epoch, convertError(err)
	}
	countStatements(ctx, 1)
	var standby bool
	var id *int64
	var tags []string
	_, err = pgx.ForEachRow(rows, []any{&next.Database.Origin, &next.Database.History, &standby, &next.position, &epoch.Name, &epoch.Generation, &id, &tags}, func() error {
		if id != nil {
			changes = append(changes, Change{*id, tags})
			tags = nil
		}
		return nil
	})
	switch {
	case err != nil:
		return Snapshot{}, nil, LogEpoch{}, convertError(err)
	case !s.identity.recordResult(next.Database, began):
		return Snapshot{}, nil, LogEpoch{}, errDatabaseReplaced
	case standby:
		return Snapshot{}, nil, LogEpoch{}, errStandby
	}
	return next, changes, epoch, nil
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
// 5,000 at a time. It returns the number of deleted changes. In another database or another history
// the snapshot says nothing, and no change is deleted.
func (s *Store) DeleteChanges(ctx context.Context, snapshot Snapshot) (n int, err error) {
	for {
		// With IN (SELECT …) the planner, which does not know that there are at most 5,000, would join the whole table.
		done, err := s.primary.Exec(ctx, `-- name: DeleteChanges
			DELETE FROM changes WHERE id = ANY (ARRAY(
				SELECT id FROM changes WHERE xid < pg_snapshot_xmax($1::pg_snapshot) AND pg_visible_in_snapshot(xid, $1::pg_snapshot)
				AND (SELECT d.origin = $2 AND d.history = $3 FROM identify_database() d)
				ORDER BY xid LIMIT 5000 FOR UPDATE SKIP LOCKED))`, snapshot.position, snapshot.Database.Origin, snapshot.Database.History)
		if err != nil || done.RowsAffected() == 0 {
			return n, convertError(err)
		}
		n += int(done.RowsAffected())
	}
}
