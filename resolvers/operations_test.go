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
	a := setup(t, testdb.Demo(t))
	a.exec(t, "SELECT refresh_related(ARRAY(SELECT id FROM courses))")
	taken := one[string](t, a, "SELECT c.slug FROM courses c JOIN enrollments e ON e.course_id = c.id WHERE e.user_id = 1 AND c.published ORDER BY c.enrollment_count DESC, c.id LIMIT 1")
	for _, op := range []struct {
		name      string
		as        edu.Viewer
		variables map[string]any
		small     cost
		large     cost
	}{
		{"catalog", anonymous, map[string]any{}, cost{4, 2, 0}, cost{4, 2, 0}},
		{"catalog", student, map[string]any{}, cost{4, 2, 0}, cost{4, 2, 0}},
		{"course-page", anonymous, map[string]any{"slug": taken}, cost{9, 3, 0}, cost{9, 3, 0}},
		{"course-page", student, map[string]any{"slug": taken}, cost{10, 3, 0}, cost{10, 3, 0}},
		// Two courses are not of all the categories that the facets show; forty are.
		{"search", anonymous, map[string]any{"query": "data"}, cost{5, 2, 0}, cost{4, 2, 0}},
		{"search", student, map[string]any{"query": "data"}, cost{5, 2, 0}, cost{4, 2, 0}},
		{"search", anonymous, map[string]any{"query": "xqzzy"}, cost{4, 3, 0}, cost{4, 3, 0}},
		{"search", student, map[string]any{"query": "databas desing"}, cost{4, 3, 0}, cost{4, 3, 0}},
		{"dashboard", anonymous, map[string]any{}, cost{0, 0, 0}, cost{0, 0, 0}},
		{"dashboard", student, map[string]any{}, cost{8, 3, 0}, cost{8, 3, 0}},
		{"browse-tree", anonymous, map[string]any{}, cost{5, 4, 0}, cost{5, 4, 0}},
		{"browse-tree", student, map[string]any{}, cost{5, 4, 0}, cost{5, 4, 0}},
	} {
		for first, want := range map[int]cost{2: op.small, 40: op.large} {
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
