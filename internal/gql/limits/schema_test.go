package limits_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/7p-education/api/internal/gql/limits"
)

const directives = `
directive @cost(weight: String!) on ARGUMENT_DEFINITION | ENUM | FIELD_DEFINITION | INPUT_FIELD_DEFINITION | OBJECT | SCALAR
directive @listSize(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!], requireOneSlicingArgument: Boolean = true) on FIELD_DEFINITION
`

// loadSchema parses a schema that may use @cost and @listSize.
func loadSchema(t testing.TB, text string) *ast.Schema {
	t.Helper()
	schema, err := gqlparser.LoadSchema(&ast.Source{Input: directives + text})
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// loadContract returns the schema of the API, with its costs.
var loadContract = sync.OnceValues(func() (*ast.Schema, error) {
	files, err := filepath.Glob("../../../graph/schema/*.graphqls")
	if err != nil {
		return nil, err
	}
	var sources []*ast.Source
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		sources = append(sources, &ast.Source{Name: file, Input: string(text)})
	}
	return gqlparser.LoadSchema(sources...)
})

func contractSchema(t testing.TB) *ast.Schema {
	t.Helper()
	schema, err := loadContract()
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func newPolicy(t testing.TB, schema *ast.Schema, values limits.Limits) *limits.Policy {
	t.Helper()
	p, err := limits.New(schema, values)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// strictLimits returns limits that the hostile documents exceed, even if the defaults change.
func strictLimits() limits.Limits {
	l := limits.Defaults()
	l.RootFields, l.MutationFields, l.Aliases, l.SameFieldPerSet, l.Cost = 20, 5, 30, 10, 10_000
	return l
}
