package gql

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

// What would have no end is refused before anything is read: each of these once
// took seconds to minutes, and gigabytes.
func TestSizeIsBounded(t *testing.T) {
	t.Parallel()
	db, err := store.Open(t.Context(), store.Config{URL: testdb.NewWithDemo(t), MaxConns: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	s := New(Options{Store: db, Log: slog.New(slog.DiscardHandler)})
	doubling := "{courses(first:1){nodes{...F0}}}"
	for i := range 40 {
		doubling += fmt.Sprintf(" fragment F%d on Course{a:relatedCourses(first:1){...F%d} b:relatedCourses(first:1){...F%d}}", i, i+1, i+1)
	}
	doubling += " fragment F40 on Course{id}"
	errors := ""
	for i := range 600 {
		errors += fmt.Sprintf(" a%d:email", i)
	}
	refusals := map[string]string{
		"lists within lists": "COST_ESTIMATED_TOO_EXPENSIVE", "deep": "MAX_DEPTH_LIMIT",
		"fragments within fragments": "MAX_", "errors": "MAX_",
	}
	for name, query := range map[string]string{
		"lists within lists":         "{courses(first:1){nodes{relatedCourses(first:50){relatedCourses(first:50){relatedCourses(first:50){id}}}}}}",
		"deep":                       "{courses{nodes" + strings.Repeat("{category{courses{nodes", 100) + "{id}" + strings.Repeat("}}}", 100) + "}}",
		"fragments within fragments": doubling,
		"errors":                     "{courses(first:100){nodes{reviews(first:100){nodes{author{" + errors + "}}}}}}",
	} {
		a := ask(s, edu.Viewer{}, query)
		if len(a.Errors) != 1 || !strings.Contains(a.Errors[0], refusals[name]) {
			t.Errorf("%s: answered %.200s %.300v", name, a.Data, a.Errors)
		}
	}
}

// What tools ask of the schema is answered.
func TestIntrospectionIsNotTooLarge(t *testing.T) {
	t.Parallel()
	s := New(Options{Log: slog.New(slog.DiscardHandler), Introspection: true})
	a := ask(s, edu.Viewer{}, `{ __schema { types { name description fields(includeDeprecated: true) { name
		args { name type { kind name ofType { kind name ofType { kind name ofType { name } } } } }
		type { kind name ofType { kind name ofType { kind name ofType { name } } } } } } } }`)
	if len(a.Errors) > 0 || !strings.Contains(a.Data, "searchCourses") {
		t.Errorf("answered %.200s %v", a.Data, a.Errors)
	}
}

// A null where the document must have a value is refused, and never a panic or a
// zero.
func TestNullVariables(t *testing.T) {
	t.Parallel()
	db, err := store.Open(t.Context(), store.Config{URL: testdb.NewWithDemo(t), MaxConns: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	s := New(Options{Store: db, Log: slog.New(slog.DiscardHandler)})
	for _, query := range []string{
		"query($nothing: Boolean = true) { __typename @skip(if: $nothing) }",
		"query($nothing: Boolean = true) { courses(first: 1) { nodes { id title @include(if: $nothing) } } }",
		"query($nothing: Int = 5) { searchCourses(first: $nothing) { nodes { id } } }",
		"query($nothing: String = \"\") { searchCourses(query: $nothing) { totalCount } }",
	} {
		r := newQueryRequest(query, map[string]any{"nothing": nil})
		w := serve(s, r)
		if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "BAD_USER_INPUT") || !strings.Contains(w.Body.String(), "$nothing") {
			t.Errorf("%s\nis answered %d %s", query, w.Code, w.Body)
		}
	}
}
