package gql_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql"
	"github.com/7p-education/api/internal/testdb"
)

// deferRandomly returns a query with @defer at random places: around some selections of a set, in inline fragments and
// in named ones, nested, and around fields that are also selected without it.
func deferRandomly(t *testing.T, schema *ast.Schema, random *rand.Rand, text string) string {
	t.Helper()
	doc, errs := gqlparser.LoadQueryWithRules(schema, text, rules.NewDefaultRules())
	if errs != nil {
		t.Fatal(errs)
	}
	n := 0
	var visit func(ast.SelectionSet, string) ast.SelectionSet
	visit = func(sel ast.SelectionSet, typ string) ast.SelectionSet {
		var plain, deferred ast.SelectionSet
		for _, s := range sel {
			switch s := s.(type) {
			case *ast.Field:
				if len(s.SelectionSet) > 0 {
					s.SelectionSet = visit(s.SelectionSet, s.Definition.Type.Name())
				}
			case *ast.InlineFragment:
				s.SelectionSet = visit(s.SelectionSet, s.TypeCondition)
			}
			switch p := random.Float64(); {
			case p < 0.2:
				deferred = append(deferred, s)
			case p < 0.25: // in both
				deferred = append(deferred, s)
				plain = append(plain, copySelection(random, s))
			default:
				plain = append(plain, s)
			}
		}
		if len(deferred) == 0 || n >= 30 || strings.HasPrefix(typ, "__") {
			return append(plain, deferred...)
		}
		if random.Float64() < 0.2 && len(deferred) > 1 { // nested
			n++
			deferred = append(deferred[:1:1], wrapDeferred(doc, random, n, typ, deferred[1:]))
		}
		n++
		return append(plain, wrapDeferred(doc, random, n, typ, deferred))
	}
	op := doc.Operations[0]
	op.SelectionSet = visit(op.SelectionSet, "Query")
	var out strings.Builder
	formatter.NewFormatter(&out).FormatQueryDocument(doc)
	return out.String()
}

// copySelection returns a selection with some of the fields below it.
func copySelection(random *rand.Rand, s ast.Selection) ast.Selection {
	f, ok := s.(*ast.Field)
	if !ok || len(f.SelectionSet) == 0 {
		return s
	}
	copied := *f
	copied.SelectionSet = f.SelectionSet[:1+random.IntN(len(f.SelectionSet))]
	return &copied
}

// wrapDeferred returns a deferred fragment, inline or named, with a label at times.
func wrapDeferred(doc *ast.QueryDocument, random *rand.Rand, n int, typ string, sel ast.SelectionSet) ast.Selection {
	d := &ast.Directive{Name: "defer"}
	if random.Float64() < 0.5 {
		d.Arguments = append(d.Arguments, &ast.Argument{Name: "label", Value: &ast.Value{Kind: ast.StringValue, Raw: fmt.Sprintf("l%d", n)}})
	}
	switch p := random.Float64(); {
	case p < 0.1:
		d.Arguments = append(d.Arguments, &ast.Argument{Name: "if", Value: &ast.Value{Kind: ast.Variable, Raw: "no"}})
	case p < 0.3:
		d.Arguments = append(d.Arguments, &ast.Argument{Name: "if", Value: &ast.Value{Kind: ast.Variable, Raw: "yes"}})
	}
	if random.Float64() < 0.3 {
		name := fmt.Sprintf("F%d", n)
		doc.Fragments = append(doc.Fragments, &ast.FragmentDefinition{Name: name, TypeCondition: typ, SelectionSet: sel})
		return &ast.FragmentSpread{Name: name, Directives: ast.DirectiveList{d}}
	}
	if random.Float64() < 0.5 {
		typ = ""
	}
	return &ast.InlineFragment{TypeCondition: typ, Directives: ast.DirectiveList{d}, SelectionSet: sel}
}

// TestDeferredPartsMergeToTheWhole executes random queries with @defer at random places. The parts of a response,
// merged as clients merge them, are the response without parts, in both formats. No deferred edge waits for its keys:
// all objects of a part are prefetched together.
func TestDeferredPartsMergeToTheWhole(t *testing.T) {
	t.Parallel()
	o := generatorOptions(openDemoStore(t))
	o.MaxBodyBytes = 4 << 20
	o.Limits.Tokens, o.Limits.Fragments, o.Limits.Spreads, o.Limits.Depth, o.Limits.RepeatedNames = 20_000, 1000, 1000, 50, 10_000
	o.Limits.Fields, o.Limits.Cost = 1e7, 1e8
	o.MaxResponseBytes = 64 << 20
	var log bytes.Buffer
	h := withAccessLog(gql.New(o), &log)
	g := newQueryGenerator(11, fetchIDs(t, h))
	random := rand.New(rand.NewPCG(3, 4))
	rounds := testdb.Soak(10, 240)
	inParts, failed := 0, 0
	for i := range rounds {
		g.permissible = i%4 > 0
		original := g.generateQuery()
		text, viewer, accept := deferRandomly(t, g.schema, random, original), []edu.Viewer{{}, student, admin}[i%3], []string{accept2022, accept02}[i/3%2]
		whole := queryGenerated(t, h, viewer, text).Result(t)
		without := queryGenerated(t, h, viewer, original).Result(t)
		if diff := gocmp.Diff(decodeData(t, without.Data), decodeData(t, whole.Data)); diff != "" {
			t.Fatalf("query %d: @defer without parts (-without +with):\n%s\n%s\nerrors %v", i, text, diff, whole.Errors)
		}
		resp := postDeferred(t, h, viewer, accept, text)
		if !strings.HasPrefix(resp.Header.Get("Content-Type"), "multipart/") {
			if diff := gocmp.Diff(decodeData(t, whole.Data), decodeData(t, resp.Result(t).Data)); diff != "" {
				t.Fatalf("query %d, not in parts:\n%s\n%s", i, text, diff)
			}
			continue
		}
		inParts++
		data, errs := mergeParts(t, readParts(t, resp))
		switch {
		case len(whole.Errors) > 0:
			failed++
			if len(errs) == 0 {
				t.Errorf("query %d has no errors:\n%s\n%s", i, text, resp)
			}
		case len(errs) > 0:
			t.Errorf("query %d has errors %v:\n%s", i, errs, text)
		default:
			if diff := gocmp.Diff(decodeData(t, whole.Data), any(data)); diff != "" {
				t.Errorf("query %d as %+v (-whole +merged):\n%s\n%s", i, viewer, text, diff)
			}
		}
		if t.Failed() {
			t.FailNow()
		}
	}
	if waits := strings.Count(log.String(), "batch_waits"); waits > 0 {
		t.Errorf("%d queries have an edge that is not prefetched:\n%.3000s", waits, log.String())
	}
	if inParts < rounds/2 || failed == 0 {
		t.Errorf("%d of %d responses have parts, %d have errors", inParts, rounds, failed)
	}
}

func decodeData(t *testing.T, data json.RawMessage) any {
	t.Helper()
	var v any
	if len(data) > 0 {
		if err := json.Unmarshal(data, &v); err != nil {
			t.Fatal(err)
		}
	}
	return v
}
