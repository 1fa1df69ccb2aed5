package limits

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

// costTable is what a schema says of costs, by the directives of IBM's GraphQL Cost
// Directives (https://ibm.github.io/graphql-specs/cost-spec.html, 2021), read once.
// What that counts apart as field cost and as type cost is summed here: a field
// costs its weight each time it is called, 0 without @cost, and each object that it
// gives costs the weight of its type.
//
// Two things are narrower than there. The rows of a page are those of the sized
// fields of its type, whichever field led to the type. And with slicing arguments,
// assumedSize is also the most rows that they get.
type costTable struct {
	types map[string]*typeCost
	roots map[ast.Operation]*typeCost
}

// typeCost is a type of the schema, of output or input.
type typeCost struct {
	weight float64 // of one value
	isNode bool    // implements Node, so it is read by statements of its own
	isEdge bool    // a row of a page, which holds the object beside its cursor
	fields map[string]*fieldCost
	inputs map[string]*inputCost // the fields of an input object
	// costly tells that a value that is sent can cost something.
	costly bool
}

// fieldCost is a field of an object or interface.
type fieldCost struct {
	name     string
	typeCost *typeCost
	weight   float64 // of a call
	args     map[string]*inputCost
	isList   bool
	// hasSizedFields tells that the slicing arguments are about the sized fields below.
	hasSizedFields bool
	isSized        bool
	// slicingArguments are the arguments that say how many rows there are, assumed the rows
	// where none does, and most the rows that there are at most.
	slicingArguments     []string
	assumedRows, maxRows float64
	// ownStatement tells that the field is likely to be a statement of its own.
	ownStatement    bool
	isIntrospection bool
}

// inputCost is an argument or an input object's field.
type inputCost struct {
	typeCost     *typeCost
	weight       float64 // each time it is given, whatever its value
	typ          *ast.Type
	defaultValue *ast.Value // of an argument
}

// lookupField returns the field called name; nil if it is unknown, or the type is.
func (t *typeCost) lookupField(name string) *fieldCost {
	if t == nil {
		return nil
	}
	return t.fields[name]
}

func (f *fieldCost) lookupArgument(name string) *inputCost {
	if f == nil {
		return nil
	}
	return f.args[name]
}

// newCostTable reads the schema. An error names the directive that makes no sense.
func newCostTable(s *ast.Schema) (*costTable, error) {
	t := &costTable{types: make(map[string]*typeCost, len(s.Types)), roots: map[ast.Operation]*typeCost{}}
	for name, def := range s.Types {
		weight := 0.0
		if def.IsCompositeType() {
			weight = objectWeight
		}
		weight, err := parseWeight(def.Directives, weight)
		if err != nil {
			return nil, fmt.Errorf("type %s: %w", name, err)
		}
		t.types[name] = &typeCost{weight: weight, isNode: name == "Node" || slices.Contains(def.Interfaces, "Node")}
	}
	for name, def := range s.Types {
		if err := t.readFields(s, def); err != nil {
			return nil, fmt.Errorf("type %s: %w", name, err)
		}
	}
	for name, def := range s.Types {
		if err := t.markSizedFields(def); err != nil {
			return nil, fmt.Errorf("type %s: %w", name, err)
		}
	}
	t.markCostlyInputs()
	for _, def := range s.Types {
		t.inheritMaxWeights(s, def)
		t.markStatements(def)
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

func (t *costTable) readFields(s *ast.Schema, def *ast.Definition) error {
	own := t.types[def.Name]
	if def.Kind == ast.InputObject {
		own.inputs = make(map[string]*inputCost, len(def.Fields))
		for _, f := range def.Fields {
			in, err := t.newInputCost(f.Type, f.Directives)
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
		read, err := t.newFieldCost(f, byDefault)
		if err != nil {
			return fmt.Errorf("field %s: %w", f.Name, err)
		}
		read.isIntrospection = s.Query != nil && def.Name == s.Query.Name && strings.HasPrefix(f.Name, "__")
		own.fields[f.Name] = read
	}
	return nil
}

func (t *costTable) newFieldCost(def *ast.FieldDefinition, byDefault float64) (*fieldCost, error) {
	f := &fieldCost{
		name: def.Name, typeCost: t.types[def.Type.Name()], isList: def.Type.Elem != nil,
		assumedRows: edu.DefaultPageSize, maxRows: edu.MaxPageSize,
	}
	var err error
	if f.weight, err = parseWeight(def.Directives, byDefault); err != nil {
		return nil, err
	}
	if len(def.Arguments) > 0 {
		f.args = make(map[string]*inputCost, len(def.Arguments))
	}
	for _, a := range def.Arguments {
		in, err := t.newInputCost(a.Type, a.Directives)
		if err != nil {
			return nil, fmt.Errorf("argument %s: %w", a.Name, err)
		}
		in.defaultValue = a.DefaultValue
		f.args[a.Name] = in
	}
	return f, f.parseListSize(def)
}

func (t *costTable) newInputCost(typ *ast.Type, directives ast.DirectiveList) (*inputCost, error) {
	of := t.types[typ.Name()]
	if of == nil {
		return nil, fmt.Errorf("type %s is not defined", typ.Name())
	}
	weight, err := parseWeight(directives, 0)
	return &inputCost{typeCost: of, weight: weight, typ: typ}, err
}

// markSizedFields marks the fields below those of def that @listSize names as sized.
func (t *costTable) markSizedFields(def *ast.Definition) error {
	for _, f := range def.Fields {
		d := f.Directives.ForName("listSize")
		if d == nil || def.Kind == ast.InputObject {
			continue
		}
		for _, name := range parseStringList(d, "sizedFields") {
			sized := t.types[f.Type.Name()].lookupField(name)
			if sized == nil || !sized.isList {
				return fmt.Errorf("field %s: @listSize: sizedFields: %s is no list of %s", f.Name, name, f.Type.Name())
			}
			sized.isSized = true
			sized.typeCost.isEdge = !sized.typeCost.isNode
		}
	}
	return nil
}

// inheritMaxWeights gives an interface the dearest weights among the types that implement
// it, and a union that of its members.
func (t *costTable) inheritMaxWeights(s *ast.Schema, def *ast.Definition) {
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

// markCostlyInputs tells the types of input that have a weight or hold one, however deep:
// input objects can hold each other.
func (t *costTable) markCostlyInputs() {
	for changed := true; changed; {
		changed = false
		for _, of := range t.types {
			costly := of.weight > 0
			for _, in := range of.inputs {
				costly = costly || in.weight > 0 || in.typeCost.costly
			}
			changed = changed || costly && !of.costly
			of.costly = costly
		}
	}
}

// markStatements tells the fields that are likely to be a statement each: pages, objects
// that have an id, and what has a weight of its own. Rows of a page come with it.
func (t *costTable) markStatements(def *ast.Definition) {
	own := t.types[def.Name]
	for _, f := range own.fields {
		f.ownStatement = f.hasSizedFields || f.weight > 0 || f.typeCost != nil && f.typeCost.isNode && !f.isSized && !own.isEdge
	}
}
