package resolvers_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql"
	"github.com/7p-education/api/internal/gqltest"
	"github.com/7p-education/api/internal/media"
	"github.com/7p-education/api/internal/middleware"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

// The viewers of the demo data.
var (
	anonymous  = edu.Viewer{}
	student    = edu.Viewer{ID: 1, Role: edu.RoleStudent}
	instructor = edu.Viewer{ID: 2, Role: edu.RoleInstructor}
	admin      = edu.Viewer{ID: 3, Role: edu.RoleAdmin}
)

// viewers maps the names of viewers in golden files.
var viewers = map[string]edu.Viewer{"anonymous": anonymous, "student": student, "instructor": instructor, "admin": admin}

// viewerName returns the name of a viewer of viewers.
func viewerName(v edu.Viewer) string {
	for name, known := range viewers {
		if known == v {
			return name
		}
	}
	return fmt.Sprint(v)
}

// testSigner signs the URLs of videos.
var testSigner = media.NewSigner("https://media.example.com", strings.Repeat("k", 32), time.Hour)

// testAPI is the real GraphQL handler with a database of its own.
type testAPI struct {
	handler http.Handler
	db      *pgxpool.Pool
	store   *store.Store
}

// setup returns an API on a database of testdb. Its clock always returns testdb.Now.
func setup(t *testing.T, dsn string) *testAPI {
	t.Helper()
	return setupAt(t, dsn, testdb.Now)
}

// setupAt is setup with another time.
func setupAt(t *testing.T, dsn string, now time.Time) *testAPI {
	t.Helper()
	s, err := store.Open(t.Context(), store.Config{URL: dsn, MaxConns: 4})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return &testAPI{
		handler: gql.New(gql.Options{
			Store: s, Log: newLog(t),
			Now: func() time.Time { return now }, Introspection: true, Streams: streamOptions(t), Media: testSigner,
		}),
		db:    testdb.OpenPool(t, dsn),
		store: s,
	}
}

// response is the response of one operation with its body and its cost for the database.
type response struct {
	gqltest.Result
	body []byte
	cost cost
}

// cost is the cost of an operation as the access log reports it.
type cost struct {
	Statements int64 `json:"sql_statements"`
	RoundTrips int64 `json:"sql_round_trips"`
	Waits      int64 `json:"batch_waits"`
}

// execute sends one operation as a viewer.
func (a *testAPI) execute(t *testing.T, as edu.Viewer, query string, variables map[string]any) response {
	t.Helper()
	return a.post(t, as, gqltest.QueryBody(query, variables))
}

// post sends a request body as a viewer, and returns the first response of a subscription. It calls the handler directly, so the line of the access log with
// the cost is complete when the handler returns.
func (a *testAPI) post(t *testing.T, as edu.Viewer, body string) response {
	t.Helper()
	var log bytes.Buffer
	logged := middleware.RequestID()(middleware.NewAccessLog(&log, middleware.AccessLogOptions{}).Log(a.handler))
	client := gqltest.NewClient(logged)
	var resp *gqltest.Response
	if strings.Contains(body, `"query":"subscription`) || strings.Contains(body, `\nsubscription `) {
		resp = client.FirstEvent(t, as, body)
	} else {
		resp = client.Post(t, as, body)
	}
	got := response{Result: resp.Result(t), body: resp.Body}
	if err := json.Unmarshal(log.Bytes(), &got.cost); err != nil {
		t.Fatalf("the access log is not one line of JSON: %v\n%s", err, &log)
	}
	return got
}

// mustExecute sends one operation and returns its data. It fails the test if the response has errors.
func (a *testAPI) mustExecute(t *testing.T, as edu.Viewer, query string, variables map[string]any) map[string]any {
	t.Helper()
	got := a.execute(t, as, query, variables)
	if len(got.Errors) > 0 {
		t.Fatalf("errors in the response to\n%s\n%s", query, got.body)
	}
	data, _ := got.At().(map[string]any)
	return data
}

// valueAt follows names and indexes through decoded JSON.
var valueAt = gqltest.ValueAt

// fieldValues returns one field of every object of a list, as text.
func fieldValues(list any, field string) []string {
	objects, _ := list.([]any)
	values := make([]string, len(objects))
	for i, o := range objects {
		values[i] = fmt.Sprint(valueAt(o, field))
	}
	return values
}

// queryIDs runs a statement of a test and returns its keys as global ids.
func (a *testAPI) queryIDs(t *testing.T, kind edu.Kind, sql string, args ...any) []string {
	t.Helper()
	return globalIDs(kind, queryColumn[int64](t, a, sql, args...))
}

// globalIDs returns the global ids of keys.
func globalIDs(kind edu.Kind, keys []int64) []string {
	list := make([]string, len(keys))
	for i, key := range keys {
		list[i] = globalID(kind, key)
	}
	return list
}

// globalID returns the global id of a key.
func globalID(kind edu.Kind, key int64) string { return edu.NewID(kind, key).String() }

// queryColumn runs a statement of a test and returns its only column.
func queryColumn[T any](t *testing.T, a *testAPI, sql string, args ...any) []T {
	t.Helper()
	rows, err := a.db.Query(t.Context(), sql, args...)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[T])
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return list
}

// queryOne runs a statement of a test and returns its only value.
func queryOne[T any](t *testing.T, a *testAPI, sql string, args ...any) T {
	t.Helper()
	list := queryColumn[T](t, a, sql, args...)
	if len(list) != 1 {
		t.Fatalf("%s: %d rows, want 1", sql, len(list))
	}
	return list[0]
}

func (a *testAPI) exec(t *testing.T, sql string, args ...any) {
	t.Helper()
	if _, err := a.db.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// internalWords are words of the server's internals, which must not appear in a response.
var internalWords = []string{"sql", "pgx", "postgres", "dataloader", "runtime", ".go", "panic", "internal server error", "syntax", "int4", "invalid byte"}

// wantError checks that the first error of a response has the code and a message, and that the response
// contains no internalWords.
func wantError(t *testing.T, got response, code edu.Code) {
	t.Helper()
	if len(got.Errors) == 0 {
		t.Fatalf("no error, want %s; response %.300s", code, got.body)
	}
	e := got.Errors[0]
	if e.Code() != string(code) || e.Message == "" {
		t.Errorf("response %s, want an error %s", got.body, code)
	}
	lower := strings.ToLower(string(got.body))
	if i := slices.IndexFunc(internalWords, func(word string) bool { return strings.Contains(lower, word) }); i >= 0 {
		t.Errorf("the response contains the internal word %q: %s", internalWords[i], got.body)
	}
}
