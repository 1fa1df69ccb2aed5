package limits_test

import (
	"math"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
)

// reference computes the cost of an operation literally by the specification: it walks each
// spread again, and reads the directives of the schema each time.
type reference struct {
	schema    *ast.Schema
	fragments map[string]*ast.FragmentDefinition
	operation *ast.OperationDefinition
	variables map[string]any
	steps     int // it stops at maxReferenceSteps
}

type referenceCost struct{ cost, fields, introspection float64 }

const maxReferenceSteps = 200_000

// costByReference returns the values of an Estimate; false if that takes too many steps.
func costByReference(schema *ast.Schema, doc *ast.QueryDocument, op *ast.OperationDefinition, variables map[string]any) (referenceCost, bool) {
	r := &reference{schema: schema, fragments: map[string]*ast.FragmentDefinition{}, operation: op, variables: variables}
	for _, f := range doc.Fragments {
		if r.fragments[f.Name] == nil {
			r.fragments[f.Name] = f
		}
	}
	root := map[ast.Operation]*ast.Definition{ast.Query: schema.Query, ast.Mutation: schema.Mutation, ast.Subscription: schema.Subscription}[op.Operation]
	c := r.costSelections(op.SelectionSet, root, 20)
	up := func(f float64) float64 { return math.Ceil(min(f, 1e15)) }
	return referenceCost{up(c.cost), up(c.fields), up(c.introspection)}, r.steps < maxReferenceSteps
}

// costSelections returns the cost of a selection set whose sized fields have page rows.
func (r *reference) costSelections(set ast.SelectionSet, on *ast.Definition, page float64) (sum referenceCost) {
	for _, s := range set {
		if r.steps++; r.steps > maxReferenceSteps {
			return sum
		}
		var c referenceCost
		switch s := s.(type) {
		case *ast.Field:
			if r.isExcluded(s.Directives) {
				continue
			}
			c = r.costField(s, on, page)
		case *ast.InlineFragment:
			if r.isExcluded(s.Directives) {
				continue
			}
			typ := on
			if s.TypeCondition != "" {
				typ = r.schema.Types[s.TypeCondition]
			}
			c = r.costSelections(s.SelectionSet, typ, page)
		case *ast.FragmentSpread:
			f := r.fragments[s.Name]
			if f == nil || r.isExcluded(s.Directives) {
				continue
			}
			c = r.costSelections(f.SelectionSet, r.schema.Types[f.TypeCondition], page)
		}
		sum.cost += c.cost
		sum.fields += c.fields
		sum.introspection += c.introspection
	}
	return sum
}

func (r *reference) costField(f *ast.Field, on *ast.Definition, page float64) referenceCost {
	var def *ast.FieldDefinition
	if on != nil {
		def = on.Fields.ForName(f.Name)
	}
	if def == nil {
		c := r.costSelections(f.SelectionSet, nil, 20)
		c.fields++
		return c
	}
	typ := r.schema.Types[def.Type.Name()]
	call := r.fieldWeight(on, def)
	for _, a := range f.Arguments {
		if d := def.Arguments.ForName(a.Name); d != nil {
			call += directiveWeight(d.Directives, 0) + r.costLiteral(a.Value, r.schema.Types[d.Type.Name()])
		}
	}
	rows, inner := 1.0, 20.0
	switch sized := def.Directives.ForName("listSize"); {
	case r.isSized(on, f.Name):
		rows = page
	case def.Type.Elem != nil:
		rows = r.countRows(f, def)
	case sized != nil && len(r.stringList(sized, "sizedFields")) > 0:
		inner = r.countRows(f, def)
	}
	below := r.costSelections(f.SelectionSet, typ, inner)
	object := r.typeWeight(typ) + below.cost
	if on == r.schema.Query && (f.Name == "__schema" || f.Name == "__type") {
		return referenceCost{0, 1, call + object + below.introspection}
	}
	return referenceCost{call + rows*object, 1 + rows*below.fields, below.introspection}
}

func directiveWeight(directives ast.DirectiveList, weight float64) float64 {
	if d := directives.ForName("cost"); d != nil {
		weight, _ = strconv.ParseFloat(d.Arguments.ForName("weight").Value.Raw, 64)
	}
	return weight
}

func (r *reference) typeWeight(def *ast.Definition) float64 {
	if def.IsLeafType() {
		return directiveWeight(def.Directives, 0)
	}
	if def.Kind == ast.InputObject {
		return 0
	}
	weight := directiveWeight(def.Directives, 1)
	if def.IsAbstractType() {
		for _, d := range r.schema.PossibleTypes[def.Name] {
			weight = max(weight, r.typeWeight(d))
		}
	}
	return weight
}

func (r *reference) fieldWeight(on *ast.Definition, def *ast.FieldDefinition) float64 {
	weight := directiveWeight(def.Directives, 0)
	if on == r.schema.Mutation {
		weight = directiveWeight(def.Directives, 10)
	}
	if on.Kind == ast.Interface {
		for _, d := range r.schema.PossibleTypes[on.Name] {
			weight = max(weight, r.fieldWeight(d, d.Fields.ForName(def.Name)))
		}
	}
	return weight
}

func (r *reference) stringList(d *ast.Directive, name string) (list []string) {
	if a := d.Arguments.ForName(name); a != nil {
		for _, c := range a.Value.Children {
			list = append(list, c.Value.Raw)
		}
	}
	return list
}

// isSized reports whether @listSize of any field that returns the type names its field in
// sizedFields.
func (r *reference) isSized(on *ast.Definition, name string) bool {
	for _, def := range r.schema.Types {
		for _, f := range def.Fields {
			if d := f.Directives.ForName("listSize"); d != nil && f.Type.Name() == on.Name {
				for _, sized := range r.stringList(d, "sizedFields") {
					if sized == name {
						return true
					}
				}
			}
		}
	}
	return false
}

func (r *reference) countRows(f *ast.Field, def *ast.FieldDefinition) float64 {
	assumed, maxRows := 20.0, 100.0
	var slicing []string
	if d := def.Directives.ForName("listSize"); d != nil {
		if a := d.Arguments.ForName("assumedSize"); a != nil {
			assumed, _ = strconv.ParseFloat(a.Value.Raw, 64)
			maxRows = max(maxRows, assumed)
		}
		slicing = r.stringList(d, "slicingArguments")
	}
	rows := -1.0
	for _, name := range slicing {
		a := def.Arguments.ForName(name)
		value, known := r.argumentValue(f.Arguments.ForName(name))
		if !known && a.DefaultValue != nil {
			value = r.plainValue(a.DefaultValue)
		}
		switch value := value.(type) {
		case nil:
		case float64:
			rows = max(rows, value, 0)
		case []any:
			rows = max(rows, float64(len(value)))
		default:
			if a.Type.Elem != nil {
				rows = max(rows, 1)
			}
		}
	}
	if rows < 0 {
		rows = assumed
	}
	return min(rows, maxRows)
}

// argumentValue returns the value of an argument; false if it has none.
func (r *reference) argumentValue(a *ast.Argument) (any, bool) {
	if a == nil {
		return nil, false
	}
	if a.Value.Kind != ast.Variable {
		return r.plainValue(a.Value), true
	}
	if v, ok := r.variables[a.Value.Raw]; ok {
		return v, true
	}
	if d := r.operation.VariableDefinitions.ForName(a.Value.Raw); d != nil && d.DefaultValue != nil {
		return r.plainValue(d.DefaultValue), true
	}
	return nil, false
}

func (r *reference) plainValue(v *ast.Value) any {
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

func (r *reference) isExcluded(directives ast.DirectiveList) bool {
	for _, d := range directives {
		for _, a := range d.Arguments {
			value, _ := r.argumentValue(a)
			if on, ok := value.(bool); ok && a.Name == "if" && (d.Name == "skip" && on || d.Name == "include" && !on) {
				return true
			}
		}
	}
	return false
}

func (r *reference) costLiteral(v *ast.Value, typ *ast.Definition) float64 {
	r.steps++
	switch v.Kind {
	case ast.NullValue:
		return 0
	case ast.Variable:
		d := r.operation.VariableDefinitions.ForName(v.Raw)
		value, ok := r.variables[v.Raw]
		switch {
		case d == nil || !r.isCostly(typ, map[string]bool{}):
			return 0
		case ok:
			return r.costValue(value, r.schema.Types[d.Type.Name()])
		case d.DefaultValue != nil:
			return r.costLiteral(d.DefaultValue, r.schema.Types[d.Type.Name()])
		}
		return 0
	case ast.ListValue:
		sum := 0.0
		for _, c := range v.Children {
			sum += r.costLiteral(c.Value, typ)
		}
		return sum
	case ast.ObjectValue:
		sum := r.typeWeight(typ)
		for _, c := range v.Children {
			if f := typ.Fields.ForName(c.Name); f != nil && typ.Kind == ast.InputObject {
				sum += directiveWeight(f.Directives, 0) + r.costLiteral(c.Value, r.schema.Types[f.Type.Name()])
			}
		}
		return sum
	}
	return r.typeWeight(typ)
}

// isCostly reports whether a value of a type can cost something. The cost of a variable counts
// only where the required type is costly, even if the variable has another type.
func (r *reference) isCostly(typ *ast.Definition, seen map[string]bool) bool {
	if typ.Kind != ast.InputObject {
		return r.typeWeight(typ) > 0
	}
	if seen[typ.Name] {
		return false
	}
	seen[typ.Name] = true
	for _, f := range typ.Fields {
		if directiveWeight(f.Directives, 0) > 0 || r.isCostly(r.schema.Types[f.Type.Name()], seen) {
			return true
		}
	}
	return false
}

func (r *reference) costValue(v any, typ *ast.Definition) float64 {
	switch v := v.(type) {
	case nil:
		return 0
	case []any:
		sum := 0.0
		for _, c := range v {
			sum += r.costValue(c, typ)
		}
		return sum
	case map[string]any:
		sum := r.typeWeight(typ)
		for name, c := range v {
			if f := typ.Fields.ForName(name); f != nil && typ.Kind == ast.InputObject {
				sum += directiveWeight(f.Directives, 0) + r.costValue(c, r.schema.Types[f.Type.Name()])
			}
		}
		return sum
	}
	return r.typeWeight(typ)
}
