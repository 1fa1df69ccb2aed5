package limits_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/lexer"
	"github.com/vektah/gqlparser/v2/parser"

	"github.com/7p-education/api/internal/gql/limits"
	"github.com/7p-education/api/internal/gql/limits/hostile"
)

// noLimits returns limits that accept all documents without cycles.
func noLimits() limits.Limits {
	const no = math.MaxInt
	return limits.Limits{
		Tokens: 20_000, Depth: no, Operations: 10, RootFields: no, MutationFields: no, Logins: no, Aliases: no,
		SameFieldPerSet: no, RepeatedNames: no, Directives: no, DirectivesPerLocation: no, Fragments: no, Spreads: no, Variables: no,
		Arguments: no, Cost: no, Fields: no, IntrospectionDepth: no, IntrospectionCost: no,
	}
}

// countTokens returns the number of tokens of a text, the end included.
func countTokens(text string) int {
	in, n := lexer.New(&ast.Source{Input: text}), 0
	for {
		token, err := in.ReadToken()
		if err != nil || token.Kind == lexer.EOF {
			return n + 1
		}
		n++
	}
}

// checkSteps checks that a document takes linear time: each part is visited once, and the
// fragments once more for each of at most ten operations.
func checkSteps(t *testing.T, d *limits.Document, text string, variables map[string]any) {
	t.Helper()
	structure, costs := d.Steps(variables)
	if n := countTokens(text); structure > 12*n || costs > 12*n {
		t.Errorf("%d tokens took %d and %d steps: %.300s", n, structure, costs, text)
	}
}

// FuzzDocument checks any text, with limits and without.
func FuzzDocument(f *testing.F) {
	schema := contractSchema(f)
	strict, unlimited := newPolicy(f, schema, strictLimits()), newPolicy(f, schema, noLimits())
	for _, d := range hostile.LoadDocuments() {
		if len(d.Text) < 10_000 {
			f.Add(d.Text)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		variables := map[string]any{"a": 1.0, "b": true, "c": []any{"x"}, "d": map[string]any{"e": nil}, "f": nil}
		for _, p := range []*limits.Policy{strict, unlimited} {
			d, err := p.ParseDocument(text)
			if err != nil {
				continue
			}
			checkSteps(t, d, text, variables)
			for _, op := range d.Query.Operations {
				e, rejection := d.CheckCost(op.Name, variables)
				if r := d.AnalyzeCost(op.Name, variables); rejection == nil && r.Estimate != e {
					t.Errorf("the analysis has %+v, CheckCost %+v", r.Estimate, e)
				}
			}
		}
	})
}

// FuzzCost generates documents from bytes and compares their costs with the reference.
func FuzzCost(f *testing.F) {
	schema := contractSchema(f)
	p := newPolicy(f, schema, noLimits())
	random := rand.New(rand.NewPCG(7, 7))
	for i := range 400 {
		seed := make([]byte, 5*i)
		for j := range seed {
			seed[j] = byte(random.Uint32())
		}
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, choices []byte) {
		w := &documentWriter{schema: schema, choices: choices}
		text, variables := w.writeDocument(), w.chooseVariables()
		query, err := parser.ParseQuery(&ast.Source{Input: text})
		if err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		d, rejection := p.CheckStructure(query)
		if rejection != nil {
			t.Fatalf("%v: %s", rejection, text)
		}
		checkSteps(t, d, text, variables)
		for _, op := range query.Operations {
			want, ok := costByReference(schema, query, op, variables)
			got := d.AnalyzeCost(op.Name, variables)
			if have := (referenceCost{float64(got.Cost), float64(got.Fields), float64(got.IntrospectionCost)}); ok && have != want {
				t.Errorf("%s\nwith %v\ngot  %+v\nwant %+v", text, variables, have, want)
			}
			if e, rejection := d.CheckCost(op.Name, variables); e != got.Estimate && (rejection == nil || rejection.Code != limits.NullVariable) {
				t.Errorf("%s\nwith %v\ncosts %+v %v, analyzed as %+v", text, variables, e, rejection, got)
			}
			checkShares(t, got)
		}
	})
}

// checkShares checks that no field's share exceeds the cost of the operation.
func checkShares(t *testing.T, r limits.CostAnalysis) {
	t.Helper()
	for _, s := range r.MostExpensive {
		if s.Cost > r.Cost || s.Cost == 0 || s.Path == "" {
			t.Errorf("a share of %+v in a cost of %d", s, r.Cost)
		}
	}
}

// documentWriter writes documents, most of them valid, by random choices.
type documentWriter struct {
	schema  *ast.Schema
	choices []byte
	out     strings.Builder
	fields  int
}

// choose returns a number below n by the next byte; 0 if there are no more bytes.
func (w *documentWriter) choose(n int) int {
	if len(w.choices) == 0 {
		return 0
	}
	c := w.choices[0]
	w.choices = w.choices[1:]
	return int(c) % n
}

var typeConditions = []string{"Query", "Course", "User", "CourseConnection", "CourseEdge", "ReviewConnection", "Node", "__Type", "Category", "CourseSearchConnection", "Nothing"}

func (w *documentWriter) writeDocument() string {
	for i := range 1 + w.choose(2) {
		kind, root := "query", w.schema.Query
		if w.choose(4) == 3 {
			kind, root = "mutation", w.schema.Mutation
		}
		fmt.Fprintf(&w.out, "%s Q%d($rows: Int = %d, $yes: Boolean = true, $in: CourseFilter = {tags: []}, $ids: [ID!] = [\"a\", \"b\"], $order: CourseOrder, $events: RecordVideoProgressInput = {events: [{videoId: 1}]})", kind, i, w.choose(200)-20)
		w.writeSelections(root, 0, 0)
	}
	for i := range 4 {
		on := typeConditions[w.choose(len(typeConditions))]
		fmt.Fprintf(&w.out, " fragment F%d on %s", i, on)
		w.writeSelections(w.schema.Types[on], 0, i+1)
	}
	return w.out.String()
}

// writeSelections writes a selection set. It spreads only fragments from a number on, so that
// there are no cycles.
func (w *documentWriter) writeSelections(on *ast.Definition, depth, from int) {
	w.out.WriteString("{")
	for i := range 1 + w.choose(4) {
		switch c := w.choose(8); {
		case c == 7 && from < 4:
			fmt.Fprintf(&w.out, " ...F%d", from+w.choose(4-from))
			w.writeDirectives()
		case c == 6 && depth < 5:
			name := typeConditions[w.choose(len(typeConditions))]
			if w.choose(2) == 1 {
				w.out.WriteString(" ...")
				w.writeDirectives()
				w.writeSelections(on, depth+1, from)
				continue
			}
			w.out.WriteString(" ...on " + name)
			w.writeDirectives()
			w.writeSelections(w.schema.Types[name], depth+1, from)
		default:
			w.writeField(on, depth, from, i)
		}
	}
	w.out.WriteString("}")
}

func (w *documentWriter) writeField(on *ast.Definition, depth, from, alias int) {
	if w.fields++; w.fields > 300 {
		w.out.WriteString(" __typename")
		return
	}
	fmt.Fprintf(&w.out, " a%d:", alias)
	if on == nil || len(on.Fields) == 0 || w.choose(12) == 11 {
		w.out.WriteString("unknown(rows: $rows)")
		w.writeDirectives()
		if depth < 5 && w.choose(2) == 1 {
			w.writeSelections(nil, depth+1, from)
		}
		return
	}
	def := on.Fields[w.choose(len(on.Fields))]
	for range 2 { // prefer fields with a selection set
		if w.schema.Types[def.Type.Name()].IsLeafType() {
			def = on.Fields[w.choose(len(on.Fields))]
		}
	}
	w.out.WriteString(def.Name)
	w.writeArguments(def)
	w.writeDirectives()
	if typ := w.schema.Types[def.Type.Name()]; depth < 5 && (!typ.IsLeafType() || w.choose(16) == 15) {
		w.writeSelections(typ, depth+1, from)
	}
}

func (w *documentWriter) writeDirectives() {
	switch w.choose(12) {
	case 9:
		w.out.WriteString("@skip(if: $yes)")
	case 10:
		w.out.WriteString("@include(if: $yes)@skip(if: false)")
	case 11:
		w.out.WriteString("@include(if: false)")
	}
}

func (w *documentWriter) writeArguments(def *ast.FieldDefinition) {
	var list []string
	for _, a := range def.Arguments {
		if w.choose(3) == 0 {
			continue
		}
		var value string
		switch a.Type.Name() {
		case "Int":
			value = []string{"$rows", "$unknown", "null", "\"x\"", "-3", fmt.Sprint(w.choose(256)), "1e400"}[w.choose(7)]
		case "CourseFilter":
			value = []string{"$in", "{tags: [\"a\", \"b\"] minRating: 3 nothing: {a: 1}}", "null", "[$in, {}]", "3"}[w.choose(5)]
		case "CourseOrder":
			value = []string{"$order", "{field: TITLE}", "$unknown"}[w.choose(3)]
		case "ID":
			value = []string{"$ids", "[]", "[\"a\", $rows, \"c\"]", "\"a\"", "$unknown"}[w.choose(5)]
		default:
			value = []string{"\"x\"", "{courseId: \"a\" events: [{videoId: 1} {}] courses: [{tags: [1] title: $rows}]}", "$in", "$events", "[$events, {courses: {title: null}}]"}[w.choose(5)]
		}
		list = append(list, a.Name+": "+value)
	}
	if len(list) > 0 {
		w.out.WriteString("(" + strings.Join(list, ", ") + ")")
	}
}

func (w *documentWriter) chooseVariables() map[string]any {
	values := map[string]any{}
	switch w.choose(5) {
	case 4:
		values["events"] = map[string]any{"events": []any{map[string]any{"videoId": nil, "title": 1.0}, map[string]any{"videoId": "x"}}}
	case 1:
		values["rows"] = []any{float64(w.choose(200) - 10), nil, "x"}[w.choose(3)]
	case 2:
		values["yes"] = w.choose(2) == 1
		values["in"] = map[string]any{"tags": []any{"a"}, "nothing": 1.0}
	case 3:
		values["order"] = []any{map[string]any{"field": "TITLE"}, nil, map[string]any{}}
		values["ids"] = []any{"a", "b", "c"}
	}
	return values
}
