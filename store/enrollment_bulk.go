package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/7p-education/api/edu"
)

// BulkEnrollment is the result of a bulk enrollment.
type BulkEnrollment struct {
	Enrolled, AlreadyEnrolled int
	UnknownEmails             []string // emails without an active account
}

// BulkEnroll enrolls the accounts of some emails in a course, each with the progress of what the account
// watched there before. The emails are copied into a staging
// table and joined in one statement: 50,000 of them take a second, where one statement for each
// takes ten. Each email must occur once.
func (s *Store) BulkEnroll(ctx context.Context, v edu.Viewer, course int64, emails []string, at edu.InputPath) (BulkEnrollment, error) {
	var result BulkEnrollment
	err := s.writeRow(ctx, courseRow(course), func(tx *Tx) error {
		var c *edu.Course
		if err := tx.RunQueries(ctx, lockCourse(course, &c)); err != nil {
			return err
		}
		if err := c.AuthorizeBulkEnroll(v, at); err != nil {
			return err
		}
		if err := tx.RunQueries(ctx, newStatement("StageEmails", "CREATE TEMP TABLE staged_emails (n integer, email text)").buildQuery(nil)); err != nil {
			return err
		}
		rows := pgx.CopyFromSlice(len(emails), func(i int) ([]any, error) { return []any{i, emails[i]}, nil })
		if _, err := tx.CopyRows(ctx, "staged_emails", []string{"n", "email"}, rows); err != nil {
			return err
		}
		q := newStatement("BulkEnroll", `WITH found AS MATERIALIZED (
				SELECT s.n, s.email, u.id FROM staged_emails s LEFT JOIN users u ON lower(u.email) = lower(s.email) AND u.active
			), made AS (
				INSERT INTO enrollments (user_id, course_id, progress, completed_at)
				SELECT t.user_id, `)
		courseArg := q.bindArg(course)
		q.addSQL(courseArg, "::bigint, ", enrolledProgress, ` FROM (SELECT DISTINCT id AS user_id FROM found WHERE id IS NOT NULL) t
				LEFT JOIN (`, watchedShares("ARRAY["+courseArg+"::bigint]", " AND p.user_id IN (SELECT id FROM found)"), `) w USING (user_id) ORDER BY t.user_id
				ON CONFLICT DO NOTHING RETURNING user_id
			)
			SELECT (SELECT count(*) FROM made),
				(SELECT count(DISTINCT id) FROM found WHERE id IS NOT NULL) - (SELECT count(*) FROM made),
				ARRAY(SELECT email FROM found WHERE id IS NULL ORDER BY n)`)
		// The table is dropped here because the outer transaction may run another bulk enrollment.
		last := []Query{q.buildQuery(func(rows pgx.Rows) error {
			return rows.Scan(&result.Enrolled, &result.AlreadyEnrolled, &result.UnknownEmails)
		}), newStatement("DropStaged", "DROP TABLE staged_emails").buildQuery(nil)}
		return tx.Commit(ctx, append(last, requestAnalytics(len(emails))...)...)
	})
	return result, err
}
