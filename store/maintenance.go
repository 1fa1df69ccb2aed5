package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/7p-education/api/edu"
)

// RefreshAnalytics recomputes the figures that may be as old as the last refresh. Readers see the
// old figures until the new ones are committed. One server at a time does it: done is false if
// another server is refreshing, or if the last refresh is younger than minAge.
func (s *Store) RefreshAnalytics(ctx context.Context, minAge time.Duration) (done bool, err error) {
	err = s.withAdvisoryLock(ctx, "refresh_analytics", func(conn *pgx.Conn) error {
		var age float64
		err := conn.QueryRow(ctx, "-- name: AnalyticsAge\nSELECT extract(epoch FROM clock_timestamp() - refreshed_at) FROM platform_totals").Scan(&age)
		if err != nil || age < minAge.Seconds() {
			return err
		}
		// platform_totals is last, because its refreshed_at is the age of all views.
		for _, view := range []string{"course_analytics", "platform_days", "user_activity", "platform_totals"} {
			tag := edu.TagPlatform
			if view == "course_analytics" {
				tag = edu.TagAnalytics
			}
			// The two statements run in one transaction: views have no triggers that record
			// changes.
			refresh := fmt.Sprintf("-- name: RefreshAnalytics\nREFRESH MATERIALIZED VIEW CONCURRENTLY %s; INSERT INTO changes (tags) VALUES ('{%s}')", view, tag.WithID(0))
			if _, err := conn.Exec(ctx, refresh); err != nil {
				return err
			}
		}
		done = true
		return nil
	})
	return done, err
}

// RefreshRelatedCourses recomputes the related courses of those courses whose last computation is
// missing or older than minAge, 200 at a time. It returns the number of these courses.
func (s *Store) RefreshRelatedCourses(ctx context.Context, minAge time.Duration) (courses int, err error) {
	err = s.withAdvisoryLock(ctx, "refresh_related", func(conn *pgx.Conn) error {
		// The limit is read once, from the clock of the database: rows computed from here on are
		// not stale.
		var before time.Time
		if err := conn.QueryRow(ctx, "-- name: RelatedMadeBefore\nSELECT clock_timestamp() - $1::interval", minAge).Scan(&before); err != nil {
			return err
		}
		for {
			var n int
			err := conn.QueryRow(ctx, "-- name: RefreshRelatedCourses\nSELECT refresh_stale_related($1, 200)", before).Scan(&n)
			if err != nil || n == 0 {
				return err
			}
			courses += n
		}
	})
	return courses, err
}

// EnsurePartitions creates the monthly partitions of video_progress from the current month to some
// months ahead. It returns the number of partitions that were missing.
func (s *Store) EnsurePartitions(ctx context.Context, now time.Time, months int) (made int, err error) {
	err = s.primary.QueryRow(ctx, "-- name: EnsurePartitions\nSELECT ensure_progress_partitions($1, $2)", now, now.AddDate(0, months, 0)).Scan(&made)
	return made, convertError(err)
}

// DeleteExpiredSessions deletes expired refresh tokens, and sessions without other tokens, 5,000
// tokens at a time. It returns the number of deleted tokens. It also deletes the addresses from which
// no account signed in within signInAddressTTL.
func (s *Store) DeleteExpiredSessions(ctx context.Context) (tokens int, err error) {
	err = s.withAdvisoryLock(ctx, "delete_expired_sessions", func(conn *pgx.Conn) error {
		if _, err := conn.Exec(ctx, "-- name: DeleteExpiredAddresses\nDELETE FROM sign_in_addresses WHERE last_used_at <= now() - $1::interval", signInAddressTTL); err != nil {
			return err
		}
		for {
			var n int
			err := conn.QueryRow(ctx, `-- name: DeleteExpiredSessions
				WITH expired AS (
					DELETE FROM refresh_tokens WHERE hash IN (SELECT hash FROM refresh_tokens WHERE expires_at <= now() LIMIT 5000)
					RETURNING session_id
				), ended AS (
					DELETE FROM sessions s WHERE s.id IN (SELECT session_id FROM expired)
					AND NOT EXISTS (SELECT FROM refresh_tokens t WHERE t.session_id = s.id AND t.expires_at > now())
				)
				SELECT count(*) FROM expired`).Scan(&n)
			if err != nil || n == 0 {
				return err
			}
			tokens += n
		}
	})
	return tokens, err
}

// DeleteExpiredMailTokens deletes the tokens of mails that have expired, and returns their number.
func (s *Store) DeleteExpiredMailTokens(ctx context.Context) (tokens int, err error) {
	done, err := s.primary.Exec(ctx, "-- name: DeleteExpiredMailTokens\nDELETE FROM account_tokens WHERE expires_at <= now()")
	return int(done.RowsAffected()), convertError(err)
}

// DeleteExpiredResponses deletes the responses that RunIdempotent stored at least IdempotencyTTL
// ago, 1,000 at a time. It returns the number of deleted responses.
func (s *Store) DeleteExpiredResponses(ctx context.Context) (responses int, err error) {
	err = s.withAdvisoryLock(ctx, "delete_expired_answers", func(conn *pgx.Conn) error {
		for {
			done, err := conn.Exec(ctx, `-- name: DeleteExpiredResponses
				DELETE FROM idempotent_answers WHERE key IN (
					SELECT key FROM idempotent_answers WHERE created_at <= now() - $1::interval ORDER BY created_at LIMIT 1000)`, IdempotencyTTL)
			if err != nil || done.RowsAffected() == 0 {
				return err
			}
			responses += int(done.RowsAffected())
		}
	})
	return responses, err
}

// withAdvisoryLock runs do on a connection without time limits. It does nothing if another server
// holds the lock.
func (s *Store) withAdvisoryLock(ctx context.Context, name string, do func(*pgx.Conn) error) error {
	conn, err := s.primary.Acquire(ctx)
	if err != nil {
		return convertError(err)
	}
	// The connection is closed and not returned to the pool. Closing releases the lock and resets
	// the settings in any case.
	defer func() { _ = conn.Hijack().Close(context.WithoutCancel(ctx)) }()
	if _, err := conn.Exec(ctx, "SET statement_timeout = 0; SET lock_timeout = 0"); err != nil {
		return convertError(err)
	}
	var locked bool
	if err := conn.QueryRow(ctx, "SELECT pg_try_advisory_lock(hashtext($1))", name).Scan(&locked); err != nil || !locked {
		return convertError(err)
	}
	err = do(conn.Conn())
	// PostgreSQL notices a closed connection only a moment later, and the next caller must not find
	// the lock taken.
	_, _ = conn.Exec(ctx, "SELECT pg_advisory_unlock(hashtext($1))", name)
	return convertError(err)
}
