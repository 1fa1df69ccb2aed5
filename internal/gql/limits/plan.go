package limits

import "github.com/vektah/gqlparser/v2/ast"

// block is the selection set of an operation or a fragment, compiled for costing.
type block struct {
	nodes        []planNode // each after the one whose set it is in; the first is the whole
	spreadBlocks []int32    // the blocks of the fragments that it spreads
	// nonNullVariables are the variables that are used where there must be a value.
	nonNullVariables []int32

	depth              int // of the deepest field, introspection apart
	introspectionDepth int // of the deepest field below __schema or __type, these included
	statements         int // fields that are likely to be a statement each
	topLevelFields     int // at the top
	logins             int // likewise, those of Limits.LoginFields
}

// planNode is a part of a selection set that costs something: a field with a selection,
// a weight or a condition; an inline fragment; a spread. Fields that cost nothing
// are but counted where they stand.
// They stand as in the document: what is in a node's set follows it at once.
type planNode struct {
	kind          nodeKind
	responseName  string // of a field: that in the answer
	parent        int32
	fragmentBlock int32        // of a spread: its block
	field         *fieldCost   // nil if it is unknown
	freeFields    float64      // the fields in its set that cost nothing
	callCost      float64      // of a call, variables apart
	objectCost    float64      // of each object that it gives
	rows          float64      // how many objects it gives
	pageRows      float64      // how many objects the sized fields below give
	dynamic       *dynamicPart // nil where no variable has a say
}

type nodeKind uint8

const (
	blockNode nodeKind = iota
	fieldNode
	inlineNode
	spreadNode
)

// dynamicPart is what depends on variables.
type dynamicPart struct {
	slicingArguments []slicingArgument
	inputVariables   []int32 // the variables within arguments
	conditions       []condition
}

// slicingArgument is a slicing argument: a literal, or a variable with what holds where the
// request has none.
type slicingArgument struct {
	variable int32 // none for a literal
	isList   bool  // whether its length is meant
	literal  float64
	known    bool // whether there is a literal, or a default
}

// condition is @skip or @include: the field is there if the value is want.
type condition struct {
	variable int32 // none for a literal
	literal  bool
	wanted   bool
}

const noIndex = -1

// countRows returns how many rows a field gives by its slicing arguments: the most that
// one of them says. What is out of range the resolver refuses.
func (f *fieldCost) countRows(slices []slicingArgument, v *variableValues) float64 {
	rows, specified := 0.0, false
	for _, s := range slices {
		n, known := s.literal, s.known
		if s.variable != noIndex {
			if given, ok := v.lookupValue(s.variable); ok {
				n, known = given.requestedRows(s.isList)
			}
		}
		if known {
			rows, specified = max(rows, n), true
		}
	}
	if !specified {
		rows = f.assumedRows
	}
	return min(rows, f.maxRows)
}

// setRowCounts sets how many objects the node gives, and how many the sized fields below
// it.
func (n *planNode) setRowCounts(slices []slicingArgument, v *variableValues) {
	n.rows, n.pageRows = 1, defaultPageRows
	switch f := n.field; {
	case f == nil:
	case f.hasSizedFields:
		n.pageRows = f.countRows(slices, v)
	case f.isList && !f.isSized:
		n.rows = f.countRows(slices, v)
	}
}

// resolveVariables returns the node as the variables have it; false if a condition leaves it
// out. What is no boolean leaves nothing out.
func (n *planNode) resolveVariables(v *variableValues) (planNode, bool) {
	for _, c := range n.dynamic.conditions {
		there := c.literal == c.wanted
		if c.variable != noIndex {
			value, _ := v.lookupValue(c.variable)
			is, known := value.booleanValue()
			there = !known || is == c.wanted
		}
		if !there {
			return planNode{}, false
		}
	}
	resolved := *n
	for _, variable := range n.dynamic.inputVariables {
		resolved.callCost += v.memoizedCost(variable)
	}
	if n.dynamic.slicingArguments != nil {
		resolved.setRowCounts(n.dynamic.slicingArguments, v)
	}
	return resolved, true
}

// compileSlicing compiles the slicing arguments of a field, and tells whether variables are
// among them.
func (w *compiler) compileSlicing(f *ast.Field, def *fieldCost) (slices []slicingArgument, varies bool) {
	if def == nil {
		return nil, false
	}
	for _, name := range def.slicingArguments {
		in := def.args[name]
		s := slicingArgument{variable: noIndex, isList: in.typ.Elem != nil}
		s.literal, s.known = literalRows(in.defaultValue, s.isList)
		if given := f.Arguments.ForName(name); given != nil {
			if given.Value.Kind == ast.Variable {
				s.variable = w.numberVariable(given.Value.Raw)
				varies = true
			} else {
				s.literal, s.known = literalRows(given.Value, s.isList)
			}
		}
		slices = append(slices, s)
	}
	return slices, varies
}
