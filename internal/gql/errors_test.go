package gql_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/graph"
	"github.com/7p-education/api/internal/gql"
)

// errorRoot returns err for the field categories of the real schema; all other fields panic.
type errorRoot struct {
	graph.ResolverRoot
	err error
}

func (r errorRoot) Query() graph.QueryResolver { return errorQuery{err: r.err} }

type errorQuery struct {
	graph.QueryResolver
	err error
}

func (q errorQuery) Categories(context.Context) ([]*edu.Category, error) { return nil, q.err }

// newErrorServer serves an errorRoot. It returns the function that reads its log.
func newErrorServer(t *testing.T, err error) (http.Handler, func() []map[string]any) {
	t.Helper()
	log, buf := newBufferLogger()
	lines := func() (out []map[string]any) {
		for line := range strings.Lines(buf.String()) {
			var fields map[string]any
			if err := json.Unmarshal([]byte(line), &fields); err != nil {
				t.Fatal(err)
			}
			out = append(out, fields)
		}
		return out
	}
	return newSchemaServer(graph.NewExecutableSchema(graph.Config{Resolvers: errorRoot{err: err}}), log), lines
}

func TestPresent(t *testing.T) {
	t.Parallel()
	internal := map[string]any{"code": "INTERNAL_SERVER_ERROR", "requestId": "id-1"}
	tests := []struct {
		name       string
		err        error
		message    string
		extensions map[string]any
		logged     string // a part of the logged error; "" if nothing is logged
	}{
		{
			"domain error", fmt.Errorf("wrapped: %w", edu.Errorf(edu.NotFound, "no such course")),
			"no such course",
			map[string]any{"code": "NOT_FOUND"},
			"",
		},
		{"rate limit", &edu.Error{Code: edu.RateLimited, Message: "too many", RetryAfter: 180}, "too many", map[string]any{"code": "RATE_LIMITED", "retryAfter": 180.0}, ""},
		{"bare code", fmt.Errorf("wrapped: %w", edu.NotFound), "not found", map[string]any{"code": "NOT_FOUND"}, ""},
		{
			"unavailable", fmt.Errorf("%w: %w", edu.Errorf(edu.Unavailable, "try again later"), errors.New("dial hush")),
			"try again later",
			map[string]any{"code": "SERVICE_UNAVAILABLE"},
			"dial hush",
		},
		{
			"coded", &gqlerror.Error{Message: "too much", Extensions: map[string]any{"code": "LIMIT", "max": 3.0}},
			"too much",
			map[string]any{"code": "LIMIT", "max": 3.0},
			"",
		},
		{"unknown", errors.New("password hush"), "internal server error", internal, "password hush"},
		{"without code", gqlerror.Errorf("table hush"), "internal server error", internal, "table hush"},
		{
			"deadline", fmt.Errorf("query: %w", context.DeadlineExceeded),
			"the request took too long: request less data at a time, or try again later",
			map[string]any{"code": "TIMEOUT"},
			"",
		},
		{"cancelled context that is not the request's", fmt.Errorf("loader: %w", context.Canceled), "internal server error", internal, "loader"},
		{
			"long", edu.Errorf(edu.BadUserInput, "%s", strings.Repeat("é", 300)),
			strings.Repeat("é", 250) + "…",
			map[string]any{"code": "BAD_USER_INPUT"},
			"",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h, lines := newErrorServer(t, tt.err)
			resp := post(t, h, `{"query":"query Q{list:categories{id}}"}`)
			a := resp.Result(t)
			if resp.Status != 200 || string(a.Data) != "null" || len(a.Errors) != 1 {
				t.Fatalf("got %d %s", resp.Status, resp.Body)
			}
			e := a.Errors[0]
			if e.Message != tt.message || !cmp.Equal(e.Extensions, tt.extensions) || !cmp.Equal(e.Path, []any{"list"}) {
				t.Errorf("got %s", resp.Body)
			}
			if strings.Contains(resp.Text(), "hush") {
				t.Errorf("the response contains a secret: %s", resp.Body)
			}
			got := lines()
			if tt.logged == "" {
				if len(got) != 0 {
					t.Errorf("logged %v", got)
				}
				return
			}
			if len(got) != 1 || !strings.Contains(got[0]["error"].(string), tt.logged) ||
				got[0]["request_id"] != "id-1" || got[0]["path"] != "list" || got[0]["operation"] != "Q" {
				t.Errorf("logged %v", got)
			}
		})
	}
}

// The presenter does not modify an error, which several requests may share.
func TestPresentDoesNotModify(t *testing.T) {
	t.Parallel()
	shared := &gqlerror.Error{Message: "m", Extensions: map[string]any{"code": errcode.ValidationFailed}}
	h, _ := newErrorServer(t, shared)
	post(t, h, `{"query":"{categories{id}}"}`)
	if !cmp.Equal(shared.Extensions, map[string]any{"code": errcode.ValidationFailed}) || shared.Message != "m" {
		t.Errorf("the error was changed to %v", shared)
	}
}

func TestPresentPanic(t *testing.T) {
	t.Parallel()
	h, lines := newErrorServer(t, nil)
	resp := post(t, h, `{"query":"{viewer{id}}"}`)
	e := resp.Result(t).Errors[0]
	want := map[string]any{"code": "INTERNAL_SERVER_ERROR", "requestId": "id-1"}
	if resp.Status != 200 || e.Message != "internal server error" || !cmp.Equal(e.Extensions, want) {
		t.Errorf("got %d %s", resp.Status, resp.Body)
	}
	got := lines()
	if len(got) != 1 || got[0]["request_id"] != "id-1" || !strings.Contains(got[0]["stack"].(string), "errors_test.go") {
		t.Errorf("want the panic logged once with its stack, got %v", got)
	}
}

// newPaintServer serves a schema with an argument; exec returns the response to every operation.
func newPaintServer(exec func(context.Context) *graphql.Response) http.Handler {
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: `
		enum Color { RED GREEN }
		input Paint { color: Color! coats: Int = 1 }
		type Query { hello(paint: Paint): String }`})
	return newSchemaServer(&graphql.ExecutableSchemaMock{
		SchemaFunc: func() *ast.Schema { return schema },
		ExecFunc:   func(context.Context) graphql.ResponseHandler { return exec },
	}, discardLog)
}

// TestPresentArguments reads an argument as generated code does. The argument's Go type cannot represent a
// value that gqlparser has accepted.
func TestPresentArguments(t *testing.T) {
	t.Parallel()
	_, plain := strconv.Atoi("hush")
	for name, tt := range map[string]struct {
		err     error
		message string
	}{
		"plain error":  {plain, "argument paint.coats does not fit its type"},
		"domain error": {edu.Errorf(edu.BadUserInput, "three coats at most"), "three coats at most"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newPaintServer(func(ctx context.Context) *graphql.Response {
				field := graphql.GetOperationContext(ctx).Operation.SelectionSet[0].(*ast.Field)
				ctx = graphql.WithFieldContext(ctx, &graphql.FieldContext{Object: "Query", Field: graphql.CollectedField{Field: field}})
				_, err := graphql.ProcessArgField(ctx, field.ArgumentMap(nil), "paint", func(ctx context.Context, _ any) (int, error) {
					ctx = graphql.WithPathContext(ctx, graphql.NewPathWithField("coats"))
					return 0, graphql.ErrorOnPath(ctx, tt.err)
				})
				graphql.AddError(ctx, err)
				return &graphql.Response{Data: []byte("null")}
			})
			resp := post(t, h, `{"query":"{a:hello(paint:{color:RED,coats:300})}"}`)
			a := resp.Result(t)
			if len(a.Errors) != 1 {
				t.Fatalf("got %d %s", resp.Status, resp.Body)
			}
			e, want := a.Errors[0], map[string]any{"code": "BAD_USER_INPUT", "argument": "paint.coats"}
			// A path in a response ends at a field.
			if e.Message != tt.message || !cmp.Equal(e.Extensions, want) || !cmp.Equal(e.Path, []any{"a"}) {
				t.Errorf("got %s", resp.Body)
			}
		})
	}
}

func TestPresentIntrospectionOff(t *testing.T) {
	t.Parallel()
	h, lines := newErrorServer(t, nil)
	for _, query := range []string{`{__schema{queryType{name}}}`, `{__type(name:\"Course\"){name}}`} {
		e := post(t, h, `{"query":"`+query+`"}`).Result(t).Errors[0]
		if e.Message != "introspection is switched off" || e.Extensions["code"] != "FORBIDDEN" {
			t.Errorf("%s: got %v", query, e)
		}
	}
	if got := lines(); len(got) != 0 {
		t.Errorf("logged %v", got)
	}
}

func TestPresentRequestDeadline(t *testing.T) {
	t.Parallel()
	log, buf := newBufferLogger()
	ctx, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	if e := gql.NewErrorPresenter(log)(ctx, errors.New("57014 canceling statement")); e.Extensions["code"] != "TIMEOUT" {
		t.Errorf("got %v", e)
	}
	if buf.Len() != 0 {
		t.Errorf("logged %s", buf)
	}
}
