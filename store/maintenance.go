package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/7p-education/api/edu"
)

// RefreshAnalytics brings the figures that may be as old as the last refresh up to date. Its cost depends on the number of
// rows written since then, unless all figures must be computed: see refresh_analytics in migrations/0039_analytics.sql.
// Readers see the old figures until the new ones are committed.
func (s *Store) RefreshAnalytics(ctx context.Context) error {
	// The lock excludes other refreshes. It is held before the first statement that takes the snapshot of the transaction.
	sql := fmt.Sprintf(`-- name: RefreshAnalytics
		SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;
		LOCK TABLE platform_totals IN SHARE ROW EXCLUSIVE MODE;
		SELECT refresh_analytics();
		INSERT INTO changes (tags) VALUES ('{%s,%s}')`, edu.TagAnalytics.WithID(0), edu.TagPlatform.WithID(0))
	return s.maintain(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, sql)
		return err
	})
}

// RefreshRelatedCourses recomputes the related courses of those courses whose last computation is
// missing or older than minAge, 200 at a time. It returns the number of these courses.
func (s *Store) RefreshRelatedCourses(ctx context.Context, minAge time.Duration) (courses int, err error) {
	// The limit is read once, from the clock of the database: rows computed from here on are not stale.
	var before time.Time
	err = s.maintain(ctx, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, "-- name: RelatedMadeBefore\nSELECT clock_timestamp() - $1::interval", minAge).Scan(&before)
	})
	if err != nil {
		return 0, err
	}
	for {
		n := 0
		err := s.maintain(ctx, func(tx pgx.Tx) error {
			return tx.QueryRow(ctx, "-- name: RefreshRelatedCourses\nSELECT refresh_stale_related($1, 200)", before).Scan(&n)
		})
		if err != nil || n == 0 {
			return courses, err
		}
		courses += n
	}
}

// EnsurePartitions creates the monthly partitions of video_progress from the current month to some
// months ahead, each in a transaction of its own. It returns the number of partitions that were missing.
func (s *Store) EnsurePartitions(ctx context.Context, now time.Time, months int) (made int, err error) {
	now = now.UTC()
	for month := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC); months >= 0; month, months = month.AddDate(0, 1, 0), months-1 {
		n := 0
		err := s.maintain(ctx, func(tx pgx.Tx) error {
			return tx.QueryRow(ctx, "-- name: EnsurePartitions\nSELECT ensure_progress_partitions($1, $1)", month).Scan(&n)
		})
		if err != nil {
			return made, err
		}
		made += n
	}
	return made, nil
}

// DropOldPartitions drops the monthly partitions of video_progress that end some months or longer before the current one,
// each in a transaction of its own, and returns their number. One that is in use for lockTimeout stays, because reads wait
// behind its lock. The progress of enrollments stays.
func (s *Store) DropOldPartitions(ctx context.Context, now time.Time, months int) (dropped int, err error) {
	now = now.UTC()
	oldest := time.Date(now.Year(), now.Month()-time.Month(months), 1, 0, 0, 0, 0, time.UTC)
	rows, err := s.direct.Query(ctx, `-- name: OldPartitions
		SELECT p.relname FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhrelid
		WHERE i.inhparent = 'video_progress'::regclass AND p.relname ~ '^video_progress_\d{4}_\d{2}$' AND p.relname < $1 ORDER BY p.relname`,
		"video_progress_"+oldest.Format("2006_01"))
	if err != nil {
		return 0, convertError(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return 0, convertError(err)
	}
	var failures []error
	drop := fmt.Sprintf("-- name: DropOldPartition\nSET LOCAL lock_timeout = %d; DROP TABLE ", lockTimeout.Milliseconds())
	for _, name := range names {
		err := s.maintain(ctx, func(tx pgx.Tx) error {
			_, err := tx.Exec(ctx, drop+pgx.Identifier{name}.Sanitize())
			return err
		})
		if err != nil {
			failures = append(failures, err)
			continue
		}
		dropped++
	}
	return dropped, errors.Join(failures...)
}

// DeleteExpiredSessions deletes expired refresh tokens, and sessions without other tokens, 5,000
// tokens at a time. It returns the number of deleted tokens. It also deletes the addresses from which
// no account signed in within signInAddressTTL.
func (s *Store) DeleteExpiredSessions(ctx context.Context) (tokens int, err error) {
	if _, err := s.primary.Exec(ctx, "-- name: DeleteExpiredAddresses\nDELETE FROM sign_in_addresses WHERE last_used_at <= now() - $1::interval", signInAddressTTL); err != nil {
		return 0, convertError(err)
	}
	for {
		n := 0
		err := s.maintain(ctx, func(tx pgx.Tx) error {
			return tx.QueryRow(ctx, `-- name: DeleteExpiredSessions
				WITH expired AS (
					DELETE FROM refresh_tokens WHERE hash IN (SELECT hash FROM refresh_tokens WHERE expires_at <= now() LIMIT 5000)
					RETURNING session_id
				), ended AS (
					DELETE FROM sessions s WHERE s.id IN (SELECT session_id FROM expired)
					AND NOT EXISTS (SELECT FROM refresh_tokens t WHERE t.session_id = s.id AND t.expires_at > now())
				)
				SELECT count(*) FROM expired`).Scan(&n)
		})
		if err != nil || n == 0 {
			return tokens, err
		}
		tokens += n
	}
}

// DeleteExpiredMailTokens deletes the tokens of mails that have expired, and returns their number.
func (s *Store) DeleteExpiredMailTokens(ctx context.Context) (tokens int, err error) {
	done, err := s.primary.Exec(ctx, "-- name: DeleteExpiredMailTokens\nDELETE FROM account_tokens WHERE expires_at <= now()")
	return int(done.RowsAffected()), convertError(err)
}

// DeleteExpiredResponses deletes the responses that RunIdempotent stored at least IdempotencyTTL
// ago, 1,000 at a time. It returns the number of deleted responses.
func (s *Store) DeleteExpiredResponses(ctx context.Context) (responses int, err error) {
	for {
		n := 0
		err := s.maintain(ctx, func(tx pgx.Tx) error {
			done, err := tx.Exec(ctx, `-- name: DeleteExpiredResponses
				DELETE FROM idempotent_answers WHERE key IN (
					SELECT key FROM idempotent_answers WHERE created_at <= now() - $1::interval ORDER BY created_at LIMIT 1000)`, IdempotencyTTL)
			n = int(done.RowsAffected())
			return err
		})
		if err != nil || n == 0 {
			return responses, err
		}
		responses += n
	}
}
