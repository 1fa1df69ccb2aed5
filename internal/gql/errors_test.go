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
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/graph"
	"github.com/7p-education/api/internal/gql"
)

// errorRoot answers a few fields of the real schema with err; all others panic.
type errorRoot struct {
	graph.ResolverRoot
	err error
}

func (r errorRoot) Query() graph.QueryResolver { return queries{err: r.err} }

type queries struct {
	graph.QueryResolver
	err error
}

func (q queries) Categories(context.Context) ([]*edu.Category, error) { return nil, q.err }

func newRealServer(t *testing.T, err error) (http.Handler, func() []map[string]any) {
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
	return serve(graph.NewExecutableSchema(graph.Config{Resolvers: errorRoot{err: err}}), log), lines
}

func TestPresent(t *testing.T) {
	t.Parallel()
	internal := map[string]any{"code": "INTERNAL_SERVER_ERROR", "requestId": "id-1"}
	tests := []struct {
		name       string
		err        error
		message    string
		extensions map[string]any
		logged     string // within the line's error; "" for no line
	}{
		{
			"own", fmt.Errorf("wrapped: %w", edu.Errorf(edu.NotFound, "no such course")),
			"no such course",
			map[string]any{"code": "NOT_FOUND"},
			"",
		},
		{"rate", &edu.Error{Code: edu.RateLimited, Message: "too many", RetryAfter: 180}, "too many", map[string]any{"code": "RATE_LIMITED", "retryAfter": 180.0}, ""},
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
			"the request took too long: ask for less at a time, or try again later",
			map[string]any{"code": "TIMEOUT"},
			"",
		},
		{"cancelled by us", fmt.Errorf("loader: %w", context.Canceled), "internal server error", internal, "loader"},
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
			h, lines := newRealServer(t, tt.err)
			rec := postBody(t, h, `{"query":"query Q{list:categories{id}}"}`)
			a := decodeResponse(t, rec)
			if rec.Code != 200 || string(a.Data) != "null" || len(a.Errors) != 1 {
				t.Fatalf("got %d %s", rec.Code, rec.Body)
			}
			e := a.Errors[0]
			if e.Message != tt.message || !cmp.Equal(e.Extensions, tt.extensions) || !cmp.Equal(e.Path, []any{"list"}) {
				t.Errorf("got %s", rec.Body)
			}
			if strings.Contains(rec.Body.String(), "hush") {
				t.Errorf("a secret got out: %s", rec.Body)
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

// TestPresentDoesNotWrite would find the first request's path in an error that
// two share.
func TestPresentDoesNotWrite(t *testing.T) {
	t.Parallel()
	shared := &gqlerror.Error{Message: "m", Extensions: map[string]any{"code": errcode.ValidationFailed}}
	h, _ := newRealServer(t, shared)
	postBody(t, h, `{"query":"{categories{id}}"}`)
	if !cmp.Equal(shared.Extensions, map[string]any{"code": errcode.ValidationFailed}) || shared.Message != "m" {
		t.Errorf("the error became %v", shared)
	}
}

func TestPresentPanic(t *testing.T) {
	t.Parallel()
	h, lines := newRealServer(t, nil)
	rec := postBody(t, h, `{"query":"{viewer{id}}"}`)
	e := decodeResponse(t, rec).Errors[0]
	want := map[string]any{"code": "INTERNAL_SERVER_ERROR", "requestId": "id-1"}
	if rec.Code != 200 || e.Message != "internal server error" || !cmp.Equal(e.Extensions, want) {
		t.Errorf("got %d %s", rec.Code, rec.Body)
	}
	got := lines()
	if len(got) != 1 || got[0]["request_id"] != "id-1" || !strings.Contains(got[0]["stack"].(string), "errors_test.go") {
		t.Errorf("want the panic logged once with its stack, got %v", got)
	}
}

// TestPresentArguments reads an argument as generated code does, and fails where
// gqlparser let a value pass that its Go type cannot hold.
func TestPresentArguments(t *testing.T) {
	t.Parallel()
	_, plain := strconv.Atoi("hush")
	for name, tt := range map[string]struct {
		err     error
		message string
	}{
		"plain error": {plain, "argument paint.coats does not fit its type"},
		"own error":   {edu.Errorf(edu.BadUserInput, "three coats at most"), "three coats at most"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newTestServer(func(ctx context.Context) *graphql.Response {
				field := graphql.GetOperationContext(ctx).Operation.SelectionSet[0].(*ast.Field)
				ctx = graphql.WithFieldContext(ctx, &graphql.FieldContext{Object: "Query", Field: graphql.CollectedField{Field: field}})
				_, err := graphql.ProcessArgField(ctx, field.ArgumentMap(nil), "paint", func(ctx context.Context, _ any) (int, error) {
					ctx = graphql.WithPathContext(ctx, graphql.NewPathWithField("coats"))
					return 0, graphql.ErrorOnPath(ctx, tt.err)
				})
				graphql.AddError(ctx, err)
				return &graphql.Response{Data: []byte("null")}
			})
			rec := postBody(t, h, `{"query":"{a:hello(paint:{color:RED,coats:300})}"}`)
			a := decodeResponse(t, rec)
			if len(a.Errors) != 1 {
				t.Fatalf("got %d %s", rec.Code, rec.Body)
			}
			e, want := a.Errors[0], map[string]any{"code": "BAD_USER_INPUT", "argument": "paint.coats"}
			// A path in an answer ends at a field.
			if e.Message != tt.message || !cmp.Equal(e.Extensions, want) || !cmp.Equal(e.Path, []any{"a"}) {
				t.Errorf("got %s", rec.Body)
			}
		})
	}
}

func TestPresentIntrospectionOff(t *testing.T) {
	t.Parallel()
	h, lines := newRealServer(t, nil)
	for _, query := range []string{`{__schema{queryType{name}}}`, `{__type(name:\"Course\"){name}}`} {
		e := decodeResponse(t, postBody(t, h, `{"query":"`+query+`"}`)).Errors[0]
		if e.Message != "introspection is switched off" || e.Extensions["code"] != "FORBIDDEN" {
			t.Errorf("%s: got %v", query, e)
		}
	}
	if got := lines(); len(got) != 0 {
		t.Errorf("logged %v", got)
	}
}

func TestPresentDeadlineOfTheRequest(t *testing.T) {
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
