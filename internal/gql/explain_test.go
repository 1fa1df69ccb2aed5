package gql_test

import (
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql"
	"github.com/7p-education/api/internal/gql/explain"
	"github.com/7p-education/api/internal/gqltest"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

var updatePlans = flag.Bool("update-plans", false, "write the golden plans of testdata/explain")

// newExplainServer serves the demo data with a response cache, and plans to admins.
func newExplainServer(t *testing.T) http.Handler {
	t.Helper()
	db := openStore(t, store.Config{URL: testdb.Direct(t, testdb.NewWithDemo(t)), MaxConns: 4}) // a pooler adds statements
	responses, _ := newResponseCache(t, db)
	return gql.New(gql.Options{
		Store: db, Log: discardLog, ResponseCache: responses, Now: func() time.Time { return testdb.Now }, MaxBatchSize: 2,
		AllowsExplain: func(r *http.Request) bool { return edu.ViewerFrom(r.Context()).IsAdmin() },
	})
}

// explainedPlan returns the plan in a response, which must have one and be stored nowhere.
func explainedPlan(t *testing.T, r *gqltest.Response) explain.Plan {
	t.Helper()
	var body struct {
		Extensions struct{ Explain *explain.Plan }
	}
	if err := json.Unmarshal(r.Body, &body); err != nil || body.Extensions.Explain == nil || r.Status != http.StatusOK {
		t.Fatalf("no plan: %v, %s", err, r)
	}
	if cache, status := r.Header.Get("Cache-Control"), r.Header.Get("Cache-Status"); cache != "no-store" || status != `"7p"; fwd=bypass; detail=explain-requested` {
		t.Errorf("Cache-Control %q, Cache-Status %q", cache, status)
	}
	return *body.Extensions.Explain
}

// TestExplain checks plans on one server with the demo data.
func TestExplain(t *testing.T) {
	t.Parallel()
	s := gqltest.NewClient(newExplainServer(t))
	t.Run("two contract operations", func(t *testing.T) { checkGoldenPlans(t, s) }) // first: the server remembers slugs
	t.Run("rejected requests", func(t *testing.T) { checkRejectedPlans(t, s) })
	t.Run("verdicts of the cache", func(t *testing.T) { checkVerdicts(t, s) })
	t.Run("plans of statements", func(t *testing.T) { checkStatementPlans(t, s) })
}

// checkGoldenPlans compares the plans of two contract operations, without their times.
func checkGoldenPlans(t *testing.T, s *gqltest.Client) {
	t.Helper()
	for _, name := range []string{"catalog", "course-page"} {
		text, err := os.ReadFile("../../bench/operations/" + name + ".graphql")
		if err != nil {
			t.Fatal(err)
		}
		variables := map[string]any{"first": 10, "slug": "graphql-schema-to-production"}
		plan := explainedPlan(t, s.Query(t, admin, string(text), variables, "GraphQL-Explain: 1"))
		plan.Phases = nil
		for i := range plan.Trips {
			plan.Trips[i].Milliseconds = 0
			for j := range plan.Trips[i].Statements {
				statement := &plan.Trips[i].Statements[j]
				if !strings.HasPrefix(statement.SQL, "-- name: "+statement.Name+"\n") {
					t.Errorf("%s: text %q of %s", name, statement.SQL, statement.Name)
				}
				statement.SQL, statement.Milliseconds = "", 0
			}
		}
		got, err := json.MarshalIndent(plan, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		golden := filepath.Join("testdata", "explain", name+".json")
		if *updatePlans {
			if err := os.WriteFile(golden, append(got, '\n'), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(strings.TrimSpace(string(want)), string(got)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}

// checkRejectedPlans checks who may have a plan, and of which requests.
func checkRejectedPlans(t *testing.T, s *gqltest.Client) {
	t.Helper()
	query := gqltest.QueryBody("{ courses(first: 1) { nodes { title } } }", nil)
	for _, c := range []struct {
		name         string
		as           edu.Viewer
		body, header string
		status       int
	}{
		{"an anonymous viewer", edu.Viewer{}, query, "1", http.StatusForbidden},
		{"a student", student, query, "plans", http.StatusForbidden},
		{"an instructor", instructor, query, "1", http.StatusForbidden},
		{"another value", admin, query, "all", http.StatusBadRequest},
		{"a batch", admin, "[" + query + "]", "1", http.StatusBadRequest},
	} {
		if r := s.Post(t, c.as, c.body, "GraphQL-Explain: "+c.header); r.Status != c.status || strings.Contains(r.Text(), "SELECT") {
			t.Errorf("%s: %s", c.name, r)
		}
	}
	if r := s.Post(t, admin, query, "GraphQL-Explain: 1", "Accept: text/event-stream"); r.Status != http.StatusNotAcceptable || !strings.Contains(r.Text(), "NOT_ACCEPTABLE") {
		t.Errorf("an event stream: %s", r)
	}
	for _, off := range []string{"0", "false", ""} {
		if r := s.Post(t, student, query, "GraphQL-Explain: "+off); r.Status != http.StatusOK || strings.Contains(r.Text(), "explain") {
			t.Errorf("%q: %s", off, r)
		}
	}
}

// checkVerdicts checks the verdict of the cache with its reason, and that plans neither use nor fill the cache.
func checkVerdicts(t *testing.T, s *gqltest.Client) {
	t.Helper()
	const public = "{ courses(first: 2) { nodes { title } } }"
	type verdict struct{ Result, Reason, Field, Private, Scope string }
	explained := func(query string, headers ...string) verdict {
		c := explainedPlan(t, s.Query(t, admin, query, nil, append(headers, "GraphQL-Explain: 1")...)).Cache
		return verdict{c.Result, c.Reason, c.Field, c.PrivateField, c.Scope}
	}
	miss := explained(public)
	if again := explained(public); again != miss || miss.Result != "miss" || miss.Reason != "" || miss.Scope == "" {
		t.Errorf("%+v, then %+v: a plan is stored", miss, again)
	}
	s.Query(t, admin, public, nil)
	if hit := explained(public); hit.Result != "hit" {
		t.Errorf("%+v of a cached response", hit)
	}
	for query, want := range map[string]verdict{
		"{ viewer { name } }": {"miss", "", "Query.viewer", "Query.viewer", "viewer"},
		`mutation { updateProfile(input: { name: "" }) { userErrors { message } } }`:                             {"bypass", "mutation", "", "", ""},
		"{ course(slug: \"graphql-schema-to-production\") { videos(first: 1) { nodes { playback { url } } } } }": {"bypass", "max-age-0", "Video.playback", "Video.playback", ""},
	} {
		if got := explained(query); got != want {
			t.Errorf("%s: %+v, want %+v", query, got, want)
		}
	}
	if got := explained(public, "GraphQL-Cost: 1"); got.Reason != "cost-requested" {
		t.Errorf("%+v with GraphQL-Cost", got)
	}
}

// checkStatementPlans checks that each statement has the plan that PostgreSQL has executed, without values of parameters.
func checkStatementPlans(t *testing.T, s *gqltest.Client) {
	t.Helper()
	const query = `{ searchCourses(query: "python", first: 3) { nodes { title instructor { name } } } }`
	plan := explainedPlan(t, s.Query(t, admin, query, nil, "GraphQL-Explain: plans"))
	n := 0
	for _, trip := range plan.Trips {
		for _, statement := range trip.Statements {
			n++
			if text := string(statement.Plan); !strings.Contains(text, `"Actual Rows"`) || !strings.Contains(text, `"Shared Hit Blocks"`) || strings.Contains(text, "python") {
				t.Errorf("%s: %s %s", statement.Name, statement.NoPlan, text)
			}
		}
	}
	if n == 0 || n != plan.Statements {
		t.Errorf("%d statements of %d", n, plan.Statements)
	}
	if r := s.Query(t, admin, `mutation { updateProfile(input: { name: "Renamed" }) { user { name } } }`, nil, "GraphQL-Explain: plans"); !strings.Contains(r.Text(), "only statements that read") {
		t.Errorf("no statement without a plan: %s", r)
	}
}
