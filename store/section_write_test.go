package store_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/store"
)

// No statement can let a section begin before the section that it follows.
func TestSectionsBeginInTheirOrder(t *testing.T) {
	t.Parallel()
	_, db := setupProgress(t, 4)
	exec(t, db, "INSERT INTO sections (course_id, title, position, first_position) VALUES (1, 'A', 1, 1), (1, 'B', 2, 3), (2, 'C', 1, 9)")
	for _, sql := range []string{
		"INSERT INTO sections (course_id, title, position, first_position) VALUES (1, 'X', 3, 2)",
		"UPDATE sections SET first_position = 4 WHERE title = 'A'",
		"UPDATE sections SET position = 3 WHERE title = 'A'",
		"UPDATE sections SET course_id = 1, position = 3, first_position = 2 WHERE title = 'C'",
	} {
		_, err := db.Exec(t.Context(), sql)
		if pg, ok := errors.AsType[*pgconn.PgError](err); !ok || pg.ConstraintName != "sections_order" {
			t.Errorf("%s: %v, want a violation of sections_order", sql, err)
		}
	}
	exec(t, db, "UPDATE sections SET position = 3 - position, first_position = 4 - first_position WHERE course_id = 1")
}

// Reordered sections take their videos with them, which are locked in the order of their ids. Other courses keep
// theirs.
func TestReorderSectionsLocksVideosInOrder(t *testing.T) {
	t.Parallel()
	s, db := setupProgress(t, 3)
	exec(t, db, "UPDATE videos SET title = title || id")
	exec(t, db, "INSERT INTO sections (course_id, title, position, first_position) VALUES (1, 'A', 1, 2), (1, 'B', 2, 3), (2, 'C', 1, 1)")
	expectLockOrder(t, db, "videos", [2]int64{1, 2}, func() error {
		return s.ReorderSections(t.Context(), author, 1, []int64{2, 1}, nil)
	})
	const want = "V1 1, V3 2, V2 3; V4 1, V5 2, V6 3"
	if got := value[string](t, db, "SELECT string_agg(titles, '; ' ORDER BY course_id) FROM (SELECT course_id, string_agg(title || ' ' || position, ', ' ORDER BY position) AS titles FROM videos GROUP BY course_id) v"); got != want {
		t.Errorf("videos %s, want %s", got, want)
	}
	var sections []edu.Section
	for _, row := range readRows(t, s, func(into func(*edu.Section)) store.Query { return store.SectionsByID([]int64{1, 2, 3, 4}, into) }) {
		sections = append(sections, *row)
	}
	if len(sections) != 3 {
		t.Fatalf("sections %+v, want 3", sections)
	}
	for _, want := range []edu.Section{
		{ID: 1, CourseID: 1, Title: "A", Position: 2, FirstPosition: 3, NextPosition: edu.MaxPosition, VideosCount: 1, DurationSeconds: 100},
		{ID: 2, CourseID: 1, Title: "B", Position: 1, FirstPosition: 2, NextPosition: 3, VideosCount: 1, DurationSeconds: 100},
		{ID: 3, CourseID: 2, Title: "C", Position: 1, FirstPosition: 1, NextPosition: edu.MaxPosition, VideosCount: 3, DurationSeconds: 300},
	} {
		if !slices.Contains(sections, want) {
			t.Errorf("sections %+v have not %+v", sections, want)
		}
	}
}
