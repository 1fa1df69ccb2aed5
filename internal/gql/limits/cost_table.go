package limits

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/7p-education/api/edu"
)

// The default weights: that of objects is from the specification, that of a mutation's fields
// from Apollo Router. Input costs nothing by default, because its bytes are limited: 10,000
// courses may be imported at once.
const (
	objectWeight   = 1
	mutationWeight = 10
)

// costTable is the costs of a schema, by IBM's GraphQL Cost Directives
// (https://ibm.github.io/graphql-specs/cost-spec.html, 2021). The specification counts field
// cost and type cost separately; here they are summed. A field costs its weight for each call,
// 0 without @cost. Each object that it returns costs the weight of its type.
//
// Two rules are narrower than in the specification. The rows of a page are those of the sized
// fields of its type, whichever field returns the type. With slicing arguments, assumedSize also
// limits the number of rows.
type costTable struct {
	types map[string]*typeCost
	roots map[ast.Operation]*typeCost
}

// typeCost is the cost of an output or input type.
type typeCost struct {
	weight float64 // of one value
	isNode bool    // whether it implements Node: it is read by statements of its own
	isEdge bool    // whether it is a row of a page, which has an object and its cursor
	fields map[string]*fieldCost
	inputs map[string]*inputCost // fields of an input object
	// costly reports whether a value in the request can cost something.
	costly bool
}

// fieldCost is the cost of a field of an object or interface.
type fieldCost struct {
	name     string
	typeCost *typeCost
	weight   float64 // of a call
	args     map[string]*inputCost
	isList   bool
	isText   bool // String!
	// hasSizedFields reports whether the slicing arguments are for the sized fields below it.
	hasSizedFields bool
	isSized        bool
	// slicingArguments are the arguments with the number of rows. assumedRows is the number
	// without them, maxRows the largest.
	slicingArguments     []string
	assumedRows, maxRows float64
	// ownStatement reports whether the field is likely an SQL statement of its own.
	ownStatement    bool
	isIntrospection bool
}

// inputCost is the cost of an argument or of a field of an input object.
type inputCost struct {
	typeCost     *typeCost
	weight       float64 // each time it is present, with any value
	typ          *ast.Type
	defaultValue *ast.Value // of an argument
}

// lookupField returns the field with a name; nil if the field or the type is unknown.
func (t *typeCost) lookupField(name string) *fieldCost {
	if t == nil {
		return nil
	}
	return t.fields[name]
}

// lookupArgument returns the argument with a name; nil if the argument or the field is unknown.
func (f *fieldCost) lookupArgument(name string) *inputCost {
	if f == nil {
		return nil
	}
	return f.args[name]
}

// newCostTable reads the costs of a schema. An error names the invalid directive.
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
		defaultWeight := 0.0
		if s.Mutation != nil && def.Name == s.Mutation.Name {
			defaultWeight = mutationWeight
		}
		field, err := t.newFieldCost(f, defaultWeight)
		if err != nil {
			return fmt.Errorf("field %s: %w", f.Name, err)
		}
		field.isIntrospection = s.Query != nil && def.Name == s.Query.Name && strings.HasPrefix(f.Name, "__")
		own.fields[f.Name] = field
	}
	return nil
}

func (t *costTable) newFieldCost(def *ast.FieldDefinition, defaultWeight float64) (*fieldCost, error) {
	f := &fieldCost{
		name: def.Name, typeCost: t.types[def.Type.Name()], isList: def.Type.Elem != nil, isText: def.Type.NamedType == "String" && def.Type.NonNull,
		assumedRows: edu.DefaultPageSize, maxRows: edu.MaxPageSize,
	}
	var err error
	if f.weight, err = parseWeight(def.Directives, defaultWeight); err != nil {
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
	cost := t.types[typ.Name()]
	if cost == nil {
		return nil, fmt.Errorf("type %s is not defined", typ.Name())
	}
	weight, err := parseWeight(directives, 0)
	return &inputCost{typeCost: cost, weight: weight, typ: typ}, err
}

// markSizedFields marks the fields that @listSize of the fields of def names in sizedFields.
func (t *costTable) markSizedFields(def *ast.Definition) error {
	for _, f := range def.Fields {
		d := f.Directives.ForName("listSize")
		if d == nil || def.Kind == ast.InputObject {
			continue
		}
		for _, name := range parseStringList(d, "sizedFields") {
			sized := t.types[f.Type.Name()].lookupField(name)
			if sized == nil || !sized.isList {
				return fmt.Errorf("field %s: @listSize: sizedFields: %s is not a list of %s", f.Name, name, f.Type.Name())
			}
			sized.isSized = true
			sized.typeCost.isEdge = !sized.typeCost.isNode
		}
	}
	return nil
}

// inheritMaxWeights sets the weights of an interface and its fields to the largest among the
// types that implement it, and the weight of a union to the largest among its members.
func (t *costTable) inheritMaxWeights(s *ast.Schema, def *ast.Definition) {
	if !def.IsAbstractType() {
		return
	}
	own := t.types[def.Name]
	for _, possible := range s.GetPossibleTypes(def) {
		concrete := t.types[possible.Name]
		own.weight = max(own.weight, concrete.weight)
		for name, f := range own.fields {
			if implementation := concrete.fields[name]; implementation != nil {
				f.weight = max(f.weight, implementation.weight)
			}
		}
	}
}

// markCostlyInputs marks the input types that have a weight, or contain one at any depth: input
// objects can contain each other.
func (t *costTable) markCostlyInputs() {
	for changed := true; changed; {
		changed = false
		for _, typ := range t.types {
			costly := typ.weight > 0
			for _, in := range typ.inputs {
				costly = costly || in.weight > 0 || in.typeCost.costly
			}
			changed = changed || costly && !typ.costly
			typ.costly = costly
		}
	}
}

// markStatements marks the fields that likely are an SQL statement each: pages, objects with an
// id, and fields with a weight. The rows of a page are read with it, and so are the long texts of a row,
// whose weight is their length: they are the weighted fields of the type String!.
func (t *costTable) markStatements(def *ast.Definition) {
	own := t.types[def.Name]
	for _, f := range own.fields {
		f.ownStatement = f.hasSizedFields || f.weight > 0 && !f.isText || f.typeCost != nil && f.typeCost.isNode && !f.isSized && !own.isEdge
	}
}
