package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/7p-education/api/internal/app"
	"github.com/7p-education/api/internal/testdb"
)

// TestPlanCheck records the plans of queries, and finds the ones that are worse: with more rounds and statements, and
// without an index.
func TestPlanCheck(t *testing.T) {
	t.Parallel()
	dsn, dir := testdb.NewWithDemo(t), t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run := func(record bool) (string, error) {
		t.Helper()
		line, _, err := parseCommand("documents", "check", "--plans="+dir, "--database-url="+dsn)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		err = withPreparedDatabase(t.Context(), &line.Settings, func(db *app.Database) error {
			return planCheck{dir: dir, record: record, settings: &line.Settings, db: db, out: &out}.run(t.Context())
		})
		return out.String(), err
	}
	expect := func(record bool, parts ...string) {
		t.Helper()
		out, err := run(record)
		if err != nil {
			out += err.Error()
		}
		for _, part := range parts {
			if !strings.Contains(out, part) {
				t.Errorf("%q is missing in\n%s", part, out)
			}
		}
	}
	const query = `{"query": "{ courses(first: 3) { nodes { title } } }"}`
	expect(false, "has no request: write files such as catalog.json")
	write("courses.json", query)
	write("course.json", `{"query": "{ course(slug: \"go-basics-1\") { title } }"}`)
	expect(false, "course.json has no recorded plan: add --record")
	expect(true, "2 plans recorded")
	expect(false, "2 plans checked")

	write("courses.json", `{"query": "{ courses(first: 3) { nodes { title instructor { name } } } }"}`)
	expect(false, "worse: courses.json: 2 rounds, 1 before", "worse: courses.json: 2 statements, 1 before", "the plans of 1 queries are worse")
	write("courses.json", query)

	if _, err := testdb.OpenPool(t, dsn).Exec(t.Context(), "ALTER TABLE courses DROP CONSTRAINT courses_slug_key"); err != nil {
		t.Fatal(err)
	}
	expect(false, "worse: course.json: CourseBySlug reads all of courses, by an index before")
	write("mutation.json", `{"query": "mutation { logout }"}`)
	expect(false, "mutation.json: a mutation is not checked, because it would run")
	write("mutation.json", `{"id": "sha256:0"}`)
	expect(false, `there is no trusted document "sha256:0"`)
}
