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

// coursesPerRefresh is the number of courses per call of refresh_related.
const coursesPerRefresh = 500

type progressFunc func(table string, done, total int64)

// table is the data of one table. The slice that rows yields is reused.
type table struct {
	name    string
	columns []string
	total   int
	rows    iter.Seq[[]any]
}

func (ds *dataset) loadTables(ctx context.Context, tx pgx.Tx, report progressFunc) error {
	// The ids are assigned here, so no other session may insert meanwhile.
	_, err := tx.Exec(ctx, "LOCK TABLE users, categories, courses IN SHARE ROW EXCLUSIVE MODE")
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
	// This speeds up the indexes and foreign keys of millions of rows.
	if _, err := tx.Exec(ctx, "SET LOCAL maintenance_work_mem = '256MB'"); err != nil {
		return fmt.Errorf("set maintenance_work_mem: %w", err)
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
	if err := ds.fillWishlists(ctx, tx); err != nil {
		return fmt.Errorf("fill wishlist_items: %w", err)
	}
	// The data are the same in every load, and so are the codes of certificates, which a trigger has issued.
	if _, err := tx.Exec(ctx, "UPDATE certificates SET code = md5('demo ' || user_id || ' ' || course_id)::uuid"); err != nil {
		return fmt.Errorf("set the codes of certificates: %w", err)
	}
	if err := refreshViews(ctx, tx, report); err != nil {
		return err
	}
	return withoutIndexes(ctx, tx, "course_related", func() error { return ds.refreshRelated(ctx, tx, report) })
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
	case "enrollments", "reviews", "video_progress": // No foreign key refers to these tables.
		err = withoutIndexes(ctx, tx, t.name, send)
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

// fillWishlists gives every third user up to three published courses that the user is not enrolled in. They were
// added halfway between the sign-up, or the publication, and now.
func (ds *dataset) fillWishlists(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, `INSERT INTO wishlist_items (user_id, course_id, added_at)
		SELECT u.id, c.id, date_trunc('second', t.since + ($1 - t.since) / 2)
		FROM users u CROSS JOIN generate_series(1, 3) n
		JOIN courses c ON c.published AND c.id = 1 + (u.id * 31 + n * 17) % $2
		CROSS JOIN LATERAL (SELECT greatest(u.created_at, c.published_at) AS since) t
		WHERE u.id % 3 = 1 AND NOT EXISTS (SELECT FROM enrollments e WHERE e.user_id = u.id AND e.course_id = c.id)
		ON CONFLICT DO NOTHING`, timeFromUnix(ds.now), len(ds.courses))
	return err
}

// refreshViews refreshes the materialized views, as the server does every few minutes.
func refreshViews(ctx context.Context, tx pgx.Tx, report progressFunc) error {
	// Without ANALYZE the planner treats the tables as empty.
	_, err := tx.Exec(ctx, "ANALYZE users, courses, videos, enrollments, reviews, video_progress")
	if err != nil {
		return fmt.Errorf("analyze: %w", err)
	}
	for _, view := range []string{"course_analytics", "platform_totals", "platform_days", "user_activity"} {
		report(view, 0, 1)
		if _, err := tx.Exec(ctx, "REFRESH MATERIALIZED VIEW "+view); err != nil {
			return fmt.Errorf("refresh %s: %w", view, err)
		}
		report(view, 1, 1)
	}
	return nil
}

// refreshRelated computes the courses that share students with each course.
func (ds *dataset) refreshRelated(ctx context.Context, tx pgx.Tx, report progressFunc) error {
	total := len(ds.courses)
	report("course_related", 0, int64(total))
	for done := 0; done < total; {
		end := min(done+coursesPerRefresh, total)
		_, err := tx.Exec(ctx, "SELECT refresh_related(ARRAY(SELECT generate_series($1::bigint, $2::bigint)))", done+1, end)
		if err != nil {
			return fmt.Errorf("compute related courses: %w", err)
		}
		done = end
		report("course_related", int64(done), int64(total))
	}
	return nil
}
