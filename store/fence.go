package store

import (
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// maxReadFence is how many changes the fence of a read requires at most. A read that requires more runs
	// on the primary, because the replica lags.
	maxReadFence = 128
	// maxCheckFence is how many changes one check of a replica requires at most.
	maxCheckFence = 2000
)

var (
	// errFenceMissed reports that a replica lacks a change that the read has to see.
	errFenceMissed = errors.New("store: the replica lacks a change that is required")
	errNotStandby  = errors.New("store: the replica is not a standby: it was promoted, or is no replica")
)

// fence is the result of the statement Fence: what a replica has replayed. A snapshot on a standby has
// every commit that precedes the newest one in it in the WAL. So a snapshot that has a change has
// everything that was committed before that change began.
type fence struct {
	standby  bool
	server   time.Time // start of the server, which identifies it: another one may have replayed less
	visible  map[int64]struct{}
	isMarked bool // whether the marker is visible
}

const fenceStatement = `-- name: Fence
SELECT pg_is_in_recovery(), pg_postmaster_start_time(), ARRAY(SELECT c.id FROM changes c WHERE c.id = ANY($1)),
	EXISTS (SELECT FROM changes c WHERE c.id = $2 AND c.at = $3)`

// query returns the statement, which must be the first of a round trip: the snapshots of the statements
// after it have at least as much. It reads which of the changes are visible, and whether the marker is.
// received is called with the result.
func (f *fence) query(required []PublishedChange, m marker, received func() error) Query {
	ids := make([]int64, len(required))
	for i, c := range required {
		ids[i] = c.ID
	}
	return Query{sql: fenceStatement, args: []any{ids, m.id, m.at}, scan: func(rows pgx.Rows) error {
		var found []int64
		if err := rows.Scan(&f.standby, &f.server, &found, &f.isMarked); err != nil {
			return err
		}
		f.visible = make(map[int64]struct{}, len(found))
		for _, id := range found {
			f.visible[id] = struct{}{}
		}
		return received()
	}}
}

// countVisible returns how many of the required changes are visible, up to the first that is not.
func (f *fence) countVisible(required []PublishedChange) int {
	for i, c := range required {
		if _, ok := f.visible[c.ID]; !ok {
			return i
		}
	}
	return len(required)
}
