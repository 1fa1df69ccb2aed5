package gql

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql/limits"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

// queryCost is extensions.cost.
type queryCost struct {
	Requested int64  `json:"requestedQueryCost"`
	Actual    *int64 `json:"actualQueryCost"`
	Maximum   int64  `json:"maximumAvailable"`
}

// dryRunResult is extensions.dryRun.
type dryRunResult struct {
	Fields        int64
	Depth         int
	Statements    int `json:"sqlStatements"`
	MostExpensive []limits.CostShare
}

// costResult is a response and its cost.
type costResult struct {
	status     int
	Data       json.RawMessage
	Errors     []struct{ Extensions map[string]any }
	Extensions struct {
		Cost   *queryCost
		DryRun *dryRunResult
	}
}

// costClient asks a server what operations cost.
type costClient struct {
	*testing.T
	server http.Handler
}

// sendOperation sends an operation with headers, given as "Name: value".
func (t costClient) sendOperation(as edu.Viewer, query string, variables map[string]any, headers ...string) costResult {
	t.Helper()
	r := newQueryRequest(query, variables)
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Add(name, value)
	}
	w := serve(t.server, r.WithContext(edu.WithViewer(t.Context(), as)))
	b := costResult{status: w.Code}
	if err := json.Unmarshal(w.Body.Bytes(), &b); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	return b
}

func newDemoServer(t *testing.T, limits limits.Limits) costClient {
	t.Helper()
	db, err := store.Open(t.Context(), store.Config{URL: testdb.NewWithDemo(t), MaxConns: 4})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return costClient{t, New(Options{Store: db, Log: slog.New(slog.DiscardHandler), Introspection: true, Limits: limits, Now: func() time.Time { return testdb.Now }})}
}

// What an answer cost is told to who asks, and never more than the estimate.
func TestCostOfOperations(t *testing.T) {
	t.Parallel()
	s := newDemoServer(t, limits.Defaults())
	pages := regexp.MustCompile(`first: \d+`)
	files, err := filepath.Glob("../../bench/operations/*.graphql")
	if err != nil || len(files) < 5 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, query := range []string{string(text), pages.ReplaceAllString(string(text), "first: 20")} {
			if strings.Contains(query, "mutation") {
				continue
			}
			variables := map[string]any{"first": 100, "query": "data", "slug": "graphql-schema-to-production"}
			b := s.sendOperation(edu.Viewer{ID: 1, Role: edu.RoleStudent}, query, variables, "GraphQL-Cost: 1")
			c := b.Extensions.Cost
			if b.status != 200 || c == nil || c.Actual == nil || *c.Actual < 1 || *c.Actual > c.Requested || c.Maximum != limits.Defaults().Cost || len(b.Errors) > 0 {
				t.Errorf("%s: %d %+v %v", file, b.status, c, b.Errors)
			}
		}
	}
	// The list, the connection, its total, three courses with a category and a price each.
	const query = "{ courses(first: 3) { totalCount nodes { title category { name } price { amount } } } }"
	whole := int64(50 + 1 + 1 + 3*3)
	if diff := cmp.Diff(&queryCost{Requested: whole, Actual: &whole, Maximum: 50_000}, s.sendOperation(edu.Viewer{}, query, nil, "GraphQL-Cost: true").Extensions.Cost); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for _, no := range []string{"X: ", "GraphQL-Cost: 0", "GraphQL-Cost: false", "GraphQL-Cost: ", "GraphQL-Dry-Run: 0"} {
		if b := s.sendOperation(edu.Viewer{}, query, nil, no); b.Extensions.Cost != nil || len(b.Data) < 100 {
			t.Errorf("%q: %s %+v", no, b.Data, b.Extensions)
		}
	}
}

func TestCostOfRandomQueries(t *testing.T) {
	t.Parallel()
	limits := limits.Defaults()
	limits.Tokens, limits.Aliases, limits.RepeatedNames, limits.Directives, limits.Cost, limits.Fields = 10_000, 1000, 1000, 1000, 1e9, 1e9
	s := newDemoServer(t, limits)
	q := &queries{schema: ExecutableSchema().Schema(), random: rand.New(rand.NewPCG(3, 3)), ids: fetchIDs(t, s.server)}
	told := 0
	for i := range 150 {
		query := q.next()
		b := s.sendOperation(edu.Viewer{ID: 3, Role: edu.RoleAdmin}, query, map[string]any{"yes": i%2 == 0, "no": i%3 == 0}, "GraphQL-Cost: 1")
		if c := b.Extensions.Cost; c != nil && c.Actual != nil {
			told++
			if *c.Actual > c.Requested {
				t.Errorf("cost %d, estimated as %d: %s", *c.Actual, c.Requested, query)
			}
		}
	}
	if told < 75 {
		t.Errorf("%d of 150 answers tell their cost", told)
	}
}

// limitedBudget is a Budget that remembers what it was asked for.
type limitedBudget struct {
	spent, attempts, requests int64
	// What it has of each.
	cost, sessions, more int64
}

func (l *limitedBudget) takeUnits(used *int64, n, most int64) error {
	if *used+n > most {
		return &edu.Error{Code: edu.RateLimited, Message: "too much", RetryAfter: 7}
	}
	*used += n
	return nil
}

func (l *limitedBudget) Requests(_ context.Context, n int) error {
	return l.takeUnits(&l.requests, int64(n), l.more)
}

func (l *limitedBudget) Spend(_ context.Context, cost int64) error {
	return l.takeUnits(&l.spent, cost, l.cost)
}

func (l *limitedBudget) Attempt(context.Context) error {
	return l.takeUnits(&l.attempts, 1, l.sessions)
}

// A dry run has no store to ask, and no budget to spend.
func TestDryRun(t *testing.T) {
	t.Parallel()
	budget := &limitedBudget{cost: 1e6, sessions: 10}
	s := costClient{t, New(Options{Log: slog.New(slog.DiscardHandler), Budget: budget})}
	const query = "query A($n: Int!) { courses(first: $n) { totalCount nodes { title category { name } price { amount } } } }"
	for _, headers := range [][]string{{"GraphQL-Dry-Run: 1"}, {"graphql-dry-run: yes", "GraphQL-Cost: 1"}} {
		b := s.sendOperation(edu.Viewer{}, query, map[string]any{"n": 100}, headers...)
		want := &dryRunResult{Fields: 503, Depth: 4, Statements: 3, MostExpensive: []limits.CostShare{
			{Path: "courses.nodes", Cost: 100}, {Path: "courses.nodes.category", Cost: 100}, {Path: "courses.nodes.price", Cost: 100},
		}}
		if diff := cmp.Diff(want, b.Extensions.DryRun); diff != "" || b.status != 200 || string(b.Data) != "null" || b.Errors != nil {
			t.Errorf("%d %s %v (-want +got)\n%s", b.status, b.Data, b.Errors, diff)
		}
		if diff := cmp.Diff(&queryCost{Requested: 352, Maximum: 50_000}, b.Extensions.Cost); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
	const signIn = `mutation { signIn(input: {email: "a@7p.example", password: "a"}) { accessToken } }`
	if b := s.sendOperation(edu.Viewer{}, signIn, nil, "GraphQL-Dry-Run: 1", "Idempotency-Key: k"); b.status != 200 || b.Extensions.Cost.Requested != 5001 {
		t.Errorf("a mutation: %+v", b)
	}
	if budget.spent > 0 || budget.attempts > 0 {
		t.Errorf("dry runs spent %+v", budget)
	}
	// What would be refused is, and tells its cost.
	for text, code := range map[string]string{
		"{ courses(first: 100) { nodes { reviews(first: 100) { nodes { author { name enrollments(first: 100) { nodes { id } } } } } } } }": "COST_ESTIMATED_TOO_EXPENSIVE",
		"{ courses { nope } }": "GRAPHQL_VALIDATION_FAILED",
		query:                  "BAD_USER_INPUT", // without its variable
	} {
		b := s.sendOperation(edu.Viewer{}, text, nil, "GraphQL-Dry-Run: 1")
		if b.status != 422 || len(b.Errors) != 1 || b.Errors[0].Extensions["code"] != code || b.Data != nil {
			t.Errorf("%s: %+v", text, b)
			continue
		}
		if code == "COST_ESTIMATED_TOO_EXPENSIVE" {
			mostExpensive, _ := b.Errors[0].Extensions["mostExpensive"].([]any)
			if len(mostExpensive) != 3 || fmt.Sprint(mostExpensive[0]) != "map[cost:1e+06 path:courses.nodes.reviews.nodes.author.enrollments.nodes]" ||
				b.Errors[0].Extensions["limit"] != 50_000.0 || b.Errors[0].Extensions["value"] != 1_030_251.0 {
				t.Errorf("refused with %v", b.Errors[0].Extensions)
			}
		}
	}
}

// What is run is paid before it, and so is an attempt to sign in, wherever in the
// operation that stands. Without a store nothing can be run.
func TestBudget(t *testing.T) {
	t.Parallel()
	const signIn = `mutation { ...F } fragment F on Mutation { s: signIn(input: {email: "a@7p.example", password: "a"}) { accessToken } }`
	for _, tt := range []struct {
		has, left limitedBudget
		query     string
	}{
		{limitedBudget{}, limitedBudget{}, "{ courses(first: 1) { nodes { id } } }"},
		{limitedBudget{cost: 51, sessions: 1}, limitedBudget{}, "{ courses(first: 1) { nodes { id } } }"},
		{limitedBudget{cost: 5000, sessions: 1}, limitedBudget{}, signIn},
		{limitedBudget{cost: 5001}, limitedBudget{spent: 5001}, signIn},
	} {
		budget := tt.has
		s := costClient{t, New(Options{Log: slog.New(slog.DiscardHandler), Budget: &budget})}
		b := s.sendOperation(edu.Viewer{}, tt.query, nil)
		if b.status != http.StatusTooManyRequests || b.Data != nil || b.Errors[0].Extensions["code"] != "RATE_LIMITED" || b.Errors[0].Extensions["retryAfter"] != 7.0 {
			t.Errorf("%s: %+v", tt.query, b)
		}
		if budget.spent != tt.left.spent || budget.attempts != tt.left.attempts {
			t.Errorf("%s: spent %+v", tt.query, budget)
		}
	}
}
