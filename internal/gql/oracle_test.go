package gql_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	gocmp "github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/7p-education/api/internal/gql"
	"github.com/7p-education/api/internal/gql/coercion"
	"github.com/7p-education/api/internal/gql/transport"
	"github.com/7p-education/api/internal/gqltest"
)

const (
	oracleFolder   = "testdata/graphqljs"
	oracleRequests = 2500 // over the schema, and half as many over oneOfSDL
)

// oneOfSDL has what the schema does not have: @oneOf, lists of lists, and defaults in many places.
const oneOfSDL = `
input By @oneOf { id: ID name: String tags: [String!] range: Range }
input Range { from: Int! = 1 to: Int by: By at: DateTime color: Color = RED }
enum Color { RED GREEN }
scalar DateTime
type Query {
  find(by: By!, all: [By!], matrix: [[Int!]!], range: Range = {from: 2}): Int
  paint(color: Color! = RED, colors: [Color], size: Float! = 1.5, ids: [ID!]! = ["a"]): Query
}`

// oracleRequest is a request, and oracleAnswer what graphql-js answers.
type oracleRequest struct {
	Query     string `json:"query"`
	Variables string `json:"variables"`
	Execute   bool   `json:"execute"` // introspection, whose results are compared too
}

type oracleAnswer struct {
	Stage, Message string
	Data           any
}

// schemaCases and oneOfCases are requests that the generator seldom or never writes.
var (
	schemaCases = []oracleRequest{
		{Query: `query($n: Int) { searchCourses(first: $n) { totalCount } }`, Variables: `{"n": null}`},
		{Query: `query($n: ID) { course(id: $n) { id } }`, Variables: `{"n": 123456789012345678901}`},
		{Query: `query($n: ID) { course(id: $n) { id } }`, Variables: `{"n": 1e20}`},
		{Query: `{ course(id: 123456789012345678901) { id } }`},
		{Query: `{ courses(filter: {minRating: 123456789012345678901}) { totalCount } }`},
		{Query: `{ course(slug: "\ud83d") { id } }`},
		{Query: `{ course(slug: "\u{1F600}") { id } }`},
		{Query: `{ course(slug: "\u{110000}") { id } }`},
		{Query: `query($s: String) { course(slug: $s) { id } }`, Variables: `{"s": "\ud83d\ude00"}`},
		{Query: `query($s: String) { course(slug: $s) { id } }`, Variables: `{"s": "\ud83d"}`},
		{Query: `query($s: String, $s: String) { course(slug: $s) { id } }`},
		{Query: `{ categories { ... @defer { name } } }`},
		{Query: `{ course(slug: "a", slug: "a") { id } }`},
		{Query: `{ course(slug: "a") { id } course(slug: "b") { id } }`},
		{Query: `{ courses(filter: {price: FREE, price: FREE}) { totalCount } }`},
		{Query: `query($f: CourseFilter = {tags: "a"}) { courses(filter: $f) { totalCount } }`, Variables: `{"f": {"tags": "b", "price": "free"}}`},
		{Query: `{ a: __type(name: "Query") { ...F } b: __schema { queryType { ...F } } } fragment F on __Type { kind name }`, Execute: true},
		{Query: `query($d: Boolean!) { __type(name: "Role") @include(if: $d) { enumValues(includeDeprecated: $d) { name } } }`, Variables: `{"d": true}`, Execute: true},
	}
	oneOfCases = []oracleRequest{
		{Query: `query($v: ID) { find(by: {id: $v}) }`, Variables: `{"v": "1"}`},
		{Query: `query($v: By!) { find(by: $v) }`, Variables: `{"v": {"id": "1", "name": null}}`},
		{Query: `query($v: By!) { find(by: $v) }`, Variables: `{"v": {"range": {"by": {}}}}`},
		{Query: `query($v: [By!]) { find(by: {id: 1}, all: $v) }`, Variables: `{"v": {"tags": null}}`},
		{Query: `query($v: [By!]) { find(by: {id: 1}, all: $v) }`, Variables: `{"v": {"tags": "a"}}`},
	}
)

// The server rejects the requests that graphql-js rejects, in the same stage, and its introspection has the
// same result. testdata/graphqljs/differences.txt lists the exceptions.
func TestGraphQLJS(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat(filepath.Join(oracleFolder, "node_modules", "graphql")); err != nil {
		t.Skip("graphql-js is not installed: npm --prefix internal/gql/" + oracleFolder + " ci")
	}
	differences := readDifferences(t)
	o := generatorOptions(nil)
	o.Limits.Variables, o.Limits.Arguments, o.Limits.DirectivesPerLocation, o.Limits.IntrospectionCost = 1000, 1000, 1000, 1e9
	o.Limits.Logins, o.Limits.Cost, o.Limits.Fields = 1000, 1e15, 1e15
	compareWithOracle(t, gql.New(o), gql.SDL(), oracleRequests, differences)
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: oneOfSDL})
	delete(schema.Directives, "defer")
	compareWithOracle(t, newCoercingServer(schema), oneOfSDL, oracleRequests/2, differences)
	for _, d := range differences {
		if d.uses == 0 {
			t.Errorf("%s: no request differs any more by %s", oracleFolder+"/differences.txt", d.line)
		}
	}
}

// newCoercingServer serves a schema whose operations all have the same response.
func newCoercingServer(schema *ast.Schema) http.Handler {
	exec := executor.New(&graphql.ExecutableSchemaMock{
		SchemaFunc: func() *ast.Schema { return schema },
		ExecFunc: func(context.Context) graphql.ResponseHandler {
			return graphql.OneShot(&graphql.Response{Data: []byte(`{}`)})
		},
	})
	exec.SetErrorPresenter(gql.NewErrorPresenter(discardLog))
	exec.SetDefaultRulesFn(coercion.Rules)
	exec.Use(coercion.Extension{Schema: schema})
	return transport.New(exec, transport.Options{MaxBodyBytes: 1 << 20})
}

// compareWithOracle compares the answers of a server with those of graphql-js.
func compareWithOracle(t *testing.T, h http.Handler, sdl string, n int, differences []*difference) {
	t.Helper()
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: sdl})
	g := &oracleGenerator{schema: schema, random: rand.New(rand.NewPCG(36, 36))}
	requests := make([]oracleRequest, n, n+200)
	for i := range requests {
		requests[i].Query, requests[i].Variables = g.generateRequest()
	}
	if sdl == oneOfSDL {
		requests = append(requests, oneOfCases...)
	} else {
		requests = append(append(requests, schemaCases...), introspections(schema)...)
	}
	stages, unknown := map[string]int{}, 0
	for i, want := range askOracle(t, sdl, requests) {
		r := requests[i]
		got := answerRequest(t, h, r)
		stages[want.Stage]++
		if got.Stage == want.Stage && (!r.Execute || gocmp.Equal(sortByName(got.Data), sortByName(want.Data))) {
			continue
		}
		shown := got.Stage + "/" + want.Stage + " server: " + got.Message + " graphql-js: " + want.Message
		if r.Execute {
			shown = "data " + r.Query + gocmp.Diff(sortByName(want.Data), sortByName(got.Data))
		}
		if findDifference(differences, shown) {
			continue
		}
		if unknown++; unknown <= 10 {
			t.Errorf("%s\n%s\n%s", shown, r.Query, r.Variables)
		}
	}
	t.Logf("%d requests: %v, %d unknown differences", len(requests), stages, unknown)
	for _, stage := range []string{"validation", "variables", "runs"} {
		if stages[stage] < n/20 {
			t.Errorf("only %d of %d requests end in the stage %s", stages[stage], n, stage)
		}
	}
}

// askOracle returns what graphql-js answers.
func askOracle(t *testing.T, sdl string, requests []oracleRequest) []oracleAnswer {
	t.Helper()
	in, err := json.Marshal(map[string]any{"sdl": sdl, "requests": requests})
	if err != nil {
		t.Fatal(err)
	}
	node := exec.CommandContext(t.Context(), "node", "oracle.mjs")
	node.Dir, node.Stdin = oracleFolder, bytes.NewReader(in)
	var out, problems bytes.Buffer
	node.Stdout, node.Stderr = &out, &problems
	if err := node.Run(); err != nil {
		t.Fatalf("node oracle.mjs: %v\n%s", err, problems.String())
	}
	var answers []oracleAnswer
	if err := json.Unmarshal(out.Bytes(), &answers); err != nil || len(answers) != len(requests) {
		t.Fatalf("%d answers to %d requests: %v", len(answers), len(requests), err)
	}
	return answers
}

// answerRequest returns what the server answers. It executes introspection only.
func answerRequest(t *testing.T, h http.Handler, r oracleRequest) oracleAnswer {
	t.Helper()
	headers := []string{"GraphQL-Dry-Run: 1"}
	if r.Execute {
		headers = nil
	}
	text, err := json.Marshal(r.Query)
	if err != nil {
		t.Fatal(err)
	}
	resp := gqltest.NewClient(h).Post(t, admin, `{"query":`+string(text)+`,"variables":`+cmp.Or(r.Variables, "null")+`}`, headers...)
	got := resp.Result(t)
	answer := oracleAnswer{Stage: "runs"}
	if len(got.Errors) > 0 {
		answer.Stage, answer.Message = fmt.Sprintf("%d %s", got.Status, got.Code()), got.Errors[0].Message
	}
	switch answer.Stage {
	case "400 GRAPHQL_PARSE_FAILED":
		answer.Stage = "parse"
	case "422 GRAPHQL_VALIDATION_FAILED":
		answer.Stage = "validation"
	case "422 BAD_USER_INPUT":
		answer.Stage = "variables"
	}
	if r.Execute {
		_ = json.Unmarshal(got.Data, &answer.Data)
	}
	return answer
}

// introspections returns a request for each type, and one for the directives.
func introspections(schema *ast.Schema) []oracleRequest {
	const ref = "{ kind name ofType { kind name ofType { kind name ofType { kind name } } } }"
	const value = "{ name description type " + ref + " defaultValue isDeprecated deprecationReason }"
	const all = `{ kind name description specifiedByURL isOneOf
		fields(includeDeprecated: true) { name description args(includeDeprecated: true) ` + value + ` type ` + ref + ` isDeprecated deprecationReason }
		interfaces { name } possibleTypes { name } enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
		inputFields(includeDeprecated: true) ` + value + ` }`
	requests := []oracleRequest{
		{"{ __schema { description queryType { name } mutationType { name } subscriptionType { name } types { name kind } } }", "", true},
		{"{ __schema { directives { name description isRepeatable locations args " + value + " } } }", "", true},
	}
	names := []string{"Missing"}
	for name := range schema.Types {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		requests = append(requests, oracleRequest{fmt.Sprintf("{ __type(name: %q) %s }", name, all), "", true})
	}
	return requests
}

// sortByName sorts lists of objects by their names, and of names: GraphQL gives them no order.
func sortByName(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for _, child := range v {
			sortByName(child)
		}
	case []any:
		slices.SortFunc(v, func(a, b any) int { return cmp.Compare(nameOf(a), nameOf(b)) })
		for _, child := range v {
			sortByName(child)
		}
	}
	return v
}

func nameOf(v any) string {
	if object, ok := v.(map[string]any); ok {
		v = object["name"]
	}
	return fmt.Sprint(v)
}

// difference is a line of differences.txt: a pattern and the reason.
type difference struct {
	line    string
	pattern *regexp.Regexp
	uses    int
}

// readDifferences reads the known differences. A line is a pattern, a tab and the reason.
func readDifferences(t *testing.T) []*difference {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(oracleFolder, "differences.txt"))
	if err != nil {
		t.Fatal(err)
	}
	var all []*difference
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		pattern, reason, _ := strings.Cut(line, "\t")
		if reason == "" {
			t.Fatalf("differences.txt: %q has no reason", line)
		}
		all = append(all, &difference{line: line, pattern: regexp.MustCompile("(?s)" + pattern)})
	}
	return all
}

func findDifference(all []*difference, shown string) bool {
	for _, d := range all {
		if d.pattern.MatchString(shown) {
			d.uses++
			return true
		}
	}
	return false
}
