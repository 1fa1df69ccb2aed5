package transport_test

import (
	"context"
	"log/slog"
	"net/http"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql"
	"github.com/7p-education/api/internal/gql/transport"
	"github.com/7p-education/api/internal/gqltest"
)

const maxBody = 2000

// testSchema has the kinds of operations that the transport distinguishes.
var testSchema = gqlparser.MustLoadSchema(&ast.Source{Input: `
	directive @live(minIntervalMillis: Int) on QUERY
	enum Color { RED GREEN }
	input Paint { color: Color! coats: Int = 1 names: [String!] }
	type Query { hello(name: String, first: Int, paint: Paint): String }
	type Mutation { wave: String }
	type Subscription { ticks: Int }`})

// executableSchema executes every operation of testSchema by a function. gqlgen's mock would hold all contexts.
type executableSchema func(context.Context) *graphql.Response

// Schema, Complexity and Exec implement graphql.ExecutableSchema.
func (executableSchema) Schema() *ast.Schema { return testSchema }

func (executableSchema) Complexity(context.Context, string, string, int, map[string]any) (int, bool) {
	return 0, false
}

func (s executableSchema) Exec(context.Context) graphql.ResponseHandler {
	return graphql.ResponseHandler(s)
}

// newExecutor returns an executor of testSchema; respond returns the response to every operation.
func newExecutor(respond func(context.Context) *graphql.Response, extensions ...graphql.HandlerExtension) *executor.Executor {
	exec := executor.New(executableSchema(respond))
	exec.SetErrorPresenter(gql.NewErrorPresenter(slog.New(slog.DiscardHandler)))
	for _, e := range extensions {
		exec.Use(e)
	}
	return exec
}

// newHandler returns a handler of testSchema.
func newHandler(respond func(context.Context) *graphql.Response) http.Handler {
	return transport.New(newExecutor(respond), transport.Options{MaxBodyBytes: maxBody})
}

func respondHello(context.Context) *graphql.Response {
	return &graphql.Response{Data: []byte(`{"hello":"<world>"}`)}
}

// post posts a body.
func post(t *testing.T, h http.Handler, body string, headers ...string) *gqltest.Response {
	t.Helper()
	return gqltest.NewClient(h).Post(t, edu.Viewer{}, body, headers...)
}
