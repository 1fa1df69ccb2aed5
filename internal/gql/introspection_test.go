package gql_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"

	"github.com/7p-education/api/internal/gql"
)

// The lists of a type are null for kinds that have none, as in graphql-js.
func TestIntrospectionOfKinds(t *testing.T) {
	t.Parallel()
	h := gql.New(gql.Options{Log: discardLog, Introspection: true})
	const all = `{ kind fields { name type { fields { name } } } interfaces { name } possibleTypes { name } enumValues { name } inputFields { name } isOneOf }`
	resp := postQuery(t, h, student, `{
		object: __type(name: "PageInfo") { kind interfaces { name } possibleTypes { name } enumValues { name } inputFields { name } isOneOf }
		interface: __type(name: "Node") { kind interfaces { name } possibleTypes { name } enumValues { name } inputFields { name } isOneOf }
		union: __type(name: "Nothing") `+all+`
		enum: __type(name: "OrderDirection") `+all+`
		input: __type(name: "EnrollInput") `+all+`
		scalar: __type(name: "Decimal") `+all+`
		wrapped: __type(name: "EnrollInput") { inputFields { type { kind fields { name } inputFields { name } ofType { kind fields { name } } } } }
	}`)
	const want = `{"data":{` +
		`"object":{"kind":"OBJECT","interfaces":[],"possibleTypes":null,"enumValues":null,"inputFields":null,"isOneOf":null},` +
		`"interface":{"kind":"INTERFACE","interfaces":[],"possibleTypes":[{"name":"Category"},{"name":"Certificate"},{"name":"Course"},{"name":"Enrollment"},{"name":"Review"},{"name":"Section"},{"name":"User"},{"name":"Video"}],"enumValues":null,"inputFields":null,"isOneOf":null},` +
		`"union":null,` +
		`"enum":{"kind":"ENUM","fields":null,"interfaces":null,"possibleTypes":null,"enumValues":[{"name":"ASC"},{"name":"DESC"}],"inputFields":null,"isOneOf":null},` +
		`"input":{"kind":"INPUT_OBJECT","fields":null,"interfaces":null,"possibleTypes":null,"enumValues":null,"inputFields":[{"name":"courseId"}],"isOneOf":false},` +
		`"scalar":{"kind":"SCALAR","fields":null,"interfaces":null,"possibleTypes":null,"enumValues":null,"inputFields":null,"isOneOf":null},` +
		`"wrapped":{"inputFields":[{"type":{"kind":"NON_NULL","fields":null,"inputFields":null,"ofType":{"kind":"SCALAR","fields":null}}}]}}}`
	if diff := cmp.Diff(want, resp.Text()); diff != "" {
		t.Errorf("introspection (-want +got):\n%s", diff)
	}
}

// The schema as text has the directives that introspection lists, besides the built-in ones of GraphQL.
func TestDirectivesOfSchema(t *testing.T) {
	t.Parallel()
	builtIn := []string{"deprecated", "include", "oneOf", "skip", "specifiedBy"}
	var text []string
	schema, err := parser.ParseSchema(&ast.Source{Input: gql.SDL()})
	if err != nil {
		t.Fatal(err)
	}
	for _, def := range schema.Directives {
		text = append(text, def.Name)
	}
	text = append(text, builtIn...)
	slices.Sort(text)
	h := gql.New(gql.Options{Log: discardLog, Introspection: true})
	listed := postQuery(t, h, student, `{ __schema { directives { name } } }`).Text()
	want := `{"data":{"__schema":{"directives":[{"name":"` + strings.Join(text, `"},{"name":"`) + `"}]}}}`
	if diff := cmp.Diff(want, listed); diff != "" {
		t.Errorf("directives (-SDL +introspection):\n%s", diff)
	}
}
