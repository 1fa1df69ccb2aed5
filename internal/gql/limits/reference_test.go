package limits_test

import (
	"math"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
)

// reference costs an operation as the words of the specification go, with every
// spread walked anew and the schema's directives read each time.
type reference struct {
	schema    *ast.Schema
	fragments map[string]*ast.FragmentDefinition
	operation *ast.OperationDefinition
	variables map[string]any
	steps     int // what it cannot finish it gives up
}

type referenceCost struct{ cost, fields, introspection float64 }

const givenUp = 200_000

// costByReference returns what Estimate has; false where that takes too long.
func costByReference(schema *ast.Schema, doc *ast.QueryDocument, op *ast.OperationDefinition, variables map[string]any) (referenceCost, bool) {
	r := &reference{schema: schema, fragments: map[string]*ast.FragmentDefinition{}, operation: op, variables: variables}
	for _, f := range doc.Fragments {
		if r.fragments[f.Name] == nil {
			r.fragments[f.Name] = f
		}
	}
	root := map[ast.Operation]*ast.Definition{ast.Query: schema.Query, ast.Mutation: schema.Mutation, ast.Subscription: schema.Subscription}[op.Operation]
	c := r.set(op.SelectionSet, root, 20)
	up := func(f float64) float64 { return math.Ceil(min(f, 1e15)) }
	return referenceCost{up(c.cost), up(c.fields), up(c.introspection)}, r.steps < givenUp
}

// set costs a selection set whose sized fields have so many rows.
func (r *reference) set(set ast.SelectionSet, on *ast.Definition, page float64) (sum referenceCost) {
	for _, s := range set {
		if r.steps++; r.steps > givenUp {
			return sum
		}
		var c referenceCost
		switch s := s.(type) {
		case *ast.Field:
			if r.left(s.Directives) {
				continue
			}
			c = r.field(s, on, page)
		case *ast.InlineFragment:
			if r.left(s.Directives) {
				continue
			}
			of := on
			if s.TypeCondition != "" {
				of = r.schema.Types[s.TypeCondition]
			}
			c = r.set(s.SelectionSet, of, page)
		case *ast.FragmentSpread:
			f := r.fragments[s.Name]
			if f == nil || r.left(s.Directives) {
				continue
			}
			c = r.set(f.SelectionSet, r.schema.Types[f.TypeCondition], page)
		}
		sum.cost += c.cost
		sum.fields += c.fields
		sum.introspection += c.introspection
	}
	return sum
}

func (r *reference) field(f *ast.Field, on *ast.Definition, page float64) referenceCost {
	var def *ast.FieldDefinition
	if on != nil {
		def = on.Fields.ForName(f.Name)
	}
	if def == nil {
		c := r.set(f.SelectionSet, nil, 20)
		c.fields++
		return c
	}
	of := r.schema.Types[def.Type.Name()]
	call := r.fieldWeight(on, def)
	for _, a := range f.Arguments {
		if d := def.Arguments.ForName(a.Name); d != nil {
			call += weightIn(d.Directives, 0) + r.literal(a.Value, r.schema.Types[d.Type.Name()])
		}
	}
	rows, inner := 1.0, 20.0
	switch sized := def.Directives.ForName("listSize"); {
	case r.isSized(on, f.Name):
		rows = page
	case def.Type.Elem != nil:
		rows = r.size(f, def)
	case sized != nil && len(r.strings(sized, "sizedFields")) > 0:
		inner = r.size(f, def)
	}
	below := r.set(f.SelectionSet, of, inner)
	object := r.typeWeight(of) + below.cost
	if on == r.schema.Query && (f.Name == "__schema" || f.Name == "__type") {
		return referenceCost{0, 1, call + object + below.introspection}
	}
	return referenceCost{call + rows*object, 1 + rows*below.fields, below.introspection}
}

func weightIn(directives ast.DirectiveList, otherwise float64) float64 {
	if d := directives.ForName("cost"); d != nil {
		otherwise, _ = strconv.ParseFloat(d.Arguments.ForName("weight").Value.Raw, 64)
	}
	return otherwise
}

func (r *reference) typeWeight(def *ast.Definition) float64 {
	if def.IsLeafType() {
		return weightIn(def.Directives, 0)
	}
	if def.Kind == ast.InputObject {
		return 0
	}
	weight := weightIn(def.Directives, 1)
	if def.IsAbstractType() {
		for _, d := range r.schema.PossibleTypes[def.Name] {
			weight = max(weight, r.typeWeight(d))
		}
	}
	return weight
}

func (r *reference) fieldWeight(on *ast.Definition, def *ast.FieldDefinition) float64 {
	weight := weightIn(def.Directives, 0)
	if on == r.schema.Mutation {
		weight = weightIn(def.Directives, 10)
	}
	if on.Kind == ast.Interface {
		for _, d := range r.schema.PossibleTypes[on.Name] {
			weight = max(weight, r.fieldWeight(d, d.Fields.ForName(def.Name)))
		}
	}
	return weight
}

func (r *reference) strings(d *ast.Directive, name string) (list []string) {
	if a := d.Arguments.ForName(name); a != nil {
		for _, c := range a.Value.Children {
			list = append(list, c.Value.Raw)
		}
	}
	return list
}

// isSized tells whether any field that gives the type sizes the field of it.
func (r *reference) isSized(on *ast.Definition, name string) bool {
	for _, def := range r.schema.Types {
		for _, f := range def.Fields {
			if d := f.Directives.ForName("listSize"); d != nil && f.Type.Name() == on.Name {
				for _, sized := range r.strings(d, "sizedFields") {
					if sized == name {
						return true
					}
				}
			}
		}
	}
	return false
}

func (r *reference) size(f *ast.Field, def *ast.FieldDefinition) float64 {
	assumed, most := 20.0, 100.0
	var slicing []string
	if d := def.Directives.ForName("listSize"); d != nil {
		if a := d.Arguments.ForName("assumedSize"); a != nil {
			assumed, _ = strconv.ParseFloat(a.Value.Raw, 64)
			most = max(most, assumed)
		}
		slicing = r.strings(d, "slicingArguments")
	}
	size := -1.0
	for _, name := range slicing {
		a := def.Arguments.ForName(name)
		value, known := r.given(f.Arguments.ForName(name))
		if !known && a.DefaultValue != nil {
			value = r.plain(a.DefaultValue)
		}
		switch value := value.(type) {
		case nil:
		case float64:
			size = max(size, value, 0)
		case []any:
			size = max(size, float64(len(value)))
		default:
			if a.Type.Elem != nil {
				size = max(size, 1)
			}
		}
	}
	if size < 0 {
		size = assumed
	}
	return min(size, most)
}

// given returns an argument's value; false where there is none.
func (r *reference) given(a *ast.Argument) (any, bool) {
	if a == nil {
		return nil, false
	}
	if a.Value.Kind != ast.Variable {
		return r.plain(a.Value), true
	}
	if v, ok := r.variables[a.Value.Raw]; ok {
		return v, true
	}
	if d := r.operation.VariableDefinitions.ForName(a.Value.Raw); d != nil && d.DefaultValue != nil {
		return r.plain(d.DefaultValue), true
	}
	return nil, false
}

func (r *reference) plain(v *ast.Value) any {
	switch v.Kind {
	case ast.NullValue:
		return nil
	case ast.IntValue, ast.FloatValue:
		n, _ := strconv.ParseFloat(v.Raw, 64)
		return n
	case ast.BooleanValue:
		return v.Raw == "true"
	case ast.ListValue:
		list := make([]any, len(v.Children))
		return list
	}
	return v.Raw
}

func (r *reference) left(directives ast.DirectiveList) bool {
	for _, d := range directives {
		for _, a := range d.Arguments {
			value, _ := r.given(a)
			if on, ok := value.(bool); ok && a.Name == "if" && (d.Name == "skip" && on || d.Name == "include" && !on) {
				return true
			}
		}
	}
	return false
}

func (r *reference) literal(v *ast.Value, of *ast.Definition) float64 {
	r.steps++
	switch v.Kind {
	case ast.NullValue:
		return 0
	case ast.Variable:
		d := r.operation.VariableDefinitions.ForName(v.Raw)
		given, ok := r.variables[v.Raw]
		switch {
		case d == nil || !r.costly(of, map[string]bool{}):
			return 0
		case ok:
			return r.value(given, r.schema.Types[d.Type.Name()])
		case d.DefaultValue != nil:
			return r.literal(d.DefaultValue, r.schema.Types[d.Type.Name()])
		}
		return 0
	case ast.ListValue:
		sum := 0.0
		for _, c := range v.Children {
			sum += r.literal(c.Value, of)
		}
		return sum
	case ast.ObjectValue:
		sum := r.typeWeight(of)
		for _, c := range v.Children {
			if f := of.Fields.ForName(c.Name); f != nil && of.Kind == ast.InputObject {
				sum += weightIn(f.Directives, 0) + r.literal(c.Value, r.schema.Types[f.Type.Name()])
			}
		}
		return sum
	}
	return r.typeWeight(of)
}

// costly tells whether a value of a type can cost something. A variable of another
// type than the place wants is costed only where it can.
func (r *reference) costly(of *ast.Definition, seen map[string]bool) bool {
	if of.Kind != ast.InputObject {
		return r.typeWeight(of) > 0
	}
	if seen[of.Name] {
		return false
	}
	seen[of.Name] = true
	for _, f := range of.Fields {
		if weightIn(f.Directives, 0) > 0 || r.costly(r.schema.Types[f.Type.Name()], seen) {
			return true
		}
	}
	return false
}

func (r *reference) value(v any, of *ast.Definition) float64 {
	switch v := v.(type) {
	case nil:
		return 0
	case []any:
		sum := 0.0
		for _, c := range v {
			sum += r.value(c, of)
		}
		return sum
	case map[string]any:
		sum := r.typeWeight(of)
		for name, c := range v {
			if f := of.Fields.ForName(name); f != nil && of.Kind == ast.InputObject {
				sum += weightIn(f.Directives, 0) + r.value(c, r.schema.Types[f.Type.Name()])
			}
		}
		return sum
	}
	return r.typeWeight(of)
}
