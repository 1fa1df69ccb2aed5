package gql_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql"
	"github.com/7p-education/api/internal/gql/limits"
	"github.com/7p-education/api/internal/gqltest"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

// countingBudget is a Budget of a number of requests; it records the costs of operations.
type countingBudget struct {
	requests int
	costs    []int64
}

func (b *countingBudget) ConsumeRequests(_ context.Context, n int) error {
	if n > b.requests {
		return &edu.Error{Code: edu.RateLimited, Message: "too many requests", RetryAfter: 9}
	}
	b.requests -= n
	return nil
}

func (b *countingBudget) ConsumeCost(_ context.Context, cost int64) error {
	b.costs = append(b.costs, cost)
	return nil
}

func (b *countingBudget) ConsumeText(context.Context, int) error { return nil }

func (b *countingBudget) ConsumeMutation(context.Context) error {
	return errors.New("unexpected mutation")
}

func (b *countingBudget) ConsumeRefresh(context.Context) error {
	return errors.New("unexpected refresh")
}

func (b *countingBudget) RefundSignIn(context.Context) {}

func (b *countingBudget) ConsumeRejectedRefresh(context.Context) error {
	return errors.New("unexpected refresh")
}

func (*countingBudget) ConsumeMail(context.Context, string) error { return nil }
func (b *countingBudget) ConsumeSignIn(context.Context) error {
	return errors.New("unexpected sign-in")
}

func (b *countingBudget) ConsumeEmailSignIn(context.Context, string) error {
	return errors.New("unexpected sign-in")
}

// newBatchServer serves ten operations a request, of a cost of 250 together. It returns the access log.
func newBatchServer(t *testing.T, budget *countingBudget) (http.Handler, *bytes.Buffer) {
	t.Helper()
	o := gql.Options{Store: openDemoStore(t), Limits: limits.Defaults(), MaxBatchSize: 10, Budget: budget}
	o.Limits.Cost = 250
	var log *bytes.Buffer
	o.Log, log = newBufferLogger()
	return withAccessLog(gql.New(o), log), log
}

// The operations of a batch may cost as much together as a single one, and each counts as a request.
func TestBudgetOfBatch(t *testing.T) {
	t.Parallel()
	budget := &countingBudget{requests: 3}
	h, log := newBatchServer(t, budget)
	list := func(first int) string {
		return fmt.Sprintf(`{"query":"{courses(first:%d){nodes{__typename}}}"}`, first)
	}
	const course = `{"courses":{"nodes":[{"__typename":"Course"}]}}`
	resp := post(t, h, `[`+strings.Join([]string{list(1), list(100), list(1), `{"query":"{__typename}"}`}, ",")+`]`)
	// 52 and 151 leave 47. A rejected operation leaves its part to the next.
	if got, want := gqltest.Summary(resp.Batch(t)), ` COST_ESTIMATED_TOO_EXPENSIVE {"__typename":"Query"}`; resp.Status != 200 || !strings.HasPrefix(got, course) || !strings.HasSuffix(got, want) {
		t.Errorf("%d %s", resp.Status, got)
	}
	if fmt.Sprint(budget.costs) != "[52 151 0]" || budget.requests != 0 {
		t.Errorf("spent %+v", budget)
	}
	if !strings.Contains(resp.Text(), "cost of the batch up to this operation: 255, the limit is 250") {
		t.Errorf("rejected with %.2000s", resp.Body)
	}
	var line struct {
		Operation  string
		Statements int `json:"sql_statements"`
	}
	if err := json.Unmarshal(log.Bytes(), &line); err != nil || line.Operation != "batch of 4" || line.Statements != 2 {
		t.Errorf("logged %s", log)
	}
	resp = post(t, h, `[`+list(1)+`]`)
	if got := gqltest.Summary(resp.Batch(t)); got != course {
		t.Errorf("a batch of one: %s", got)
	}
	resp = post(t, h, `[`+list(1)+`,`+list(1)+`]`)
	if r := resp.Result(t); resp.Status != http.StatusTooManyRequests || r.Code() != "RATE_LIMITED" || r.Errors[0].Extensions["retryAfter"] != 9.0 || len(budget.costs) != 4 {
		t.Errorf("too many requests: %d %s, spent %v", resp.Status, resp.Body, budget.costs)
	}
}

// The headers that request costs apply to each operation of a batch.
func TestCostOfBatch(t *testing.T) {
	t.Parallel()
	h, _ := newBatchServer(t, &countingBudget{requests: 100})
	const body = `[{"query":"{courses(first:1){nodes{id}}}"},{"query":"{categories{name}}"},{"query":"{courses(first:100){nodes{id}}}"},{"query":"{courses(first:100){nodes{id}}}"}]`
	for header, want := range map[string]string{
		"GraphQL-Cost: 1":    `"requestedQueryCost":52,"actualQueryCost":52`,
		"GraphQL-Dry-Run: 1": `"requestedQueryCost":52,"actualQueryCost":null`,
	} {
		resp := post(t, h, body, header)
		if got := resp.Text(); resp.Status != 200 || strings.Count(got, `"maximumAvailable":250`) != 3 || !strings.Contains(got, want) || !strings.Contains(got, `"COST_ESTIMATED_TOO_EXPENSIVE"`) {
			t.Errorf("%s: %d %s", header, resp.Status, got)
		}
	}
}

// postBatch posts a batch as a viewer and summarizes its results.
func postBatch(t *testing.T, h http.Handler, as edu.Viewer, items ...string) string {
	t.Helper()
	return gqltest.Summary(gqltest.NewClient(h).Post(t, as, "["+strings.Join(items, ",")+"]").Batch(t))
}

// Mutations run in their order, and later operations see their effects.
func TestMutationsOfBatch(t *testing.T) {
	t.Parallel()
	dsn := testdb.New(t)
	s := newIdempotencyServer(t, dsn)
	db := openStore(t, store.Config{URL: dsn, MaxConns: 2})
	h := gql.New(gql.Options{Store: db, Log: discardLog, MaxBatchSize: 10})
	enroll := func(i int) string {
		return fmt.Sprintf(`{"query":"mutation { enroll(input: {courseId: \"%s\"}) { enrollment { course { enrollmentCount } } userErrors { code } } }"}`,
			edu.NewID(edu.KindCourse, s.courses[i]))
	}
	const (
		count    = `{"query":"{ viewer { enrollments { totalCount } } }"}`
		enrolled = `{"enroll":{"enrollment":{"course":{"enrollmentCount":1}},"userErrors":[]}}`
		repeated = `{"enroll":{"enrollment":null,"userErrors":[{"code":"ALREADY_EXISTS"}]}}`
	)
	total := func(n int) string { return fmt.Sprintf(`{"viewer":{"enrollments":{"totalCount":%d}}}`, n) }
	got := postBatch(t, h, s.student, count, enroll(0), count, enroll(0), enroll(1), count)
	if want := strings.Join([]string{total(0), enrolled, total(1), repeated, enrolled, total(2)}, " "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := postBatch(t, h, s.student, count); got != total(2) {
		t.Errorf("the next batch: got %s", got)
	}
}

// A batch may have one attempt to sign in.
func TestSignInsOfBatch(t *testing.T) {
	t.Parallel()
	s := newIdempotencyServer(t, testdb.New(t))
	const signIn = `{"query":"mutation { signIn(input: {email: \"nobody@7p.example\", password: \"x\"}) { userErrors { code } } }"}`
	got := postBatch(t, s.handler, edu.Viewer{}, signIn, signIn, `{"query":"{__typename}"}`)
	if want := `{"signIn":{"userErrors":[{"code":"INVALID_CREDENTIALS"}]}} BATCH_LIMIT_EXCEEDED {"__typename":"Query"}`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// A replayed response has the cost of the first one.
func TestCostOfReplay(t *testing.T) {
	t.Parallel()
	s := newIdempotencyServer(t, testdb.New(t))
	inner := s.handler
	s.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Set("GraphQL-Cost", "1")
		inner.ServeHTTP(w, r)
	})
	enroll := gqltest.QueryBody(enrollDocument(s.courses[0]), nil)
	first := s.sendMutation(t.Context(), s.student, "key", enroll)
	if !strings.Contains(first.Text(), `"actualQueryCost":`) || strings.Contains(first.Text(), `"actualQueryCost":null`) {
		t.Errorf("got %s", first.Body)
	}
	checkReplay(t, first, s.sendMutation(t.Context(), s.student, "key", enroll))
}
