package admit

import "github.com/vektah/gqlparser/v2/ast"

// block is the selection set of an operation or a fragment, compiled for costing.
type block struct {
	nodes  []node  // each after the one whose set it is in; the first is the whole
	spread []int32 // the blocks of the fragments that it spreads
	// nonNull are the variables that are used where there must be a value.
	nonNull []int32

	depth         int // of the deepest field, introspection apart
	introspection int // of the deepest field below __schema or __type, these included
	reads         int // fields that are likely to be a statement each
	fields        int // at the top
	logins        int // likewise, those of Limits.LoginFields
}

// node is a part of a selection set that costs something: a field with a selection,
// a weight or a condition; an inline fragment; a spread. Fields that cost nothing
// are but counted where they stand.
// They stand as in the document: what is in a node's set follows it at once.
type node struct {
	kind     kind
	name     string // of a field: that in the answer
	parent   int32
	fragment int32      // of a spread: its block
	field    *fieldCost // nil if it is unknown
	leaves   float64    // the fields in its set that cost nothing
	own      float64    // of a call, variables apart
	each     float64    // of each object that it gives
	rows     float64    // how many objects it gives
	page     float64    // how many objects the sized fields below give
	dynamic  *dynamic   // nil where no variable has a say
}

type kind uint8

const (
	wholeNode kind = iota
	fieldNode
	inlineNode
	spreadNode
)

// dynamic is what depends on variables.
type dynamic struct {
	slices     []slice
	inputs     []int32 // the variables within arguments
	conditions []condition
}

// slice is a slicing argument: a literal, or a variable with what holds where the
// request has none.
type slice struct {
	variable int32 // none for a literal
	list     bool  // whether its length is meant
	literal  float64
	known    bool // whether there is a literal, or a default
}

// condition is @skip or @include: the field is there if the value is want.
type condition struct {
	variable int32 // none for a literal
	literal  bool
	want     bool
}

const none = -1

// count returns how many rows a field gives by its slicing arguments: the most that
// one of them says. What is out of range the resolver refuses.
func (f *fieldCost) count(slices []slice, v *variables) float64 {
	rows, told := 0.0, false
	for _, s := range slices {
		n, known := s.literal, s.known
		if s.variable != none {
			if given, ok := v.value(s.variable); ok {
				n, known = given.rows(s.list)
			}
		}
		if known {
			rows, told = max(rows, n), true
		}
	}
	if !told {
		rows = f.assumed
	}
	return min(rows, f.most)
}

// resize sets how many objects the node gives, and how many the sized fields below
// it.
func (n *node) resize(slices []slice, v *variables) {
	n.rows, n.page = 1, unpaged
	switch f := n.field; {
	case f == nil:
	case f.pages:
		n.page = f.count(slices, v)
	case f.list && !f.sized:
		n.rows = f.count(slices, v)
	}
}

// resolve returns the node as the variables have it; false if a condition leaves it
// out. What is no boolean leaves nothing out.
func (n *node) resolve(v *variables) (node, bool) {
	for _, c := range n.dynamic.conditions {
		there := c.literal == c.want
		if c.variable != none {
			value, _ := v.value(c.variable)
			is, known := value.boolean()
			there = !known || is == c.want
		}
		if !there {
			return node{}, false
		}
	}
	resolved := *n
	for _, variable := range n.dynamic.inputs {
		resolved.own += v.cost(variable)
	}
	if n.dynamic.slices != nil {
		resolved.resize(n.dynamic.slices, v)
	}
	return resolved, true
}

// slicing compiles the slicing arguments of a field, and tells whether variables are
// among them.
func (w *walker) slicing(f *ast.Field, def *fieldCost) (slices []slice, varies bool) {
	if def == nil {
		return nil, false
	}
	for _, name := range def.slicing {
		in := def.args[name]
		s := slice{variable: none, list: in.typ.Elem != nil}
		s.literal, s.known = literalRows(in.byDefault, s.list)
		if given := f.Arguments.ForName(name); given != nil {
			if given.Value.Kind == ast.Variable {
				s.variable = w.variable(given.Value.Raw)
				varies = true
			} else {
				s.literal, s.known = literalRows(given.Value, s.list)
			}
		}
		slices = append(slices, s)
	}
	return slices, varies
}
