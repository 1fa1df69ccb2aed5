package gql_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql"
	"github.com/7p-education/api/internal/gql/limits"
	"github.com/7p-education/api/internal/gqltest"
	"github.com/7p-education/api/internal/testdb"
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

// costResult is a response with its costs.
type costResult struct {
	status     int
	Data       json.RawMessage
	Errors     []gqltest.Error
	Extensions struct {
		Cost   *queryCost
		DryRun *dryRunResult
	}
}

// postWithCost posts a body with headers.
func postWithCost(t *testing.T, h http.Handler, as edu.Viewer, body string, headers ...string) costResult {
	t.Helper()
	resp := gqltest.NewClient(h).Post(t, as, body, headers...)
	r := costResult{status: resp.Status}
	if err := json.Unmarshal(resp.Body, &r); err != nil {
		t.Fatalf("%v: %s", err, resp.Body)
	}
	return r
}

// newCostServer serves the demo data.
func newCostServer(t *testing.T, l limits.Limits) http.Handler {
	t.Helper()
	return gql.New(gql.Options{Store: openDemoStore(t), Log: discardLog, Introspection: true, Limits: l, Now: func() time.Time { return testdb.Now }})
}

// A response has its actual cost if the client requests it; it never exceeds the estimate.
func TestCostOfOperations(t *testing.T) {
	t.Parallel()
	s := newCostServer(t, limits.Defaults())
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
			r := postWithCost(t, s, student, gqltest.QueryBody(query, variables), "GraphQL-Cost: 1")
			c := r.Extensions.Cost
			if r.status != 200 || c == nil || c.Actual == nil || *c.Actual < 1 || *c.Actual > c.Requested || c.Maximum != limits.Defaults().Cost || len(r.Errors) > 0 {
				t.Errorf("%s: %d %+v %v", file, r.status, c, r.Errors)
			}
		}
	}
	// The list, the connection, its total, three courses with a category and a price each.
	const query = "{ courses(first: 3) { totalCount nodes { title category { name } price { amount } } } }"
	total := int64(50 + 1 + 1 + 3*3)
	if diff := cmp.Diff(&queryCost{Requested: total, Actual: &total, Maximum: 50_000}, postWithCost(t, s, edu.Viewer{}, gqltest.QueryBody(query, nil), "GraphQL-Cost: true").Extensions.Cost); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for _, header := range []string{"X: ", "GraphQL-Cost: 0", "GraphQL-Cost: false", "GraphQL-Cost: ", "GraphQL-Dry-Run: 0"} {
		if r := postWithCost(t, s, edu.Viewer{}, gqltest.QueryBody(query, nil), header); r.Extensions.Cost != nil || len(r.Data) < 100 {
			t.Errorf("%q: %s %+v", header, r.Data, r.Extensions)
		}
	}
}

func TestCostOfRandomQueries(t *testing.T) {
	t.Parallel()
	l := limits.Defaults()
	l.Tokens, l.Aliases, l.RepeatedNames, l.Directives, l.Cost, l.Fields = 10_000, 1000, 1000, 1000, 1e9, 1e9
	s := newCostServer(t, l)
	g := newQueryGenerator(3, fetchIDs(t, s))
	withCost := 0
	for i := range 150 {
		text := g.generateQuery()
		r := postWithCost(t, s, admin, gqltest.QueryBody(text, map[string]any{"yes": i%2 == 0, "no": i%3 == 0}), "GraphQL-Cost: 1")
		if c := r.Extensions.Cost; c != nil && c.Actual != nil {
			withCost++
			if *c.Actual > c.Requested {
				t.Errorf("cost %d, estimated as %d: %s", *c.Actual, c.Requested, text)
			}
		}
	}
	if withCost < 75 {
		t.Errorf("%d of 150 responses have a cost", withCost)
	}
}

// limitedBudget is a Budget that records what was spent.
type limitedBudget struct {
	spent, attempts, requests, mutations, text                int64
	maxSpent, maxAttempts, maxRequests, maxMutations, maxText int64
	emails, mails                                             []string // of attempts to sign in, and of requested mails
	maxMails                                                  int64
	refreshes, refunds                                        int
}

func (l *limitedBudget) spendUnits(used *int64, n, limit int64) error {
	if *used+n > limit {
		return &edu.Error{Code: edu.RateLimited, Message: "too much", RetryAfter: 7}
	}
	*used += n
	return nil
}

func (l *limitedBudget) ConsumeRequests(_ context.Context, n int) error {
	return l.spendUnits(&l.requests, int64(n), l.maxRequests)
}

func (l *limitedBudget) ConsumeText(_ context.Context, bytes int) error {
	if l.maxText == 0 {
		return nil
	}
	return l.spendUnits(&l.text, int64(bytes), l.maxText)
}

func (l *limitedBudget) ConsumeMutation(context.Context) error {
	return l.spendUnits(&l.mutations, 1, l.maxMutations)
}

func (l *limitedBudget) ConsumeRefresh(context.Context) error {
	l.refreshes++
	return nil
}

func (l *limitedBudget) RefundSignIn(context.Context) { l.refunds++ }

func (l *limitedBudget) ConsumeRejectedRefresh(context.Context) error {
	return l.spendUnits(&l.attempts, 1, l.maxAttempts)
}

func (l *limitedBudget) ConsumeCost(_ context.Context, cost int64) error {
	return l.spendUnits(&l.spent, cost, l.maxSpent)
}

func (l *limitedBudget) ConsumeSignIn(context.Context) error {
	return l.spendUnits(&l.attempts, 1, l.maxAttempts)
}

func (l *limitedBudget) ConsumeMail(_ context.Context, email string) error {
	l.mails = append(l.mails, email)
	return l.spendUnits(new(int64), 1, l.maxMails)
}

func (l *limitedBudget) ConsumeEmailSignIn(_ context.Context, email string) error {
	l.emails = append(l.emails, email)
	return nil
}

// A dry run uses neither the store nor the budget.
func TestDryRun(t *testing.T) {
	t.Parallel()
	budget := &limitedBudget{maxSpent: 1e6, maxAttempts: 10}
	s := gql.New(gql.Options{Log: discardLog, Budget: budget})
	const query = "query A($n: Int!) { courses(first: $n) { totalCount nodes { title category { name } price { amount } } } }"
	for _, headers := range [][]string{{"GraphQL-Dry-Run: 1"}, {"graphql-dry-run: yes", "GraphQL-Cost: 1"}} {
		r := postWithCost(t, s, edu.Viewer{}, gqltest.QueryBody(query, map[string]any{"n": 100}), headers...)
		want := &dryRunResult{Fields: 503, Depth: 4, Statements: 3, MostExpensive: []limits.CostShare{
			{Path: "courses.nodes", Cost: 100}, {Path: "courses.nodes.category", Cost: 100}, {Path: "courses.nodes.price", Cost: 100},
		}}
		if diff := cmp.Diff(want, r.Extensions.DryRun); diff != "" || r.status != 200 || string(r.Data) != "null" || r.Errors != nil {
			t.Errorf("%d %s %v (-want +got)\n%s", r.status, r.Data, r.Errors, diff)
		}
		if diff := cmp.Diff(&queryCost{Requested: 352, Maximum: 50_000}, r.Extensions.Cost); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
	const signIn = `mutation { signIn(input: {email: "a@7p.example", password: "a"}) { accessToken } }`
	if r := postWithCost(t, s, edu.Viewer{}, gqltest.QueryBody(signIn, nil), "GraphQL-Dry-Run: 1", "Idempotency-Key: k"); r.status != 200 || r.Extensions.Cost.Requested != 5001 {
		t.Errorf("a mutation: %+v", r)
	}
	if budget.spent > 0 || budget.attempts > 0 {
		t.Errorf("dry runs spent %+v", budget)
	}
	// A dry run of an operation that is rejected is rejected too, with its cost.
	for text, code := range map[string]string{
		"{ courses(first: 100) { nodes { reviews(first: 100) { nodes { author { name enrollments(first: 100) { nodes { id } } } } } } } }": "COST_ESTIMATED_TOO_EXPENSIVE",
		"{ courses { nope } }": "GRAPHQL_VALIDATION_FAILED",
		query:                  "BAD_USER_INPUT", // without its variable
	} {
		r := postWithCost(t, s, edu.Viewer{}, gqltest.QueryBody(text, nil), "GraphQL-Dry-Run: 1")
		if r.status != 422 || len(r.Errors) != 1 || r.Errors[0].Code() != code || r.Data != nil {
			t.Errorf("%s: %+v", text, r)
			continue
		}
		if code == "COST_ESTIMATED_TOO_EXPENSIVE" {
			mostExpensive, _ := r.Errors[0].Extensions["mostExpensive"].([]any)
			if len(mostExpensive) != 3 || fmt.Sprint(mostExpensive[0]) != "map[cost:1e+06 path:courses.nodes.reviews.nodes.author.enrollments.nodes]" ||
				r.Errors[0].Extensions["limit"] != 50_000.0 || r.Errors[0].Extensions["value"] != 1_030_251.0 {
				t.Errorf("rejected with %v", r.Errors[0].Extensions)
			}
		}
	}
}

// An operation is charged before it is executed, and so is an attempt to sign in, wherever it is in the
// operation. These servers have no store, so nothing can be executed.
func TestBudget(t *testing.T) {
	t.Parallel()
	const signIn = `mutation { ...F } fragment F on Mutation { s: signIn(input: {email: "a@7p.example", password: "a"}) { accessToken } }`
	for _, tt := range []struct {
		budget, spent limitedBudget
		query         string
	}{
		{limitedBudget{}, limitedBudget{}, "{ courses(first: 1) { nodes { id } } }"},
		{limitedBudget{maxSpent: 51, maxAttempts: 1}, limitedBudget{}, "{ courses(first: 1) { nodes { id } } }"},
		{limitedBudget{maxSpent: 5000, maxAttempts: 1}, limitedBudget{}, signIn},
		{limitedBudget{maxSpent: 5001}, limitedBudget{spent: 5001}, signIn},
	} {
		budget := tt.budget
		s := gql.New(gql.Options{Log: discardLog, Budget: &budget})
		r := postWithCost(t, s, edu.Viewer{}, gqltest.QueryBody(tt.query, nil))
		if r.status != http.StatusTooManyRequests || r.Data != nil || r.Errors[0].Code() != "RATE_LIMITED" || r.Errors[0].Extensions["retryAfter"] != 7.0 {
			t.Errorf("%s: %+v", tt.query, r)
		}
		if budget.spent != tt.spent.spent || budget.attempts != tt.spent.attempts {
			t.Errorf("%s: spent %+v", tt.query, budget)
		}
	}
}

// A mutation takes one from the budget, unless it begins or continues a session, is rejected for another reason
// or is a dry run. A query takes none.
func TestMutationBudget(t *testing.T) {
	t.Parallel()
	const body = `"query":"mutation { signOut { signedOut } }"`
	viewer := edu.Viewer{ID: 7}
	for name, tt := range map[string]struct {
		viewer  edu.Viewer
		body    string
		headers []string
		want    int64
	}{
		"a mutation":        {viewer, "{" + body + "}", nil, 1},
		"without a viewer":  {edu.Viewer{}, "{" + body + "}", nil, 1},
		"a dry run":         {viewer, "{" + body + "}", []string{"GraphQL-Dry-Run: 1"}, 0},
		"an invalid key":    {viewer, "{" + body + "}", []string{"Idempotency-Key: é"}, 0},
		"a query":           {viewer, `{"query":"{ categories { id } }"}`, nil, 0},
		"a sign-in":         {edu.Viewer{}, gqltest.QueryBody(`mutation { signIn(input: {email: "a@7p.example", password: "a"}) { accessToken } }`, nil), nil, 0},
		"a refresh":         {edu.Viewer{}, gqltest.QueryBody(`mutation { refreshSession(input: {refreshToken: "a"}) { accessToken } }`, nil), nil, 0},
		"a skipped sign-in": {edu.Viewer{}, gqltest.QueryBody(`mutation { signIn(input: {email: "a@7p.example", password: "a"}) @skip(if: true) { accessToken } __typename }`, nil), nil, 1},
		"invalid":           {viewer, `{"query":"mutation { signOut { nope } }"}`, nil, 0},
	} {
		budget := &limitedBudget{maxSpent: 1e6, maxAttempts: 10, maxMutations: 10}
		s := gql.New(gql.Options{Log: discardLog, Budget: budget, Store: openDemoStore(t)})
		postWithCost(t, s, tt.viewer, tt.body, tt.headers...)
		if budget.mutations != tt.want || (budget.refreshes == 1) != (name == "a refresh") {
			t.Errorf("%s takes %d mutations and %d refreshes, want %d mutations", name, budget.mutations, budget.refreshes, tt.want)
		}
	}
	s := gql.New(gql.Options{Log: discardLog, Budget: &limitedBudget{maxSpent: 1e6}})
	if r := postWithCost(t, s, viewer, "{"+body+"}"); r.status != http.StatusTooManyRequests || r.Data != nil || r.Errors[0].Code() != "RATE_LIMITED" {
		t.Errorf("without mutations left: %+v", r)
	}
}

// A text takes its bytes from the budget if the server has to parse it.
func TestTextBudget(t *testing.T) {
	t.Parallel()
	budget := &limitedBudget{maxSpent: 1e6, maxText: 60}
	s := gql.New(gql.Options{Log: discardLog, Budget: budget, Store: openDemoStore(t)})
	for _, tt := range []struct {
		query        string
		status, want int
	}{
		{"{ categories { id } }", http.StatusOK, 21},
		{"{ categories { id } }", http.StatusOK, 21},
		{"{ categories { id } } # a comment", http.StatusOK, 21}, // the same document
		{"{ categories { nope } }", http.StatusUnprocessableEntity, 44},
		{"{ categories { nope } }", http.StatusTooManyRequests, 44},
		{"{ categories { id } }", http.StatusOK, 44},
	} {
		r := postWithCost(t, s, edu.Viewer{}, gqltest.QueryBody(tt.query, nil))
		if r.status != tt.status || budget.text != int64(tt.want) {
			t.Errorf("%s: status %d, %d bytes, want %d and %d", tt.query, r.status, budget.text, tt.status, tt.want)
		}
	}
}

// An attempt to sign in is charged to its email before the operation begins, so that a wait for the budget
// holds no connection: with an Idempotency-Key the transaction has not begun. Rejected operations run without
// a store.
func TestEmailBudget(t *testing.T) {
	t.Parallel()
	variables := map[string]any{"in": map[string]any{"email": "a@7p.example", "password": "a"}, "email": "b@7p.example", "no": false}
	for query, want := range map[string]string{
		`mutation($in: SignInInput!) { signIn(input: $in) { accessToken } }`:                                                 "a@7p.example",
		`mutation($email: String!) { s: signIn(input: {email: $email, password: "a"}) { accessToken } }`:                     "b@7p.example",
		`mutation { ...F } fragment F on Mutation { signIn(input: {email: "C@7p.example", password: "a"}) { accessToken } }`: "C@7p.example",
		`mutation($in: SignInInput!, $no: Boolean!) { signIn(input: $in) @include(if: $no) { accessToken } __typename }`:     "",
		`mutation { signUp(input: {name: "A", email: "a@7p.example", password: "a"}) { accessToken } }`:                      "",
		`mutation { refreshSession(input: {refreshToken: "a"}) { accessToken } }`:                                            "",
	} {
		for _, headers := range [][]string{nil, {"Idempotency-Key: a"}} {
			budget := &rejectingBudget{limitedBudget: limitedBudget{maxSpent: 10_000, maxAttempts: 1}}
			o := gql.Options{Log: discardLog, Budget: budget}
			if want == "" {
				o.Store = openDemoStore(t)
			}
			r := postWithCost(t, gql.New(o), edu.Viewer{}, gqltest.QueryBody(query, variables), headers...)
			attempts := int64(1)
			if strings.Contains(query, "@include(if: $no)") {
				attempts = 0
			}
			if got := strings.Join(budget.emails, " "); got != want || budget.attempts != attempts {
				t.Errorf("%s: charged %q and %d attempts, want %q and %d", query, got, budget.attempts, want, attempts)
			}
			if want != "" && (r.status != http.StatusTooManyRequests || r.Data != nil || r.Errors[0].Code() != "RATE_LIMITED") {
				t.Errorf("%s: %+v", query, r)
			}
		}
	}
}

// A mutation that is rejected for another reason is no attempt to sign in: a page that a browser opens cannot
// use up the attempts of an email.
func TestRejectedSignInsAreFree(t *testing.T) {
	t.Parallel()
	const signIn = `signIn(input: {email: "a@7p.example", password: "a"})`
	for _, c := range []struct {
		method, query, key string
		status             int
	}{
		{"GET", "mutation { " + signIn + " { accessToken } }", "", http.StatusMethodNotAllowed},
		{"POST", "mutation { " + signIn + " { accessToken } signOut { __typename } }", "", http.StatusBadRequest},
		{"POST", "mutation { " + signIn + " { user { enrollments { totalCount } } } }", "a", http.StatusBadRequest},
		{"POST", "mutation { " + signIn + " { accessToken } }", "not ASCII: é", http.StatusBadRequest},
		{"POST", "mutation { " + signIn + " { nope } }", "", http.StatusUnprocessableEntity},
	} {
		budget := &limitedBudget{maxSpent: 1e6, maxAttempts: 10}
		s := gql.New(gql.Options{Log: discardLog, Budget: budget})
		r := httptest.NewRequest(c.method, "/graphql?query="+url.QueryEscape(c.query), strings.NewReader(gqltest.QueryBody(c.query, nil)))
		r.Header.Set("Content-Type", "application/json")
		if c.key != "" {
			r.Header.Set("Idempotency-Key", c.key)
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != c.status || budget.attempts != 0 || budget.emails != nil {
			t.Errorf("%s %s: %d with %s, charged %+v", c.method, c.query, w.Code, w.Body, budget)
		}
	}
}

// rejectingBudget rejects every attempt to sign in with an email.
type rejectingBudget struct{ limitedBudget }

func (l *rejectingBudget) ConsumeEmailSignIn(ctx context.Context, email string) error {
	_ = l.limitedBudget.ConsumeEmailSignIn(ctx, email)
	return &edu.Error{Code: edu.RateLimited, Message: "too much", RetryAfter: 7}
}
