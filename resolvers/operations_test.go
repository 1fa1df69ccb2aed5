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

// operation reads one of the operations that clients are known to send.
func operation(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "operations", name+".graphql"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var pageSize = regexp.MustCompile(`first: \d+`)

// resized asks for pages of another size.
func resized(operation string, first int) string {
	return pageSize.ReplaceAllString(operation, fmt.Sprintf("first: %d", first))
}

// Statements and round trips are asserted to the letter, so that every change
// shows; no page size and no viewer may change them but by what the viewer sees
// more of. A wait is a batch that nobody planned.
func TestStatementsOfOperations(t *testing.T) {
	t.Parallel()
	a := setup(t, testdb.NewWithDemo(t))
	a.exec(t, "SELECT refresh_related(ARRAY(SELECT id FROM courses))")
	taken := one[string](t, a, "SELECT c.slug FROM courses c JOIN enrollments e ON e.course_id = c.id WHERE e.user_id = 1 AND c.published ORDER BY c.enrollment_count DESC, c.id LIMIT 1")
	// A slug that was never asked for takes one round trip more than one that was.
	cold := a.ask(t, anonymous, operation(t, "course-page"), map[string]any{"slug": taken})
	if diff := cmp.Diff(cost{8, 2, 0}, cold.cost); diff != "" {
		t.Errorf("the cost of a first course page changed (-want +got):\n%s", diff)
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
		{"course-page", anonymous, map[string]any{"slug": taken}, cost{8, 1, 0}, cost{8, 1, 0}},
		{"course-page", student, map[string]any{"slug": taken}, cost{9, 1, 0}, cost{9, 1, 0}},
		// Two courses are not of all the categories that the facets show; thirty are.
		{"search", anonymous, map[string]any{"query": "data"}, cost{5, 2, 0}, cost{4, 2, 0}},
		{"search", student, map[string]any{"query": "data"}, cost{5, 2, 0}, cost{4, 2, 0}},
		{"search", anonymous, map[string]any{"query": "xqzzy"}, cost{3, 2, 0}, cost{3, 2, 0}},
		{"search", student, map[string]any{"query": "databas desing"}, cost{4, 3, 0}, cost{4, 3, 0}},
		{"dashboard", anonymous, map[string]any{}, cost{0, 0, 0}, cost{0, 0, 0}},
		{"dashboard", student, map[string]any{}, cost{8, 3, 0}, cost{8, 3, 0}},
		{"browse-tree", anonymous, map[string]any{}, cost{4, 3, 0}, cost{4, 3, 0}},
		{"browse-tree", student, map[string]any{}, cost{4, 3, 0}, cost{4, 3, 0}},
	} {
		for first, want := range map[int]cost{2: op.small, 30: op.large} {
			t.Run(fmt.Sprintf("%s %s first %d", op.name, name(op.as), first), func(t *testing.T) {
				op.variables["first"] = first
				got := a.ask(t, op.as, resized(operation(t, op.name), first), op.variables)
				if len(got.Errors) > 0 {
					t.Fatalf("answered %s", got.body)
				}
				if diff := cmp.Diff(want, got.cost); diff != "" {
					t.Errorf("the cost changed (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// What is remembered of a slug is a hint: where it leads elsewhere by now, the
// answer is that of the new place.
func TestSlugThatMoved(t *testing.T) {
	t.Parallel()
	a := setup(t, testdb.NewWithDemo(t))
	slugs := one[[]string](t, a, "SELECT array_agg(slug) FROM (SELECT slug FROM courses WHERE published ORDER BY enrollment_count DESC, id LIMIT 2) c")
	page := func(slug string) answer {
		return a.ask(t, student, operation(t, "course-page"), map[string]any{"slug": slug})
	}
	page(slugs[0])
	second := page(slugs[1])
	a.exec(t, "UPDATE courses SET slug = 'elsewhere' WHERE slug = $1", slugs[0])
	a.exec(t, "UPDATE courses SET slug = $1 WHERE slug = $2", slugs[0], slugs[1])
	moved := page(slugs[0])
	for _, path := range [][]any{{"course", "id"}, {"course", "videos"}, {"course", "reviews"}, {"course", "instructor"}, {"course", "category"}} {
		if diff := cmp.Diff(at(second.Data, path...), at(moved.Data, path...)); diff != "" || at(moved.Data, path...) == nil {
			t.Errorf("%v of the slug that moved (-want +got):\n%s", path, diff)
		}
	}
	if gone := page(slugs[1]); len(gone.Errors) > 0 || at(gone.Data, "course") != nil {
		t.Errorf("a slug that is gone leads to %s", gone.body)
	}
}
