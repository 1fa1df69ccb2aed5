package limits

import "github.com/vektah/gqlparser/v2/ast"

// block is the selection set of an operation or a fragment, compiled for costing.
type block struct {
	nodes        []planNode // parents before their children; the first stands for the block
	spreadBlocks []int32    // blocks of the fragments that it spreads
	// nonNullVariables are the variables that are used where a value is required.
	nonNullVariables []int32

	depth              int // of the deepest field, without introspection
	introspectionDepth int // of the deepest field below __schema or __type, including these
	statements         int // fields that likely are an SQL statement each
	topLevelFields     int
	logins             int // top-level fields in Limits.LoginFields
}

// planNode is a part of a selection set that can cost something: a field with a selection set, a
// weight or a condition; an inline fragment; a spread. Fields that cost nothing are only counted
// in their parent. Nodes are in the order of the document: the nodes of a selection set directly
// follow the node that has it.
type planNode struct {
	kind          nodeKind
	responseName  string // of a field
	parent        int32
	fragmentBlock int32        // of a spread: the block of its fragment
	field         *fieldCost   // nil if the field is unknown
	freeFields    float64      // number of fields in its selection set that cost nothing
	callCost      float64      // of a call, without variables
	objectCost    float64      // of each object that it returns
	rows          float64      // number of objects that it returns
	pageRows      float64      // number of objects that the sized fields below it return
	dynamic       *dynamicPart // nil if it does not depend on variables
}

type nodeKind uint8

const (
	blockNode nodeKind = iota
	fieldNode
	inlineNode
	spreadNode
)

// dynamicPart is the part of a node that depends on variables.
type dynamicPart struct {
	slicingArguments []slicingArgument
	inputVariables   []int32 // variables within arguments
	conditions       []condition
}

// slicingArgument is a slicing argument: a literal, or a variable and the default of the argument.
type slicingArgument struct {
	variable int32 // noIndex for a literal
	isList   bool  // whether the length of a list is the number of rows
	literal  float64
	known    bool // whether there is a literal or a default
}

// condition is @skip or @include: it includes its selection if the value equals
// includedWhen.
type condition struct {
	variable     int32 // noIndex for a literal
	literal      bool
	includedWhen bool
}

const noIndex = -1

// countRows returns how many rows a field returns: the largest number of its slicing arguments,
// at most maxRows. The resolver rejects numbers out of range.
func (f *fieldCost) countRows(slices []slicingArgument, v *variableValues) float64 {
	rows, specified := 0.0, false
	for _, s := range slices {
		n, known := s.literal, s.known
		if s.variable != noIndex {
			if value, ok := v.lookupValue(s.variable); ok {
				n, known = value.requestedRows(s.isList)
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

// setRowCounts sets how many objects the node and the sized fields below it return.
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

// resolveVariables returns the node with the values of variables applied; false if a condition
// excludes it. A condition whose value is not a boolean excludes nothing.
func (n *planNode) resolveVariables(v *variableValues) (planNode, bool) {
	for _, c := range n.dynamic.conditions {
		included := c.literal == c.includedWhen
		if c.variable != noIndex {
			value, _ := v.lookupValue(c.variable)
			is, known := value.booleanValue()
			included = !known || is == c.includedWhen
		}
		if !included {
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

// compileSlicing compiles the slicing arguments of a field, and reports whether any is a
// variable.
func (c *compiler) compileSlicing(f *ast.Field, def *fieldCost) (slices []slicingArgument, varies bool) {
	if def == nil {
		return nil, false
	}
	for _, name := range def.slicingArguments {
		in := def.args[name]
		s := slicingArgument{variable: noIndex, isList: in.typ.Elem != nil}
		s.literal, s.known = literalRows(in.defaultValue, s.isList)
		if argument := f.Arguments.ForName(name); argument != nil {
			if argument.Value.Kind == ast.Variable {
				s.variable = c.numberVariable(argument.Value.Raw)
				varies = true
			} else {
				s.literal, s.known = literalRows(argument.Value, s.isList)
			}
		}
		slices = append(slices, s)
	}
	return slices, varies
}
