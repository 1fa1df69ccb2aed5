package demo

import (
	"context"
	"fmt"
	"iter"

	"github.com/jackc/pgx/v5"
)

// rowsPerCopy is the maximum number of rows in one COPY, because PostgreSQL holds an event in memory for
// each foreign key of each row until the statement ends.
const rowsPerCopy = 500_000

// rowsPerReport is the number of rows between two calls of Progress.
const rowsPerReport = 10_000

type progressFunc func(table string, done, total int64)

// table is the data of one table. The slice that rows yields is reused.
type table struct {
	name    string
	columns []string
	total   int
	rows    iter.Seq[[]any]
}

func (ds *dataset) loadTables(ctx context.Context, tx pgx.Tx, report progressFunc) error {
	// The ids are assigned here, so no other session may insert meanwhile. Refreshes of the analytics wait for the first
	// lock, before they hold one, and writes of all tables with figures for the last one.
	_, err := tx.Exec(ctx, "LOCK TABLE platform_totals, users, categories, courses, analytics_changes IN SHARE ROW EXCLUSIVE MODE")
	if err != nil {
		return fmt.Errorf("lock the tables (has the database been migrated?): %w", err)
	}
	found, err := databaseHasData(ctx, tx)
	if err != nil {
		return err
	}
	if found {
		return ErrNotEmpty
	}
	// The memory speeds up the indexes, foreign keys and figures of millions of rows. Where commits are asynchronous, VACUUM
	// does not mark pages as visible to all while the commit is not on disk.
	if _, err := tx.Exec(ctx, "SET LOCAL maintenance_work_mem = '256MB'; SET LOCAL work_mem = '256MB'; SET LOCAL synchronous_commit = on"); err != nil {
		return fmt.Errorf("prepare the transaction: %w", err)
	}
	_, err = tx.Exec(ctx, "SELECT ensure_progress_partitions($1, $2)", timeFromUnix(ds.now-100*day), timeFromUnix(ds.now).AddDate(0, 2, 0))
	if err != nil {
		return fmt.Errorf("create partitions: %w", err)
	}
	for _, t := range ds.listTables() {
		if err := t.fillTable(ctx, tx, report); err != nil {
			return fmt.Errorf("fill %s: %w", t.name, err)
		}
	}
	// Without ANALYZE the planner treats the tables as empty.
	if _, err := tx.Exec(ctx, "ANALYZE users, courses, videos, enrollments, reviews, video_progress"); err != nil {
		return fmt.Errorf("analyze: %w", err)
	}
	if err := ds.issueCertificates(ctx, tx); err != nil {
		return fmt.Errorf("fill certificates: %w", err)
	}
	if err := ds.fillWishlists(ctx, tx); err != nil {
		return fmt.Errorf("fill wishlist_items: %w", err)
	}
	if err := ds.fillRelated(ctx, tx, report); err != nil {
		return fmt.Errorf("fill course_related: %w", err)
	}
	return computeAnalytics(ctx, tx, report)
}

// listTables returns all tables in the order of their foreign keys.
func (ds *dataset) listTables() []table {
	reviews, progressEvents := ds.countHistory()
	return []table{
		{"categories", categoryColumns, len(ds.categories), ds.categoryRows()},
		{"users", userColumns, len(ds.joinedAt), ds.userRows()},
		{"courses", courseColumns, len(ds.courses), ds.courseRows()},
		{"videos", videoColumns, len(ds.videoSeconds), ds.videoRows()},
		{"sections", sectionColumns, ds.countSections(), ds.sectionRows()},
		{"enrollments", enrollmentColumns, ds.size.enrollments, ds.enrollmentRows()},
		{"reviews", reviewColumns, reviews, ds.reviewRows()},
		{"video_progress", progressColumns, progressEvents, ds.progressRows()},
	}
}

func (t table) fillTable(ctx context.Context, tx pgx.Tx, report progressFunc) error {
	report(t.name, 0, int64(t.total))
	send := func() error { return t.copyRows(ctx, tx, report) }
	var err error
	switch t.name {
	case "courses":
		err = withoutIndexes(ctx, tx, t.name, send)
	case "videos", "enrollments", "reviews", "video_progress": // The triggers count in courses, which have the counters already.
		err = withoutTriggers(ctx, tx, t.name, func() error { return withoutIndexes(ctx, tx, t.name, send) })
	default:
		err = send()
	}
	if err != nil {
		return err
	}
	// COPY with explicit ids does not advance the sequence of an identity column.
	_, err = tx.Exec(ctx, "SELECT setval(pg_get_serial_sequence($1, 'id'), $2)", t.name, t.total)
	if err != nil {
		return fmt.Errorf("set the sequence: %w", err)
	}
	return nil
}

func (t table) copyRows(ctx context.Context, tx pgx.Tx, report progressFunc) error {
	next, stop := iter.Pull(t.rows)
	defer stop()
	for done := 0; done < t.total; {
		end := min(done+rowsPerCopy, t.total)
		source := pgx.CopyFromFunc(func() ([]any, error) {
			if done == end {
				return nil, nil
			}
			row, ok := next()
			if !ok {
				return nil, fmt.Errorf("only %d of %d rows were generated", done, t.total)
			}
			if done++; done%rowsPerReport == 0 {
				report(t.name, int64(done), int64(t.total))
			}
			return row, nil
		})
		if _, err := tx.CopyFrom(ctx, pgx.Identifier{t.name}, t.columns, source); err != nil {
			return err
		}
	}
	if t.total%rowsPerReport != 0 {
		report(t.name, int64(t.total), int64(t.total))
	}
	return nil
}

// issueCertificates issues the certificates of all completed enrollments, as the trigger of enrollments does. Their
// codes are the same in every load.
func (ds *dataset) issueCertificates(ctx context.Context, tx pgx.Tx) error {
	issue := func() error {
		_, err := tx.Exec(ctx, `INSERT INTO certificates (code, user_id, course_id, course_title, issued_at)
			SELECT md5('demo ' || e.user_id || ' ' || e.course_id)::uuid, e.user_id, e.course_id, c.title, e.completed_at
			FROM enrollments e JOIN courses c ON c.id = e.course_id WHERE e.completed_at IS NOT NULL ORDER BY e.id`)
		return err
	}
	return withoutTriggers(ctx, tx, "certificates", func() error { return withoutIndexes(ctx, tx, "certificates", issue) })
}

// fillWishlists gives every third user up to three published courses that the user is not enrolled in. They were
// added halfway between the sign-up, or the publication, and now.
func (ds *dataset) fillWishlists(ctx context.Context, tx pgx.Tx) error {
	return withoutIndexes(ctx, tx, "wishlist_items", func() error {
		_, err := tx.Exec(ctx, `INSERT INTO wishlist_items (user_id, course_id, added_at)
			SELECT u.id, c.id, date_trunc('second', t.since + ($1 - t.since) / 2)
			FROM users u CROSS JOIN generate_series(1, 3) n
			JOIN courses c ON c.published AND c.id = 1 + (u.id * 31 + n * 17) % $2
			CROSS JOIN LATERAL (SELECT greatest(u.created_at, c.published_at) AS since) t
			WHERE u.id % 3 = 1 AND NOT EXISTS (SELECT FROM enrollments e WHERE e.user_id = u.id AND e.course_id = c.id)
			ON CONFLICT DO NOTHING`, timeFromUnix(ds.now), len(ds.courses))
		return err
	})
}

// fillRelated stores the courses that share students with each course.
func (ds *dataset) fillRelated(ctx context.Context, tx pgx.Tx, report progressFunc) error {
	lists := ds.relateCourses()
	t := table{"course_related", relatedColumns, 0, relatedRows(lists)}
	for _, list := range lists {
		t.total += len(list)
	}
	report(t.name, 0, int64(t.total))
	err := withoutTriggers(ctx, tx, t.name, func() error {
		return withoutIndexes(ctx, tx, t.name, func() error { return t.copyRows(ctx, tx, report) })
	})
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "INSERT INTO course_related_made SELECT id, now() FROM courses")
	return err
}

// computeAnalytics computes the figures that the server refreshes every few minutes.
func computeAnalytics(ctx context.Context, tx pgx.Tx, report progressFunc) error {
	report("analytics", 0, 1)
	if _, err := tx.Exec(ctx, "SELECT compute_analytics()"); err != nil {
		return fmt.Errorf("compute analytics: %w", err)
	}
	report("analytics", 1, 1)
	return nil
}
