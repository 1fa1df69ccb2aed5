package resolvers_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql"
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

// viewers are those who ask in golden files, by name.
var viewers = map[string]edu.Viewer{"anonymous": anonymous, "student": student, "instructor": instructor, "admin": admin}

func name(v edu.Viewer) string {
	for name, known := range viewers {
		if known == v {
			return name
		}
	}
	return fmt.Sprint(v)
}

// api is the real GraphQL handler over a database of its own.
type api struct {
	handler http.Handler
	db      *pgxpool.Pool
	store   *store.Store
}

// setup serves a database of testdb; its clock stands at testdb.Now.
func setup(t *testing.T, dsn string) *api {
	t.Helper()
	return setupAt(t, dsn, testdb.Now)
}

func setupAt(t *testing.T, dsn string, now time.Time) *api {
	t.Helper()
	s, err := store.Open(t.Context(), store.Config{URL: dsn, MaxConns: 4})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return &api{
		handler: gql.New(gql.Options{
			Store: s, Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
			Now: func() time.Time { return now }, Introspection: true,
		}),
		db:    testdb.OpenPool(t, dsn),
		store: s,
	}
}

// answer is what came back, and what it cost the database.
type answer struct {
	Data   map[string]any `json:"data"`
	Errors []problem      `json:"errors"`

	status int
	body   []byte
	cost   cost
}

type problem struct {
	Message    string         `json:"message"`
	Path       []any          `json:"path,omitempty"`
	Extensions map[string]any `json:"extensions"`
}

func (p problem) code() string { return fmt.Sprint(p.Extensions["code"]) }

type cost struct {
	Statements int64 `json:"sql_statements"`
	RoundTrips int64 `json:"sql_round_trips"`
	Waits      int64 `json:"batch_waits"`
}

// ask sends one operation as a viewer.
func (a *api) ask(t *testing.T, as edu.Viewer, query string, variables map[string]any) answer {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		t.Fatal(err)
	}
	return a.post(t, as, body)
}

// post sends a body. The handler is called without a network between, so that
// the line of log with the cost is written once it returns.
func (a *api) post(t *testing.T, as edu.Viewer, body []byte) answer {
	t.Helper()
	var log bytes.Buffer
	served := middleware.RequestID()(middleware.AccessLog(&log, slog.LevelInfo)(a.handler))
	r := httptest.NewRequestWithContext(edu.WithViewer(t.Context(), as), http.MethodPost, "/graphql", bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	rec := httptest.NewRecorder()
	served.ServeHTTP(rec, r)
	got := answer{status: rec.Code, body: rec.Body.Bytes()}
	if err := json.Unmarshal(got.body, &got); err != nil {
		t.Fatalf("the answer is no JSON: %v\n%s", err, got.body)
	}
	if err := json.Unmarshal(log.Bytes(), &got.cost); err != nil {
		t.Fatalf("the access log is no line of JSON: %v\n%s", err, &log)
	}
	return got
}

// data asks and fails the test on any error.
func (a *api) data(t *testing.T, as edu.Viewer, query string, variables map[string]any) map[string]any {
	t.Helper()
	got := a.ask(t, as, query, variables)
	if len(got.Errors) > 0 {
		t.Fatalf("%s\nanswered %s", query, got.body)
	}
	return got.Data
}

// at follows names and indexes into an answer; nil where there is nothing.
func at(v any, path ...any) any {
	for _, step := range path {
		switch s := step.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[s]
		case int:
			list, _ := v.([]any)
			if s >= len(list) {
				return nil
			}
			v = list[s]
		}
	}
	return v
}

// each returns one field of every object of a list, as text.
func each(list any, field string) []string {
	objects, _ := list.([]any)
	values := make([]string, len(objects))
	for i, o := range objects {
		values[i] = fmt.Sprint(at(o, field))
	}
	return values
}

// ids makes global ids of the keys that a statement of the test's own gives.
func (a *api) ids(t *testing.T, kind edu.Kind, sql string, args ...any) []string {
	t.Helper()
	return globalIDs(kind, connectionSelection[int64](t, a, sql, args...))
}

func globalIDs(kind edu.Kind, keys []int64) []string {
	list := make([]string, len(keys))
	for i, key := range keys {
		list[i] = edu.NewID(kind, key).String()
	}
	return list
}

// id returns the global id of a key.
func id(kind edu.Kind, key int64) string { return edu.NewID(kind, key).String() }

// connectionSelection reads one column of a statement of the test's own.
func connectionSelection[T any](t *testing.T, a *api, sql string, args ...any) []T {
	t.Helper()
	found, err := a.db.Query(t.Context(), sql, args...)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	list, err := pgx.CollectRows(found, pgx.RowTo[T])
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return list
}

// one reads one value.
func one[T any](t *testing.T, a *api, sql string, args ...any) T {
	t.Helper()
	list := connectionSelection[T](t, a, sql, args...)
	if len(list) != 1 {
		t.Fatalf("%s: %d rows, want 1", sql, len(list))
	}
	return list[0]
}

func (a *api) exec(t *testing.T, sql string, args ...any) {
	t.Helper()
	if _, err := a.db.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// internals are words that only the inside of the server knows.
var internals = []string{"sql", "pgx", "postgres", "dataloader", "runtime", ".go", "panic", "internal server error", "syntax", "int4", "invalid byte"}

// wantRefusal checks that the first error has the code, says something and tells
// nothing of the inside.
func wantRefusal(t *testing.T, got answer, code edu.Code) {
	t.Helper()
	if len(got.Errors) == 0 {
		t.Fatalf("no error, want %s; answered %.300s", code, got.body)
	}
	e := got.Errors[0]
	if e.code() != string(code) || e.Message == "" {
		t.Errorf("answered %s, want an error %s", got.body, code)
	}
	lower := strings.ToLower(string(got.body))
	if i := slices.IndexFunc(internals, func(word string) bool { return strings.Contains(lower, word) }); i >= 0 {
		t.Errorf("the answer tells of the inside (%q): %s", internals[i], got.body)
	}
}
