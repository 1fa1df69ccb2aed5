package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// JobLease is how long a run of a job excludes others after its last renewal.
const JobLease = time.Minute

// Job is the state of a background job, which all servers share.
type Job struct {
	Name        string
	Running     bool // holds a lease
	StartedAt   time.Time
	FinishedAt  *time.Time
	SucceededAt *time.Time
	Duration    time.Duration // of the last run that finished
	Failures    int           // since the last success
	Error       string        // of the last run, "" after a success
}

// requestedAge is the least time between the begins of two runs, if the second was requested.
const requestedAge = time.Minute

// analyticsRows is the number of rows from which a write requests new analytics.
const analyticsRows = 1000

// ClaimJob begins a run of a job, unless another run holds the lease or the last one began less than minAge ago. A run
// that was requested meanwhile may begin after a minute. The run is an identifier of the caller's choice.
func (s *Store) ClaimJob(ctx context.Context, name, run string, minAge time.Duration) (claimed bool, err error) {
	done, err := s.primary.Exec(ctx, `-- name: ClaimJob
		INSERT INTO jobs AS j (name, run, leased_until, started_at) VALUES ($1, $2, now() + $3::interval, now())
		ON CONFLICT (name) DO UPDATE SET run = excluded.run, leased_until = excluded.leased_until, started_at = excluded.started_at
		WHERE j.leased_until <= now() AND (j.started_at <= now() - $4::interval
			OR j.requested_at > j.started_at AND j.started_at <= now() - $5::interval)`, name, run, JobLease, minAge, requestedAge)
	return done.RowsAffected() == 1, convertError(err)
}

// requestAnalytics returns a statement that requests new analytics after a write of many rows, none for fewer.
func requestAnalytics(rows int) []Query {
	if rows < analyticsRows {
		return nil
	}
	return []Query{newStatement("RequestAnalytics", "UPDATE jobs SET requested_at = now() WHERE name = 'analytics'").buildQuery(nil)}
}

// RenewJob extends the lease of a run. It returns false if the run has finished, or another one has taken the lease over.
func (s *Store) RenewJob(ctx context.Context, name, run string) (held bool, err error) {
	done, err := s.primary.Exec(ctx, `-- name: RenewJob
		UPDATE jobs SET leased_until = now() + $3::interval
		WHERE (name, run) = ($1, $2) AND (finished_at IS NULL OR finished_at < started_at)`, name, run, JobLease)
	return done.RowsAffected() == 1, convertError(err)
}

// FinishJob ends a run, whose error is "" for a success. A run that has lost its lease changes nothing.
func (s *Store) FinishJob(ctx context.Context, name, run string, duration time.Duration, failure string) error {
	_, err := s.primary.Exec(ctx, `-- name: FinishJob
		UPDATE jobs SET leased_until = now(), finished_at = now(), milliseconds = $3, error = $4,
			failures = CASE WHEN $4 = '' THEN 0 ELSE failures + 1 END, succeeded_at = CASE WHEN $4 = '' THEN now() ELSE succeeded_at END
		WHERE (name, run) = ($1, $2)`, name, run, duration.Milliseconds(), failure)
	return convertError(err)
}

// ListJobs returns the state of the jobs that have ever run, by their names.
func (s *Store) ListJobs(ctx context.Context) ([]Job, error) {
	rows, err := s.primary.Query(ctx, `-- name: ListJobs
		SELECT name, leased_until > now(), started_at, finished_at, succeeded_at, milliseconds, failures, error FROM jobs ORDER BY name`)
	if err != nil {
		return nil, convertError(err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (j Job, err error) {
		var milliseconds int64
		err = row.Scan(&j.Name, &j.Running, &j.StartedAt, &j.FinishedAt, &j.SucceededAt, &milliseconds, &j.Failures, &j.Error)
		j.Duration = time.Duration(milliseconds) * time.Millisecond
		return j, err
	})
	return list, convertError(err)
}

// maintain runs the statements of a job in a transaction without time limits.
func (s *Store) maintain(ctx context.Context, do func(pgx.Tx) error) error {
	return convertError(pgx.BeginFunc(ctx, s.direct, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0"); err != nil {
			return err
		}
		return do(tx)
	}))
}
