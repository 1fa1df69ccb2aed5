package gql_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql"
	"github.com/7p-education/api/internal/gqltest"
)

// Hostile documents are rejected before anything is read: without limits each of these takes seconds to
// minutes, and gigabytes.
func TestHostileDocuments(t *testing.T) {
	t.Parallel()
	s := gql.New(gql.Options{Store: openDemoStore(t), Log: discardLog})
	doubling := "{courses(first:1){nodes{...F0}}}"
	for i := range 40 {
		doubling += fmt.Sprintf(" fragment F%d on Course{a:relatedCourses(first:1){...F%d} b:relatedCourses(first:1){...F%d}}", i, i+1, i+1)
	}
	doubling += " fragment F40 on Course{id}"
	errors := ""
	for i := range 600 {
		errors += fmt.Sprintf(" a%d:email", i)
	}
	codes := map[string]string{
		"lists within lists": "COST_ESTIMATED_TOO_EXPENSIVE", "deep": "MAX_DEPTH_LIMIT",
		"fragments within fragments": "MAX_", "errors": "MAX_",
	}
	for name, text := range map[string]string{
		"lists within lists":         "{courses(first:1){nodes{relatedCourses(first:50){relatedCourses(first:50){relatedCourses(first:50){id}}}}}}",
		"deep":                       "{courses{nodes" + strings.Repeat("{category{courses{nodes", 100) + "{id}" + strings.Repeat("}}}", 100) + "}}",
		"fragments within fragments": doubling,
		"errors":                     "{courses(first:100){nodes{reviews(first:100){nodes{author{" + errors + "}}}}}}",
	} {
		r := postQuery(t, s, edu.Viewer{}, text).Result(t)
		if len(r.Errors) != 1 || !strings.HasPrefix(r.Code(), codes[name]) {
			t.Errorf("%s: got %.200s %.300v", name, r.Data, r.Errors)
		}
	}
}

// The introspection query of tools is within the limits.
func TestIntrospectionWithinLimits(t *testing.T) {
	t.Parallel()
	s := gql.New(gql.Options{Log: discardLog, Introspection: true})
	r := postQuery(t, s, edu.Viewer{}, `{ __schema { types { name description fields(includeDeprecated: true) { name
		args { name type { kind name ofType { kind name ofType { kind name ofType { name } } } } }
		type { kind name ofType { kind name ofType { kind name ofType { name } } } } } } } }`).Result(t)
	if len(r.Errors) > 0 || !strings.Contains(string(r.Data), "searchCourses") {
		t.Errorf("got %.200s %v", r.Data, r.Errors)
	}
}

// A null variable is rejected if the document requires a value: it causes no panic, and does not count as
// zero.
func TestNullVariables(t *testing.T) {
	t.Parallel()
	s := gql.New(gql.Options{Store: openDemoStore(t), Log: discardLog})
	for _, text := range []string{
		"query($nothing: Boolean = true) { __typename @skip(if: $nothing) }",
		"query($nothing: Boolean = true) { courses(first: 1) { nodes { id title @include(if: $nothing) } } }",
		"query($nothing: Int = 5) { searchCourses(first: $nothing) { nodes { id } } }",
		"query($nothing: String = \"\") { searchCourses(query: $nothing) { totalCount } }",
	} {
		resp := gqltest.NewClient(s).Query(t, edu.Viewer{}, text, map[string]any{"nothing": nil})
		if resp.Status != http.StatusUnprocessableEntity || !strings.Contains(resp.Text(), "BAD_USER_INPUT") || !strings.Contains(resp.Text(), "$nothing") {
			t.Errorf("%s\ngot %s", text, resp)
		}
	}
}
