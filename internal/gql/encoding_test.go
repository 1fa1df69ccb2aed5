package gql

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql/limits"
	"github.com/7p-education/api/internal/gql/response"
	"github.com/7p-education/api/internal/middleware"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/resolvers"
	"github.com/7p-education/api/store"
)

// TestAnswersAsGqlgenDoes answers random queries over the whole schema with the
// generated writer and with gqlgen alone, and compares every byte of the data.
// Of the errors ours may be fewer: once a null moves up, gqlgen goes on with the
// siblings and reports what they say, the writer stops, as the specification
// (section 6.4.4) allows.
func TestAnswersAsGqlgenDoes(t *testing.T) {
	t.Parallel()
	db, err := store.Open(t.Context(), store.Config{URL: testdb.NewWithDemo(t), MaxConns: 4})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	o := Options{
		Store: db, Log: slog.New(slog.DiscardHandler), Introspection: true,
		Now: func() time.Time { return testdb.Now }, Limits: limits.Defaults(),
	}
	o.Limits.RootFields, o.Limits.Aliases, o.Limits.SameFieldPerSet, o.Limits.RepeatedNames, o.Limits.Directives, o.Limits.Cost = 100, 1000, 1000, 1000, 1000, 1e6
	var log bytes.Buffer
	ours := middleware.RequestID()(middleware.AccessLog(&log, slog.LevelInfo)(New(o)))
	gqlgens := &Server{exec: o.newExecutor(resolvers.New(resolvers.SessionOptions{})), handler: HTTP{MaxBodyBytes: 1 << 20}}
	admin := edu.Viewer{ID: 3, Role: edu.RoleAdmin}
	viewers := []edu.Viewer{{}, {ID: 1, Role: edu.RoleStudent}, {ID: 2, Role: edu.RoleInstructor}, admin, admin, admin}
	q := &queries{schema: ExecutableSchema().Schema(), random: rand.New(rand.NewPCG(7, 7)), ids: fetchIDs(t, ours)}
	const rounds = 240
	failed := 0
	for i := range rounds {
		query, viewer := q.next(), viewers[i%len(viewers)]
		got, want := ask(ours, viewer, query), ask(gqlgens, viewer, query)
		if len(want.Errors) > 0 {
			failed++
		}
		if diff := cmp.Diff(want.Data, got.Data); diff != "" {
			t.Fatalf("query %d as %+v\n%s\n(-gqlgen +ours)\n%s", i, viewer, query, diff)
		}
		if (len(got.Errors) == 0) != (len(want.Errors) == 0) {
			t.Fatalf("query %d as %+v\n%s\nerrors: gqlgen %v, ours %v", i, viewer, query, want.Errors, got.Errors)
		}
		for _, e := range got.Errors {
			if len(want.Errors) < response.MaxErrors && !slices.Contains(want.Errors, e) {
				t.Fatalf("query %d as %+v\n%s\nours reports %s\nwhich is none of gqlgen's %v", i, viewer, query, e, want.Errors)
			}
		}
	}
	// What was not read ahead would wait for keys, one object after the other.
	if waits := strings.Count(log.String(), "batch_waits"); waits > 0 {
		t.Errorf("%d of %d queries met an edge that reading ahead does not know:\n%s", waits, rounds, log.String())
	}
	if failed < rounds/10 || failed > rounds*9/10 {
		t.Errorf("%d of %d queries had errors: both kinds are wanted", failed, rounds)
	}
}

type queryResult struct {
	Data   string
	Errors []string
}

// newQueryRequest is one that asks a query.
func newQueryRequest(query string, variables map[string]any) *http.Request {
	body, _ := json.Marshal(map[string]any{"query": query, "variables": variables})
	r := httptest.NewRequest(http.MethodPost, "/graphql", bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	return r
}

func serve(s http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func ask(s http.Handler, v edu.Viewer, query string) queryResult {
	r := newQueryRequest(query, map[string]any{"yes": true, "no": false})
	w := serve(s, r.WithContext(edu.WithViewer(r.Context(), v)))
	return parseResult(w.Body.String())
}

func parseResult(text string) queryResult {
	var body struct {
		Data   json.RawMessage
		Errors []json.RawMessage
	}
	if err := json.Unmarshal([]byte(text), &body); err != nil {
		return queryResult{Data: "not JSON: " + text}
	}
	a := queryResult{Data: string(body.Data)}
	for _, e := range body.Errors {
		a.Errors = append(a.Errors, string(e))
	}
	slices.Sort(a.Errors) // gqlgen's goroutines report in any order
	return a
}

func fetchIDs(t *testing.T, s http.Handler) []string {
	t.Helper()
	a := ask(s, edu.Viewer{ID: 3, Role: edu.RoleAdmin}, `{
		courses(first: 2) { nodes { id instructor { id } category { id } videos(first: 1) { nodes { id } } } }
		viewer { enrollments(first: 1) { nodes { id } } }
	}`)
	var ids []string
	for _, part := range strings.Split(a.Data, `"id":"`)[1:] {
		ids = append(ids, part[:strings.IndexByte(part, '"')])
	}
	if len(ids) < 4 {
		t.Fatalf("too few ids in %s %v", a.Data, a.Errors)
	}
	return ids
}

// queries makes random queries that are valid.
type queries struct {
	schema  *ast.Schema
	random  *rand.Rand
	ids     []string
	alias   int
	allowed bool // leave out what some may not read, and values that are refused
}

// restricted are fields that are refused to some.
var restricted = map[string]bool{
	"email": true, "plan": true, "preferences": true, "lastLogin": true, "dashboard": true, "enrollments": true, "analytics": true,
	"instructorDashboard": true, "platformDashboard": true,
}

func (q *queries) chance(p float64) bool { return q.random.Float64() < p }

func (q *queries) next() string {
	q.alias = 0
	return "query Random($yes: Boolean!, $no: Boolean!) { a: __typename @include(if: $yes) b: __typename @skip(if: $no)" +
		q.fields(q.schema.Query, 4) + "}"
}

func (q *queries) selection(d *ast.Definition, depth int) string {
	if d.Kind == ast.Interface {
		out := "{ __typename id"
		for _, p := range q.schema.GetPossibleTypes(d) {
			out += " ... on " + p.Name + q.selection(p, depth)
		}
		return out + " }"
	}
	out := " { " + q.fields(d, depth)
	if q.chance(0.2) {
		out += " ... on " + d.Name + " { " + q.fields(d, depth-1) + " }"
	}
	if q.chance(0.2) {
		out += " __typename"
	}
	return out + " }"
}

func (q *queries) fields(d *ast.Definition, depth int) string {
	out := " __typename"
	picked := 0
	for _, i := range q.random.Perm(len(d.Fields)) {
		f := d.Fields[i]
		named := q.schema.Types[f.Type.Name()]
		if q.allowed && restricted[f.Name] {
			continue
		}
		if strings.HasPrefix(f.Name, "__") || picked == 5 || (named.IsCompositeType() && depth <= 0) || (d == q.schema.Query && picked == 2) {
			continue
		}
		picked++
		q.alias++
		out += fmt.Sprintf(" f%d: %s%s", q.alias, f.Name, q.arguments(f))
		if q.chance(0.1) {
			out += " @include(if: $yes)"
		}
		if named.IsCompositeType() {
			out += q.selection(named, depth-1)
		}
	}
	return out
}

func (q *queries) arguments(f *ast.FieldDefinition) string {
	var args []string
	if f.Arguments.ForName("id") != nil && f.Arguments.ForName("slug") != nil {
		return fmt.Sprintf("(id: %q)", q.ids[q.random.IntN(len(q.ids))])
	}
	for _, a := range f.Arguments {
		if a.Name == "last" && f.Arguments.ForName("first") != nil && q.chance(0.9) {
			continue // not together with first
		}
		if !a.Type.NonNull && q.chance(0.7) || a.DefaultValue != nil && q.chance(0.5) {
			continue
		}
		args = append(args, a.Name+": "+q.value(a.Name, a.Type))
	}
	if len(args) == 0 {
		return ""
	}
	return "(" + strings.Join(args, ", ") + ")"
}

func (q *queries) value(name string, t *ast.Type) string {
	d := q.schema.Types[t.Name()]
	switch {
	case t.Elem != nil:
		return "[" + q.value(name, t.Elem) + ", " + q.value(name, t.Elem) + "]"
	case d.Kind == ast.Enum:
		return d.EnumValues[q.random.IntN(len(d.EnumValues))].Name
	case d.Kind == ast.InputObject:
		var fields []string
		for _, f := range d.Fields {
			if f.Type.NonNull && f.DefaultValue == nil || q.chance(0.3) {
				fields = append(fields, f.Name+": "+q.value(f.Name, f.Type))
			}
		}
		return "{" + strings.Join(fields, ", ") + "}"
	case t.Name() == "ID":
		if !q.allowed && q.chance(0.05) {
			return `"nonsense"`
		}
		return fmt.Sprintf("%q", q.ids[q.random.IntN(len(q.ids))])
	case t.Name() == "Int":
		if !q.allowed && q.chance(0.02) {
			return "-1"
		}
		return fmt.Sprint(1 + q.random.IntN(6))
	case t.Name() == "Float":
		return fmt.Sprint(q.random.Float64() * 5)
	case name == "query" || name == "prefix":
		return []string{`""`, `"python"`, `"pyhton"`, `"data -rust"`}[q.random.IntN(4)]
	case name == "after" || name == "before":
		return "null"
	default:
		return `"data-science"`
	}
}

// Whoever leaves, or whose time runs out, while a list is written is told so, and
// nothing panics: the place is an index, which has no field of its own.
func TestTimeRunsOutWithinLists(t *testing.T) {
	t.Parallel()
	db, err := store.Open(t.Context(), store.Config{URL: testdb.NewWithDemo(t), MaxConns: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	for _, query := range []string{"{ categories { name } }", "{ courses { nodes { tags videos { nodes { title } } } } }"} {
		ctx, cancel := context.WithCancelCause(t.Context())
		var log bytes.Buffer
		s := New(Options{Store: db, Log: slog.New(slog.NewJSONHandler(&log, nil))})
		s.exec.AroundFields(func(ctx context.Context, next graphql.Resolver) (any, error) {
			v, err := next(ctx) // the root is read; from here on nobody is there
			cancel(context.Canceled)
			return v, err
		})
		r := newQueryRequest(query, nil)
		serve(s, r.WithContext(ctx))
		if strings.Contains(log.String(), "panic") || log.Len() > 0 {
			t.Errorf("%s\nlogged %s", query, &log)
		}
	}
}
