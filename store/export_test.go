package store

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/jackc/pgx/v5"
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

// GroupedCalls returns the number of calls in the group of a course that further calls of Enroll can join.
func (s *Store) GroupedCalls(course int64) int {
	s.enrollGroups.mu.Lock()
	defer s.enrollGroups.mu.Unlock()
	if g := s.enrollGroups.open[course]; g != nil {
		return len(g.calls)
	}
	return 0
}

// Explain returns a Query that runs another one and reads its plan, as JSON.
func Explain(q Query, into *string) Query {
	return Query{sql: "EXPLAIN (ANALYZE, FORMAT JSON) " + q.sql, args: q.args, scan: func(rows pgx.Rows) error { return rows.Scan(into) }}
}

// RunBuffered runs queries on the primary, and copies their rows as reads on a replica do.
func (s *Store) RunBuffered(ctx context.Context, queries ...Query) error {
	buffers := make([]bufferedRows, len(queries))
	copying := make([]Query, len(queries))
	for i, q := range queries {
		copying[i] = Query{sql: q.sql, args: q.args, scan: buffers[i].copyRow}
	}
	if err := sendQueries(ctx, s.primary, copying, nil, nil); err != nil {
		return err
	}
	for i, q := range queries {
		if err := scanRows(&buffers[i], q, nil, &rowCounter{}); err != nil {
			return err
		}
	}
	return nil
}

// Fence returns the statement of a fence that requires some changes.
func Fence(changes int) Query {
	required := make([]PublishedChange, changes)
	for i := range required {
		required[i].ID = int64(i + 1)
	}
	return new(fence).query(required, marker{}, func() error { return nil })
}

// ReadSettings returns a Query that reads the settings with which statements run.
func ReadSettings(into *map[string]string) Query {
	const names = "'plan_cache_mode', 'jit', 'TimeZone', 'lock_timeout', 'statement_timeout', 'pg_trgm.word_similarity_threshold'"
	return Query{
		sql:  "SELECT jsonb_object_agg(name, current_setting(name)) FROM unnest(ARRAY[" + names + "]) name",
		scan: func(rows pgx.Rows) error { return rows.Scan(into) },
	}
}

// ReplicaPauses returns the pauses of a replica whose reads fail at these times after the first failure.
func ReplicaPauses(failures ...time.Duration) (pauses []time.Duration) {
	var p replicaPause
	start := time.Now()
	p.begin(start)
	for _, after := range failures {
		p.begin(start.Add(after))
		pauses = append(pauses, p.until.Sub(p.began))
	}
	return pauses
}
