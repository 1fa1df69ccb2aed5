package gql_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql"
	"github.com/7p-education/api/internal/gql/limits"
	"github.com/7p-education/api/internal/middleware"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

// newBatchServer serves the transport's schema, three operations a request.
func newBatchServer() http.Handler {
	exec := executor.New(&graphql.ExecutableSchemaMock{
		SchemaFunc: func() *ast.Schema { return newSchema },
		ExecFunc: func(ctx context.Context) graphql.ResponseHandler {
			return graphql.OneShot(&graphql.Response{Data: fmt.Appendf(nil, "%q", graphql.GetOperationContext(ctx).RawQuery)})
		},
	})
	exec.SetErrorPresenter(gql.NewErrorPresenter(slog.New(slog.DiscardHandler)))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		gql.HTTP{MaxBodyBytes: maxBody, MaxBatchSize: 3}.HandleRequest(w, r, exec)
	})
}

// summarizeBatch is, for each answer of a batch, its data or the code of its error.
func summarizeBatch(t *testing.T, body []byte) string {
	t.Helper()
	var all []encodeRootFields
	if err := json.Unmarshal(body, &all); err != nil {
		t.Fatalf("no batch of answers: %s: %v", body, err)
	}
	var parts []string
	for _, a := range all {
		switch {
		case len(a.Errors) > 0 && a.Data == nil:
			parts = append(parts, fmt.Sprint(a.Errors[0].Extensions["code"]))
		case len(a.Errors) > 0:
			parts = append(parts, fmt.Sprint(a.Errors[0].Extensions["code"], "+", string(a.Data)))
		default:
			parts = append(parts, string(a.Data))
		}
	}
	return strings.Join(parts, " ")
}

func TestBatch(t *testing.T) {
	t.Parallel()
	const hello = `{"query":"{hello}"}`
	for _, tt := range []struct{ body, want string }{
		{`[` + hello + `]`, `"{hello}"`},
		{` [ {"query":"mutation{wave}"} , ` + hello + `,{"query":"{a:hello}","variables":{}} ] `, `"mutation{wave}" "{hello}" "{a:hello}"`},
		{`[{"query":"{nope}"},` + hello + `,{"query":"{"}]`, `GRAPHQL_VALIDATION_FAILED "{hello}" GRAPHQL_PARSE_FAILED`},
		{`[3,null,` + hello + `]`, `BAD_REQUEST BAD_REQUEST "{hello}"`},
		{`[{},[` + hello + `],` + hello + `]`, `BAD_REQUEST BAD_REQUEST "{hello}"`},
		{`[{"query":7},{"query":"a","query":"b"},` + hello + `]`, `BAD_REQUEST BAD_REQUEST "{hello}"`},
		{`[{"query":"subscription{ticks}"},` + hello + `,{"query":"{...@defer{hello}}"}]`, `BATCHING_SUBSCRIPTION_UNSUPPORTED "{hello}" BATCHING_SUBSCRIPTION_UNSUPPORTED`},
	} {
		rec := postBody(t, newBatchServer(), tt.body)
		if got := summarizeBatch(t, rec.Body.Bytes()); got != tt.want || rec.Code != http.StatusOK || rec.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s\nis answered %d %s\nwant         %s", tt.body, rec.Code, got, tt.want)
		}
	}
	for _, tt := range []struct {
		body, headers string
		status        int
		code, message string
	}{
		{`[]`, "", 422, "BAD_REQUEST", "the batch is empty"},
		{`[` + hello, "", 400, "BAD_REQUEST", "ends too early"},
		{`[` + hello + `,]`, "", 400, "BAD_REQUEST", "byte 22"},
		{`[` + hello + `] 1`, "", 400, "BAD_REQUEST", "follows its end"},
		{`[` + hello + `,{"query":"{hello}",}]`, "", 400, "BAD_REQUEST", "unexpected character"},
		{`[` + strings.Repeat(hello+`,`, 3) + hello + `]`, "", 422, "BATCH_LIMIT_EXCEEDED", "a batch may have 3 operations at most"},
		{`[1,2,3,4,`, "", 422, "BATCH_LIMIT_EXCEEDED", "3 operations"},
		{`[{"query":"mutation{wave}"}]`, "Idempotency-Key: k", 400, "BAD_REQUEST", "send the mutation on its own"},
		{`[` + hello + `]` + strings.Repeat(" ", maxBody), "", 413, "PAYLOAD_TOO_LARGE", "2000 bytes"},
		{strings.Repeat("[", 200), "", 400, "BAD_REQUEST", "nests deeper"},
	} {
		rec := ask(t, newBatchServer(), http.MethodPost, "/graphql", tt.body, "Content-Type: application/json\n"+tt.headers)
		a := decodeResponse(t, rec)
		if rec.Code != tt.status || len(a.Errors) != 1 || a.Errors[0].Extensions["code"] != tt.code || !strings.Contains(a.Errors[0].Message, tt.message) {
			t.Errorf("%.100s: %d %s", tt.body, rec.Code, rec.Body)
		}
	}
	for accept, want := range map[string]string{"application/json": mediaTypeJSON, "*/*": "application/graphql-response+json; charset=utf-8"} {
		rec := ask(t, newBatchServer(), http.MethodPost, "/graphql", `[`+hello+`]`, "Content-Type: application/json\nAccept: "+accept)
		if got := rec.Header().Get("Content-Type"); got != want {
			t.Errorf("Accept %s: %s", accept, got)
		}
	}
}

// countingBudget is a Budget of so many requests.
type countingBudget struct {
	requests int
	costs    []int64
}

func (s *countingBudget) Requests(_ context.Context, n int) error {
	if n > s.requests {
		return &edu.Error{Code: edu.RateLimited, Message: "too many requests", RetryAfter: 9}
	}
	s.requests -= n
	return nil
}

func (s *countingBudget) Spend(_ context.Context, cost int64) error {
	s.costs = append(s.costs, cost)
	return nil
}
func (s *countingBudget) Attempt(context.Context) error { return errors.New("nobody signs in here") }

// newRealBatchServer serves the real schema, ten operations a request of a cost of 250
// together.
func newRealBatchServer(t *testing.T, budget *countingBudget) (http.Handler, *bytes.Buffer) {
	t.Helper()
	db, err := store.Open(t.Context(), store.Config{URL: testdb.NewWithDemo(t), MaxConns: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	limits := limits.Defaults()
	limits.Cost = 250
	log, lines := newBufferLogger()
	return middleware.RequestID()(middleware.AccessLog(lines, slog.LevelInfo)(gql.New(gql.Options{Store: db, Log: log, Limits: limits, MaxBatchSize: 10, Budget: budget}))), lines
}

// The operations of a batch may cost together what one may, and each counts as a
// request.
func TestBudgetOfBatch(t *testing.T) {
	t.Parallel()
	budget := &countingBudget{requests: 3}
	h, log := newRealBatchServer(t, budget)
	list := func(first int) string {
		return fmt.Sprintf(`{"query":"{courses(first:%d){nodes{__typename}}}"}`, first)
	}
	const course = `{"courses":{"nodes":[{"__typename":"Course"}]}}`
	rec := postBody(t, h, `[`+strings.Join([]string{list(1), list(100), list(1), `{"query":"{__typename}"}`}, ",")+`]`)
	// 52 and 151 leave 47. One that is refused leaves its part to the next.
	if got, want := summarizeBatch(t, rec.Body.Bytes()), ` COST_ESTIMATED_TOO_EXPENSIVE {"__typename":"Query"}`; rec.Code != 200 || !strings.HasPrefix(got, course) || !strings.HasSuffix(got, want) {
		t.Errorf("%d %s", rec.Code, got)
	}
	if fmt.Sprint(budget.costs) != "[52 151 0]" || budget.requests != 0 {
		t.Errorf("spent %+v", budget)
	}
	if !strings.Contains(rec.Body.String(), "cost of the batch up to this operation: 255, the limit is 250") {
		t.Errorf("refused with %.2000s", rec.Body)
	}
	var line struct {
		Operation  string
		Statements int `json:"sql_statements"`
	}
	if err := json.Unmarshal(log.Bytes(), &line); err != nil || line.Operation != "batch of 4" || line.Statements != 2 {
		t.Errorf("logged %s", log)
	}
	rec = postBody(t, h, `[`+list(1)+`]`)
	if got := summarizeBatch(t, rec.Body.Bytes()); got != course {
		t.Errorf("a batch of one: %s", got)
	}
	rec = postBody(t, h, `[`+list(1)+`,`+list(1)+`]`)
	if a := decodeResponse(t, rec); rec.Code != http.StatusTooManyRequests || a.Errors[0].Extensions["code"] != "RATE_LIMITED" || a.Errors[0].Extensions["retryAfter"] != 9.0 || len(budget.costs) != 4 {
		t.Errorf("too many requests: %d %s, spent %v", rec.Code, rec.Body, budget.costs)
	}
}

// Each operation of a batch is asked alike what it costs.
func TestCostOfBatch(t *testing.T) {
	t.Parallel()
	h, _ := newRealBatchServer(t, &countingBudget{requests: 100})
	const body = `[{"query":"{courses(first:1){nodes{id}}}"},{"query":"{categories{name}}"},{"query":"{courses(first:100){nodes{id}}}"},{"query":"{courses(first:100){nodes{id}}}"}]`
	for header, want := range map[string]string{
		"GraphQL-Cost: 1":    `"requestedQueryCost":52,"actualQueryCost":52`,
		"GraphQL-Dry-Run: 1": `"requestedQueryCost":52,"actualQueryCost":null`,
	} {
		rec := ask(t, h, http.MethodPost, "/graphql", body, "Content-Type: application/json\n"+header)
		if got := rec.Body.String(); rec.Code != 200 || strings.Count(got, `"maximumAvailable":250`) != 3 || !strings.Contains(got, want) || !strings.Contains(got, `"COST_ESTIMATED_TOO_EXPENSIVE"`) {
			t.Errorf("%s: %d %s", header, rec.Code, got)
		}
	}
}

// postBatchAs sends a batch as a viewer and summarizes the answers.
func postBatchAs(t *testing.T, h http.Handler, as edu.Viewer, members ...string) string {
	t.Helper()
	r := httptest.NewRequestWithContext(edu.WithViewer(t.Context(), as), http.MethodPost, "/graphql", strings.NewReader("["+strings.Join(members, ",")+"]"))
	r.Header.Set("Content-Type", "application/json")
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	return summarizeBatch(t, rec.Body.Bytes())
}

// Mutations run in their order, and what comes after one sees it: it reads from the
// primary. The replica here has not heard of anybody yet.
func TestMutationsOfBatch(t *testing.T) {
	t.Parallel()
	dsn := testdb.New(t)
	s := newIdempotencyServer(t, dsn)
	db, err := store.Open(t.Context(), store.Config{URL: dsn, ReplicaURL: testdb.New(t), MaxConns: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	h := gql.New(gql.Options{Store: db, Log: slog.New(slog.DiscardHandler), MaxBatchSize: 10})
	enroll := func(i int) string {
		return fmt.Sprintf(`{"query":"mutation { enroll(input: {courseId: \"%s\"}) { enrollment { course { enrollmentCount } } userErrors { code } } }"}`,
			edu.NewID(edu.KindCourse, s.courses[i]))
	}
	const (
		count    = `{"query":"{ viewer { enrollments { totalCount } } }"}`
		nobody   = `{"viewer":null}`
		enrolled = `{"enroll":{"enrollment":{"course":{"enrollmentCount":1}},"userErrors":[]}}`
		again    = `{"enroll":{"enrollment":null,"userErrors":[{"code":"ALREADY_EXISTS"}]}}`
	)
	total := func(n int) string { return fmt.Sprintf(`{"viewer":{"enrollments":{"totalCount":%d}}}`, n) }
	got := postBatchAs(t, h, s.student, count, enroll(0), count, enroll(0), enroll(1), count)
	if want := strings.Join([]string{nobody, enrolled, total(1), again, enrolled, total(2)}, " "); got != want {
		t.Errorf("answered %s\nwant     %s", got, want)
	}
	if got := postBatchAs(t, h, s.student, count); got != nobody {
		t.Errorf("the next batch is answered %s", got)
	}
}

// One password may be tried in a batch.
func TestSignInsOfBatch(t *testing.T) {
	t.Parallel()
	s := newIdempotencyServer(t, testdb.New(t))
	const signIn = `{"query":"mutation { signIn(input: {email: \"nobody@7p.example\", password: \"x\"}) { userErrors { code } } }"}`
	got := postBatchAs(t, s.handler, edu.Viewer{}, signIn, signIn, `{"query":"{__typename}"}`)
	if want := `{"signIn":{"userErrors":[{"code":"INVALID_CREDENTIALS"}]}} BATCH_LIMIT_EXCEEDED {"__typename":"Query"}`; got != want {
		t.Errorf("answered %s\nwant     %s", got, want)
	}
}

// A replayed answer tells its cost as the first one did.
func TestCostOfReplay(t *testing.T) {
	t.Parallel()
	s := newIdempotencyServer(t, testdb.New(t))
	inner := s.handler
	s.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Set("GraphQL-Cost", "1")
		inner.ServeHTTP(w, r)
	})
	enroll := body(enrollBody(s.courses[0]), nil)
	first := s.sendMutation(t.Context(), s.student, "key", enroll)
	if !strings.Contains(first.Body.String(), `"actualQueryCost":`) || strings.Contains(first.Body.String(), `"actualQueryCost":null`) {
		t.Errorf("answered %s", first.Body)
	}
	checkReplay(t, first, s.sendMutation(t.Context(), s.student, "key", enroll))
}
