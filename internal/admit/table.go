package admit

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/7p-education/api/edu"
)

// Weights where the schema says nothing. Objects are as in the specification, a
// mutation's field as in Apollo's router. What is sent costs nothing by itself, as
// its bytes are limited: 10,000 courses may be imported at once.
const (
	objectWeight   = 1
	mutationWeight = 10
)

// table is what a schema says of costs, by the directives of IBM's GraphQL Cost
// Directives (https://ibm.github.io/graphql-specs/cost-spec.html, 2021), read once.
// What that counts apart as field cost and as type cost is summed here: a field
// costs its weight each time it is called, 0 without @cost, and each object that it
// gives costs the weight of its type.
//
// Two things are narrower than there. The rows of a page are those of the sized
// fields of its type, whichever field led to the type. And with slicing arguments,
// assumedSize is also the most rows that they get.
type table struct {
	types map[string]*typeCost
	roots map[ast.Operation]*typeCost
}

// typeCost is a type of the schema, of output or input.
type typeCost struct {
	weight float64 // of one value
	node   bool    // implements Node, so it is read by statements of its own
	edge   bool    // a row of a page, which holds the object beside its cursor
	fields map[string]*fieldCost
	inputs map[string]*inputCost // the fields of an input object
	// costly tells that a value that is sent can cost something.
	costly bool
}

// fieldCost is a field of an object or interface.
type fieldCost struct {
	name   string
	of     *typeCost
	weight float64 // of a call
	args   map[string]*inputCost
	list   bool
	// pages tells that the slicing arguments are about the sized fields below.
	pages bool
	sized bool
	// slicing are the arguments that say how many rows there are, assumed the rows
	// where none does, and most the rows that there are at most.
	slicing       []string
	assumed, most float64
	// reads tells that the field is likely to be a statement of its own.
	reads         bool
	introspection bool
}

// inputCost is an argument or an input object's field.
type inputCost struct {
	of        *typeCost
	weight    float64 // each time it is given, whatever its value
	typ       *ast.Type
	byDefault *ast.Value // of an argument
}

// field returns the field called name; nil if it is unknown, or the type is.
func (t *typeCost) field(name string) *fieldCost {
	if t == nil {
		return nil
	}
	return t.fields[name]
}

func (f *fieldCost) argument(name string) *inputCost {
	if f == nil {
		return nil
	}
	return f.args[name]
}

// newTable reads the schema. An error names the directive that makes no sense.
func newTable(s *ast.Schema) (*table, error) {
	t := &table{types: make(map[string]*typeCost, len(s.Types)), roots: map[ast.Operation]*typeCost{}}
	for name, def := range s.Types {
		weight := 0.0
		if def.IsCompositeType() {
			weight = objectWeight
		}
		weight, err := weightOf(def.Directives, weight)
		if err != nil {
			return nil, fmt.Errorf("type %s: %w", name, err)
		}
		t.types[name] = &typeCost{weight: weight, node: name == "Node" || slices.Contains(def.Interfaces, "Node")}
	}
	for name, def := range s.Types {
		if err := t.readFields(s, def); err != nil {
			return nil, fmt.Errorf("type %s: %w", name, err)
		}
	}
	for name, def := range s.Types {
		if err := t.spreadSizes(def); err != nil {
			return nil, fmt.Errorf("type %s: %w", name, err)
		}
	}
	t.markCostly()
	for _, def := range s.Types {
		t.generalize(s, def)
		t.markReads(def)
	}
	for operation, def := range map[ast.Operation]*ast.Definition{
		ast.Query: s.Query, ast.Mutation: s.Mutation, ast.Subscription: s.Subscription,
	} {
		if def != nil {
			t.roots[operation] = t.types[def.Name]
		}
	}
	return t, nil
}

func (t *table) readFields(s *ast.Schema, def *ast.Definition) error {
	own := t.types[def.Name]
	if def.Kind == ast.InputObject {
		own.inputs = make(map[string]*inputCost, len(def.Fields))
		for _, f := range def.Fields {
			in, err := t.input(f.Type, f.Directives)
			if err != nil {
				return fmt.Errorf("field %s: %w", f.Name, err)
			}
			own.inputs[f.Name] = in
		}
		return nil
	}
	own.fields = make(map[string]*fieldCost, len(def.Fields))
	for _, f := range def.Fields {
		byDefault := 0.0
		if s.Mutation != nil && def.Name == s.Mutation.Name {
			byDefault = mutationWeight
		}
		read, err := t.field(f, byDefault)
		if err != nil {
			return fmt.Errorf("field %s: %w", f.Name, err)
		}
		read.introspection = s.Query != nil && def.Name == s.Query.Name && strings.HasPrefix(f.Name, "__")
		own.fields[f.Name] = read
	}
	return nil
}

func (t *table) field(def *ast.FieldDefinition, byDefault float64) (*fieldCost, error) {
	f := &fieldCost{
		name: def.Name, of: t.types[def.Type.Name()], list: def.Type.Elem != nil,
		assumed: edu.DefaultPageSize, most: edu.MaxPageSize,
	}
	var err error
	if f.weight, err = weightOf(def.Directives, byDefault); err != nil {
		return nil, err
	}
	if len(def.Arguments) > 0 {
		f.args = make(map[string]*inputCost, len(def.Arguments))
	}
	for _, a := range def.Arguments {
		in, err := t.input(a.Type, a.Directives)
		if err != nil {
			return nil, fmt.Errorf("argument %s: %w", a.Name, err)
		}
		in.byDefault = a.DefaultValue
		f.args[a.Name] = in
	}
	return f, f.readListSize(def)
}

func (t *table) input(typ *ast.Type, directives ast.DirectiveList) (*inputCost, error) {
	of := t.types[typ.Name()]
	if of == nil {
		return nil, fmt.Errorf("type %s is not defined", typ.Name())
	}
	weight, err := weightOf(directives, 0)
	return &inputCost{of: of, weight: weight, typ: typ}, err
}

// spreadSizes marks the fields below those of def that @listSize names as sized.
func (t *table) spreadSizes(def *ast.Definition) error {
	for _, f := range def.Fields {
		d := f.Directives.ForName("listSize")
		if d == nil || def.Kind == ast.InputObject {
			continue
		}
		for _, name := range texts(d, "sizedFields") {
			sized := t.types[f.Type.Name()].field(name)
			if sized == nil || !sized.list {
				return fmt.Errorf("field %s: @listSize: sizedFields: %s is no list of %s", f.Name, name, f.Type.Name())
			}
			sized.sized = true
			sized.of.edge = !sized.of.node
		}
	}
	return nil
}

// generalize gives an interface the dearest weights among the types that implement
// it, and a union that of its members.
func (t *table) generalize(s *ast.Schema, def *ast.Definition) {
	if !def.IsAbstractType() {
		return
	}
	own := t.types[def.Name]
	for _, possible := range s.GetPossibleTypes(def) {
		concrete := t.types[possible.Name]
		own.weight = max(own.weight, concrete.weight)
		for name, f := range own.fields {
			if theirs := concrete.fields[name]; theirs != nil {
				f.weight = max(f.weight, theirs.weight)
			}
		}
	}
}

// markCostly tells the types of input that have a weight or hold one, however deep:
// input objects can hold each other.
func (t *table) markCostly() {
	for changed := true; changed; {
		changed = false
		for _, of := range t.types {
			costly := of.weight > 0
			for _, in := range of.inputs {
				costly = costly || in.weight > 0 || in.of.costly
			}
			changed = changed || costly && !of.costly
			of.costly = costly
		}
	}
}

// markReads tells the fields that are likely to be a statement each: pages, objects
// that have an id, and what has a weight of its own. Rows of a page come with it.
func (t *table) markReads(def *ast.Definition) {
	own := t.types[def.Name]
	for _, f := range own.fields {
		f.reads = f.pages || f.weight > 0 || f.of != nil && f.of.node && !f.sized && !own.edge
	}
}
