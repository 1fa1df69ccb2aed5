package gql_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql"
	"github.com/7p-education/api/internal/gql/limits"
	"github.com/7p-education/api/internal/gql/transport"
	"github.com/7p-education/api/internal/gqltest"
	"github.com/7p-education/api/internal/middleware"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

// The viewers of the demo data.
var (
	student    = edu.Viewer{ID: 1, Role: edu.RoleStudent}
	instructor = edu.Viewer{ID: 2, Role: edu.RoleInstructor}
	admin      = edu.Viewer{ID: 3, Role: edu.RoleAdmin}
)

var discardLog = slog.New(slog.DiscardHandler)

// openStore opens a store that is closed after the test.
func openStore(t *testing.T, c store.Config) *store.Store {
	t.Helper()
	db, err := store.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return db
}

// openDemoStore opens a store of the demo data.
func openDemoStore(t *testing.T) *store.Store {
	t.Helper()
	return openStore(t, store.Config{URL: testdb.NewWithDemo(t), MaxConns: 4})
}

// generatorOptions are those of a server that accepts the queries of a queryGenerator.
func generatorOptions(db *store.Store) gql.Options {
	o := gql.Options{
		Store: db, Log: discardLog, Introspection: true, MaxBodyBytes: 1 << 20,
		Now: func() time.Time { return testdb.Now }, Limits: limits.Defaults(),
	}
	o.Limits.RootFields, o.Limits.Aliases, o.Limits.SameFieldPerSet = 100, 5000, 1000
	o.Limits.RepeatedNames, o.Limits.Directives, o.Limits.Cost = 1000, 1000, 1e6
	return o
}

// newSchemaServer serves a schema with the errors of the real server.
func newSchemaServer(es graphql.ExecutableSchema, log *slog.Logger) http.Handler {
	exec := executor.New(es)
	exec.SetErrorPresenter(gql.NewErrorPresenter(log))
	exec.SetRecoverFunc(gql.NewRecoverFunc(log))
	return middleware.RequestID()(transport.New(exec, transport.Options{MaxBodyBytes: 2000}))
}

// postQuery posts a document as a viewer.
func postQuery(t *testing.T, h http.Handler, as edu.Viewer, text string) *gqltest.Response {
	t.Helper()
	return gqltest.NewClient(h).Query(t, as, text, nil)
}

// queryGenerated posts a document of a queryGenerator as a viewer.
func queryGenerated(t *testing.T, h http.Handler, as edu.Viewer, text string) *gqltest.Response {
	t.Helper()
	return gqltest.NewClient(h).Query(t, as, text, map[string]any{"yes": true, "no": false})
}

// post posts a body as an anonymous viewer, with the request id "id-1".
func post(t *testing.T, h http.Handler, body string, headers ...string) *gqltest.Response {
	t.Helper()
	return gqltest.NewClient(h).Post(t, edu.Viewer{}, body, append(headers, "X-Request-Id: id-1")...)
}

func newBufferLogger() (*slog.Logger, *bytes.Buffer) {
	var buf bytes.Buffer
	return slog.New(slog.NewJSONHandler(&buf, nil)), &buf
}

// withAccessLog writes an access log.
func withAccessLog(h http.Handler, log *bytes.Buffer) http.Handler {
	return middleware.RequestID()(middleware.NewAccessLog(log, middleware.AccessLogOptions{}).Log(h))
}
