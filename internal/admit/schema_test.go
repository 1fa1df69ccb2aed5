package admit_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"

	"github.com/7p-education/api/internal/admit"
)

const directives = `
directive @cost(weight: String!) on ARGUMENT_DEFINITION | ENUM | FIELD_DEFINITION | INPUT_FIELD_DEFINITION | OBJECT | SCALAR
directive @listSize(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!], requireOneSlicingArgument: Boolean = true) on FIELD_DEFINITION
`

const (
	page  = `@listSize(slicingArguments: ["first", "last"], sizedFields: ["edges", "nodes"], requireOneSlicingArgument: false)`
	first = `@listSize(slicingArguments: ["first"])`
	last  = `@listSize(slicingArguments: ["last"], assumedSize: 366)`
)

// annotations are what the schema says of costs. A weight of 1 is about 2 µs, as of
// BrowseTree; those of fields are what their statements take beyond their rows, by
// docs/indexes.md and bench/RESULTS.md.
var annotations = map[string]string{
	"Query.categories":   `@listSize(assumedSize: 20)`,
	"Query.courses":      `@cost(weight: "50") ` + page,
	"Query.nodes":        `@listSize(slicingArguments: ["ids"])`,
	"Category.courses":   page,
	"Course.videos":      page,
	"Course.reviews":     page,
	"Course.enrollments": page,
	"User.coursesTaught": page,
	"User.enrollments":   page,

	"CourseConnection.totalCount": `@cost(weight: "1")`,
	"Course.analytics":            `@cost(weight: "10")`,
	"Course.relatedCourses":       `@cost(weight: "5") ` + first,

	"Query.searchCourses":               `@cost(weight: "500") @listSize(slicingArguments: ["first"], sizedFields: ["edges", "nodes"])`,
	"Query.searchSuggestions":           `@cost(weight: "500") ` + first,
	"CourseSearchConnection.facets":     `@cost(weight: "500")`,
	"CourseSearchConnection.didYouMean": `@cost(weight: "200")`,
	"SearchFacets.difficulties":         `@listSize(assumedSize: 3)`,
	"SearchFacets.prices":               `@listSize(assumedSize: 2)`,

	"User.dashboard":               `@cost(weight: "50")`,
	"Dashboard.watchTimeSeconds":   `@cost(weight: "50")`,
	"Dashboard.recentActivity":     `@cost(weight: "50") ` + first,
	"Dashboard.watchTime":          `@cost(weight: "50") ` + last,
	"Dashboard.recommendedCourses": `@cost(weight: "100") ` + first,
	"TimePoint":                    `@cost(weight: "0.25")`,
	"UserError":                    `@cost(weight: "0")`,

	"Query.instructorDashboard":               `@cost(weight: "500")`,
	"InstructorDashboard.topCourses":          `@cost(weight: "50") ` + first,
	"InstructorDashboard.enrollmentsOverTime": `@cost(weight: "1000") ` + last,
	"Query.platformDashboard":                 `@cost(weight: "50")`,
	"PlatformDashboard.activeUsersCount":      `@cost(weight: "4000")`,
	"PlatformDashboard.topCourses":            `@cost(weight: "50") ` + first,
	"PlatformDashboard.topCategories":         `@cost(weight: "50") ` + first,
	"PlatformDashboard.enrollmentsOverTime":   `@cost(weight: "100") ` + last,

	"CourseInput.title":          `@cost(weight: "0.5")`,
	"VideoProgressEvent.videoId": `@cost(weight: "0.5")`,

	"Mutation.signUp": `@cost(weight: "5000")`,
	"Mutation.signIn": `@cost(weight: "5000")`,
}

// load parses a schema that may use @cost and @listSize.
func load(t testing.TB, text string) *ast.Schema {
	t.Helper()
	schema, err := gqlparser.LoadSchema(&ast.Source{Input: directives + text})
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// contract returns the contract's schema, with what it says of costs.
var contract = sync.OnceValues(func() (*ast.Schema, error) {
	files, err := filepath.Glob("../../graph/schema/*.graphqls")
	if err != nil {
		return nil, err
	}
	var sources []*ast.Source
	annotated := false
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		annotated = annotated || strings.Contains(string(text), "directive @cost")
		sources = append(sources, &ast.Source{Name: file, Input: string(text)})
	}
	if annotated {
		return gqlparser.LoadSchema(sources...)
	}
	schema, err := gqlparser.LoadSchema(append(sources, &ast.Source{Input: directives})...)
	if err != nil {
		return nil, err
	}
	for place, text := range annotations {
		name, field, isField := strings.Cut(place, ".")
		parsed, err := parser.ParseSchema(&ast.Source{Input: "type T " + text + " { f: Int " + text + " }"})
		if err != nil {
			return nil, err
		}
		if isField {
			f := schema.Types[name].Fields.ForName(field)
			f.Directives = append(f.Directives, parsed.Definitions[0].Fields[0].Directives...)
		} else {
			schema.Types[name].Directives = append(schema.Types[name].Directives, parsed.Definitions[0].Directives...)
		}
	}
	return schema, nil
})

func contractSchema(t testing.TB) *ast.Schema {
	t.Helper()
	schema, err := contract()
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func policy(t testing.TB, schema *ast.Schema, limits admit.Limits) *admit.Policy {
	t.Helper()
	p, err := admit.New(schema, limits)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
