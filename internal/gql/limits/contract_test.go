package limits_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/7p-education/api/internal/gql/limits"
)

// decodeVariables decodes variables as the transport does.
func decodeVariables(t *testing.T, text string) map[string]any {
	t.Helper()
	in := json.NewDecoder(bytes.NewReader([]byte(text)))
	in.UseNumber()
	var v map[string]any
	if err := in.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func readFile(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestContractIsAccepted checks that the operations of our clients are accepted at their largest
// pages, by limits stricter than the defaults.
func TestContractIsAccepted(t *testing.T) {
	t.Parallel()
	p := newPolicy(t, contractSchema(t), strictLimits())
	const largest = `{"first": 100, "query": "go", "slug": "go", "filter": {"difficulty": "BEGINNER", "tags": ["a", "b"]},
		"orderBy": {"field": "TITLE", "direction": "ASC"}}`
	for file, want := range map[string]string{
		"catalog":     "cost 2453, 1906 fields, depth 4, 4 statements; courses.nodes.description 2000, courses.nodes 100, courses.nodes.price 100",
		"course-page": "cost 162, 334 fields, depth 5, 10 statements; course.videos.nodes 50, course.reviews.nodes.body 50, course.description 20",
		"search":      "cost 3848, 1801 fields, depth 5, 6 statements; searchCourses.edges.highlight.description 2000, searchCourses 501, searchCourses.facets 501",
		"dashboard":   "cost 341, 170 fields, depth 6, 8 statements; viewer.dashboard.recommendedCourses 105, viewer.dashboard.recentActivity 60, viewer.dashboard.watchTime 54",
		"browse-tree": "cost 1840, 4101 fields, depth 7, 5 statements; categories.courses.nodes.reviews.nodes 600, categories.courses.nodes.reviews.nodes.author 600, categories.courses.nodes 200",
	} {
		d, err := p.ParseDocument(readFile(t, "../../../bench/operations/"+file+".graphql"))
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		variables := decodeVariables(t, largest)
		if e, rejection := d.CheckCost("", variables); rejection != nil {
			t.Errorf("%s: %+v %v", file, e, rejection)
		}
		r := d.AnalyzeCost("", variables)
		var mostExpensive []string
		for _, s := range r.MostExpensive {
			mostExpensive = append(mostExpensive, fmt.Sprint(s.Path, " ", s.Cost))
		}
		if got := fmt.Sprintf("cost %d, %d fields, depth %d, %d statements; %s", r.Cost, r.Fields, r.Depth, r.Statements, strings.Join(mostExpensive, ", ")); got != want {
			t.Errorf("%s: %s\nwant %s", file, got, want)
		}
	}
}

func TestExamplesAreAccepted(t *testing.T) {
	t.Parallel()
	p := newPolicy(t, contractSchema(t), strictLimits())
	files, err := filepath.Glob("../../../web/playground/operations/*.graphql")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		d, err := p.ParseDocument(readFile(t, file))
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if _, rejection := d.CheckCost("", decodeVariables(t, readFile(t, strings.TrimSuffix(file, ".graphql")+".json"))); rejection != nil {
			t.Errorf("%s: %v", file, rejection)
		}
	}
}

// TestBulkIsAccepted checks that the largest writes are accepted.
func TestBulkIsAccepted(t *testing.T) {
	t.Parallel()
	p := newPolicy(t, contractSchema(t), strictLimits())
	rows := func(n int, row map[string]any) []any {
		list := make([]any, n)
		for i := range list {
			list[i] = row
		}
		return list
	}
	for text, tt := range map[string]struct {
		input map[string]any
		cost  int64
	}{
		"mutation($input: ImportCoursesInput!) { importCourses(input: $input) { importedCount userErrors { message } } }":               {map[string]any{"courses": rows(10_000, map[string]any{"title": "Go", "tags": []any{"a", "b"}})}, 5_011},
		"mutation($input: RecordVideoProgressInput!) { recordVideoProgress(input: $input) { recordedCount enrollments { progress } } }": {map[string]any{"events": rows(500, map[string]any{"videoId": "a", "progressSeconds": json.Number("3")})}, 281},
		"mutation($input: SignInInput!) { signIn(input: $input) { accessToken user { id } } }":                                          {map[string]any{"email": "a@7p.example", "password": "a"}, 5_002},
	} {
		d, err := p.ParseDocument(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if e, rejection := d.CheckCost("", map[string]any{"input": tt.input}); rejection != nil || e.Cost != tt.cost {
			t.Errorf("%s: %+v %v, want %d", text, e, rejection, tt.cost)
		}
	}
}

// TestIntrospectionIsAccepted checks that the introspection query of GraphiQL and other tools
// counts only toward the limits of introspection.
func TestIntrospectionIsAccepted(t *testing.T) {
	t.Parallel()
	p := newPolicy(t, contractSchema(t), strictLimits())
	d, err := p.ParseDocument(readFile(t, "testdata/introspection.graphql"))
	if err != nil {
		t.Fatal(err)
	}
	e, rejection := d.CheckCost("IntrospectionQuery", nil)
	if want := (limits.Estimate{Fields: 1, IntrospectionCost: 109_644}); rejection != nil || e != want {
		t.Errorf("costs %+v %v, want %+v", e, rejection, want)
	}
	if r := d.AnalyzeCost("", nil); r.Depth != 1 || r.Statements != 0 {
		t.Errorf("analyzed as %+v", r)
	}
}

// TestDocumentIsShared checks that concurrent requests can share a document.
func TestDocumentIsShared(t *testing.T) {
	t.Parallel()
	p := newPolicy(t, contractSchema(t), strictLimits())
	d, err := p.ParseDocument(`query A($n: Int, $f: CourseFilter) { courses(first: $n, filter: $f) { ...F } }
		query B($n: Int) { courses(last: $n) { ...F } } fragment F on CourseConnection { nodes { id category { id } } }`)
	if err != nil {
		t.Fatal(err)
	}
	var done sync.WaitGroup
	for i := range 50 {
		done.Go(func() {
			v := map[string]any{"n": int64(i), "f": map[string]any{"tags": []any{"a"}}}
			if e, rejection := d.CheckCost("A", v); rejection != nil || e.Cost != int64(51+2*i) {
				t.Errorf("A with %d rows: %+v %v", i, e, rejection)
			}
			if r := d.AnalyzeCost("B", v); r.Cost != int64(51+2*i) {
				t.Errorf("B with %d rows: %+v", i, r)
			}
		})
	}
	done.Wait()
}
