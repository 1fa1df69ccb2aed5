package gql_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/7p-education/api/internal/gql"
	"github.com/7p-education/api/internal/middleware"
)

const maxBody = 2000

// newSchema has the kinds of operations that the transport tells apart.
var newSchema = gqlparser.MustLoadSchema(&ast.Source{Input: `
	enum Color { RED GREEN }
	input Paint { color: Color! coats: Int = 1 names: [String!] }
	type Query { hello(name: String, first: Int, paint: Paint): String }
	type Mutation { wave: String }
	type Subscription { ticks: Int }`})

// newTestServer serves a schema whose every operation is answered by exec.
func newTestServer(exec func(ctx context.Context) *graphql.Response) http.Handler {
	es := &graphql.ExecutableSchemaMock{
		SchemaFunc: func() *ast.Schema { return newSchema },
		ExecFunc: func(context.Context) graphql.ResponseHandler {
			return func(ctx context.Context) *graphql.Response { return exec(ctx) }
		},
	}
	return serve(es, slog.New(slog.DiscardHandler))
}

func serve(es graphql.ExecutableSchema, log *slog.Logger) http.Handler {
	exec := executor.New(es)
	exec.SetErrorPresenter(gql.NewErrorPresenter(log))
	exec.SetRecoverFunc(gql.NewRecoverFunc(log))
	return middleware.RequestID()(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		gql.HTTP{MaxBodyBytes: maxBody}.HandleRequest(w, r, exec)
	}))
}

func resolveHello(context.Context) *graphql.Response {
	return &graphql.Response{Data: []byte(`{"hello":"<world>"}`)}
}

// ask sends a request, given as its method, target, body and headers; these as
// "Name: value" lines.
func ask(t *testing.T, h http.Handler, request ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), request[0], request[1], strings.NewReader(request[2]))
	for line := range strings.Lines(request[3]) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ": "); ok {
			r.Header.Add(name, value)
		}
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	return rec
}

// postBody sends body as JSON.
func postBody(t *testing.T, h http.Handler, body string) *httptest.ResponseRecorder {
	t.Helper()
	return ask(t, h, http.MethodPost, "/graphql", body, "Content-Type: application/json\nX-Request-Id: id-1")
}

func newBufferLogger() (*slog.Logger, *bytes.Buffer) {
	var buf bytes.Buffer
	return slog.New(slog.NewJSONHandler(&buf, nil)), &buf
}
