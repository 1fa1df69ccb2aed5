package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/7p-education/api/internal/testdb"
)

// TestExplainCommand checks the text that the command prints for an operation on a database, and its errors.
func TestExplainCommand(t *testing.T) {
	t.Parallel()
	dsn := testdb.NewWithDemo(t)
	file := filepath.Join(t.TempDir(), "catalog.graphql")
	const text = "query Catalog($first: Int!) { courses(first: $first) { nodes { title instructor { name } } } }"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) (string, error) {
		line, _, err := parseCommand(append([]string{"explain", file, "--database-url=" + dsn}, args...)...)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		err = line.Explain.explain(t.Context(), &line.Settings, &out)
		return out.String(), err
	}
	out, err := run("--variables={\"first\": 3}", "--plans")
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{
		"2 rounds, 2 round trips", "cache: miss, shared by all for 60 s, maximum age by Query.courses", "courses\n  nodes\n    instructor  [round trip 2]\n",
		"round trip 2, round 2, primary", "batch User of 3 keys for Course.instructor", "Index Scan by users_pkey on users: ",
	} {
		if !strings.Contains(out, part) {
			t.Errorf("%q is missing in\n%s", part, out)
		}
	}
	if out, err = run("--variables={\"first\": 3}", "--json"); err != nil || !strings.HasPrefix(out, `{"data":{"courses"`) {
		t.Errorf("%v: %s", err, out)
	}
	if _, err = run(); err == nil || !strings.Contains(err.Error(), "first") {
		t.Errorf("an operation without its variable: %v", err)
	}
	if _, err = run("--email=missing@example.com"); err == nil || !strings.Contains(err.Error(), "no active account") {
		t.Errorf("an account that does not exist: %v", err)
	}
}
