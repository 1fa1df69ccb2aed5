package resolvers_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/testdb"
)

// readOperation returns one of the operations that clients are known to send.
func readOperation(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "operations", name+".graphql"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var pageSize = regexp.MustCompile(`first: \d+`)

// withPageSize returns an operation with another page size.
func withPageSize(operation string, first int) string {
	return pageSize.ReplaceAllString(operation, fmt.Sprintf("first: %d", first))
}

// TestOperationCosts checks the exact numbers of statements and round trips, so that every change is noticed.
// They must not depend on the page size, nor on the viewer except for additional data that the viewer sees.
// A wait is a batch that was not prefetched.
func TestOperationCosts(t *testing.T) {
	t.Parallel()
	a := setup(t, testdb.NewWithDemo(t))
	a.exec(t, "SELECT refresh_related(ARRAY(SELECT id FROM courses))")
	slug := queryOne[string](t, a, "SELECT c.slug FROM courses c JOIN enrollments e ON e.course_id = c.id WHERE e.user_id = 1 AND c.published ORDER BY c.enrollment_count DESC, c.id LIMIT 1")
	taught := queryOne[string](t, a, "SELECT slug FROM courses WHERE instructor_id = 2 AND published ORDER BY id LIMIT 1")
	a.execute(t, instructor, readOperation(t, "studio-course"), map[string]any{"slug": taught})
	// The first request of a slug takes one more round trip than later ones.
	cold := a.execute(t, anonymous, readOperation(t, "course-page"), map[string]any{"slug": slug})
	if diff := cmp.Diff(cost{8, 2, 0}, cold.cost); diff != "" {
		t.Errorf("the cost of the first course page changed (-want +got):\n%s", diff)
	}
	for _, op := range []struct {
		name      string
		as        edu.Viewer
		variables map[string]any
		small     cost
		large     cost
	}{
		{"catalog", anonymous, map[string]any{}, cost{4, 2, 0}, cost{4, 2, 0}},
		{"catalog", student, map[string]any{}, cost{4, 2, 0}, cost{4, 2, 0}},
		{"course-page", anonymous, map[string]any{"slug": slug}, cost{8, 1, 0}, cost{8, 1, 0}},
		{"course-page", student, map[string]any{"slug": slug}, cost{9, 1, 0}, cost{9, 1, 0}},
		// Two courses do not cover all categories of the facets; thirty do.
		{"search", anonymous, map[string]any{"query": "data"}, cost{5, 2, 0}, cost{4, 2, 0}},
		{"search", student, map[string]any{"query": "data"}, cost{5, 2, 0}, cost{4, 2, 0}},
		{"search", anonymous, map[string]any{"query": "xqzzy"}, cost{3, 2, 0}, cost{3, 2, 0}},
		{"search", student, map[string]any{"query": "databas desing"}, cost{4, 3, 0}, cost{4, 3, 0}},
		{"dashboard", anonymous, map[string]any{}, cost{0, 0, 0}, cost{0, 0, 0}},
		{"dashboard", student, map[string]any{}, cost{8, 3, 0}, cost{8, 3, 0}},
		{"continue-learning", student, map[string]any{}, cost{4, 2, 0}, cost{4, 2, 0}},
		// The pages of a learning product: at most 10 statements in 2 round trips.
		{"learning-page", student, map[string]any{"slug": slug}, cost{9, 2, 0}, cost{9, 2, 0}},
		{"studio-page", instructor, map[string]any{}, cost{6, 2, 0}, cost{6, 2, 0}},
		{"studio-course", instructor, map[string]any{"slug": taught}, cost{6, 2, 0}, cost{6, 2, 0}},
		{"browse-tree", anonymous, map[string]any{}, cost{4, 3, 0}, cost{4, 3, 0}},
		{"browse-tree", student, map[string]any{}, cost{4, 3, 0}, cost{4, 3, 0}},
	} {
		for first, want := range map[int]cost{2: op.small, 30: op.large} {
			t.Run(fmt.Sprintf("%s %s first %d", op.name, viewerName(op.as), first), func(t *testing.T) {
				op.variables["first"] = first
				got := a.execute(t, op.as, withPageSize(readOperation(t, op.name), first), op.variables)
				if len(got.Errors) > 0 {
					t.Fatalf("response %s", got.body)
				}
				if diff := cmp.Diff(want, got.cost); diff != "" {
					t.Errorf("the cost changed (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// TestMovedSlug checks that a slug which now belongs to another course leads to that course, although the
// hint for the slug still names the old one.
func TestMovedSlug(t *testing.T) {
	t.Parallel()
	a := setup(t, testdb.NewWithDemo(t))
	slugs := queryOne[[]string](t, a, "SELECT array_agg(slug) FROM (SELECT slug FROM courses WHERE published ORDER BY enrollment_count DESC, id LIMIT 2) c")
	page := func(slug string) response {
		return a.execute(t, student, readOperation(t, "course-page"), map[string]any{"slug": slug})
	}
	page(slugs[0])
	second := page(slugs[1])
	a.exec(t, "UPDATE courses SET slug = 'elsewhere' WHERE slug = $1", slugs[0])
	a.exec(t, "UPDATE courses SET slug = $1 WHERE slug = $2", slugs[0], slugs[1])
	moved := page(slugs[0])
	for _, path := range [][]any{{"course", "id"}, {"course", "videos"}, {"course", "reviews"}, {"course", "instructor"}, {"course", "category"}} {
		if diff := cmp.Diff(second.At(path...), moved.At(path...)); diff != "" || moved.At(path...) == nil {
			t.Errorf("%v of the moved slug (-want +got):\n%s", path, diff)
		}
	}
	if removed := page(slugs[1]); len(removed.Errors) > 0 || removed.At("course") != nil {
		t.Errorf("response %s, want no course for a removed slug", removed.body)
	}
}
