package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/7p-education/api/edu"
)

// RefreshAnalytics computes anew what may be as old as the last refresh. Readers
// see the old figures until the new ones are in. One server does it at a time:
// done is false where another is at it, or was less than minAge ago.
func (s *Store) RefreshAnalytics(ctx context.Context, minAge time.Duration) (done bool, err error) {
	err = s.withAdvisoryLock(ctx, "refresh_analytics", func(conn *pgx.Conn) error {
		var age float64
		err := conn.QueryRow(ctx, "-- name: AnalyticsAge\nSELECT extract(epoch FROM clock_timestamp() - refreshed_at) FROM platform_totals").Scan(&age)
		if err != nil || age < minAge.Seconds() {
			return err
		}
		// platform_totals is last: it tells the age of all.
		for _, view := range []string{"course_analytics", "platform_days", "user_activity", "platform_totals"} {
			tag := edu.TagPlatform
			if view == "course_analytics" {
				tag = edu.TagAnalytics
			}
			// One transaction: views have no triggers that would tell.
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

// RefreshRelatedCourses computes anew which courses share their students, for those
// courses whose turn it is, a few at a time, and returns how many that were.
func (s *Store) RefreshRelatedCourses(ctx context.Context, minAge time.Duration) (courses int, err error) {
	err = s.withAdvisoryLock(ctx, "refresh_related", func(conn *pgx.Conn) error {
		// By the database's clock, and once: what is made from here on is not stale.
		var before time.Time
		if err := conn.QueryRow(ctx, "-- name: RelatedMadeBefore\nSELECT clock_timestamp() - $1::interval", minAge).Scan(&before); err != nil {
			return err
		}
		for {
			var n int
			err := conn.QueryRow(ctx, "-- name: RefreshRelated\nSELECT refresh_stale_related($1, 200)", before).Scan(&n)
			if err != nil || n == 0 {
				return err
			}
			courses += n
		}
	})
	return courses, err
}

// EnsurePartitions makes the months of video_progress from this one to some
// months ahead, and returns how many were missing.
func (s *Store) EnsurePartitions(ctx context.Context, now time.Time, months int) (made int, err error) {
	err = s.primary.QueryRow(ctx, "-- name: EnsurePartitions\nSELECT ensure_progress_partitions($1, $2)", now, now.AddDate(0, months, 0)).Scan(&made)
	return made, convertError(err)
}

// DeleteExpiredSessions deletes refresh tokens that have expired, and sessions
// that have no other, a few thousand at a time. It returns how many tokens that
// were.
func (s *Store) DeleteExpiredSessions(ctx context.Context) (tokens int, err error) {
	err = s.withAdvisoryLock(ctx, "delete_expired_sessions", func(conn *pgx.Conn) error {
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

// DeleteExpiredResponses deletes what Once kept IdempotencyTTL ago or longer, 1,000 at a
// time, and returns how many that were.
func (s *Store) DeleteExpiredResponses(ctx context.Context) (responses int, err error) {
	err = s.withAdvisoryLock(ctx, "delete_expired_answers", func(conn *pgx.Conn) error {
		for {
			done, err := conn.Exec(ctx, `-- name: DeleteExpiredAnswers
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

// withAdvisoryLock runs do on a connection without a time limit, unless another
// server is at the same: then it does nothing.
func (s *Store) withAdvisoryLock(ctx context.Context, name string, do func(*pgx.Conn) error) error {
	conn, err := s.primary.Acquire(ctx)
	if err != nil {
		return convertError(err)
	}
	// The connection is closed and not given back: that ends the lock and the
	// settings with it, whatever happened.
	defer func() { _ = conn.Hijack().Close(context.WithoutCancel(ctx)) }()
	if _, err := conn.Exec(ctx, "SET statement_timeout = 0; SET lock_timeout = 0"); err != nil {
		return convertError(err)
	}
	var locked bool
	if err := conn.QueryRow(ctx, "SELECT pg_try_advisory_lock(hashtext($1))", name).Scan(&locked); err != nil || !locked {
		return convertError(err)
	}
	err = do(conn.Conn())
	// PostgreSQL notices a closed connection a moment later: who comes next must not find
	// the lock taken by nobody.
	_, _ = conn.Exec(ctx, "SELECT pg_advisory_unlock(hashtext($1))", name)
	return convertError(err)
}
