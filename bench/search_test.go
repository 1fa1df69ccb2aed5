package main

import (
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator"

	"github.com/7p-education/api/bench/catalogue"
	"github.com/7p-education/api/internal/gql"
)

// The loads of searches fit the schema, and are the same in every run.
func TestSearchLoads(t *testing.T) {
	t.Parallel()
	schema, err := gqlparser.LoadSchema(&ast.Source{Input: gql.SDL()})
	if err != nil {
		t.Fatal(err)
	}
	courses := catalogue.Generate(3000)
	loads, again := planSearches(courses), planSearches(courses)
	for i, l := range loads {
		doc, errs := gqlparser.LoadQueryWithRules(schema, l.document, nil)
		if errs != nil {
			t.Errorf("%s: %v", l.title, errs)
			continue
		}
		if len(l.variables) == 0 {
			t.Errorf("%s has no requests", l.title)
		}
		for n, v := range l.variables {
			if _, err := validator.VariableValues(schema, doc.Operations[0], v); err != nil {
				t.Errorf("%s: %v", l.title, err)
			}
			if v["text"] != again[i].variables[n]["text"] {
				t.Errorf("%s searches for %q in one run and %q in another", l.title, v["text"], again[i].variables[n]["text"])
			}
		}
	}
}
