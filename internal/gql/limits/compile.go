package limits

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// compiler visits each part of a document once. It counts the parts that are limited, and
// compiles selection sets into blocks: those of fragments when they are spread the first time.
type compiler struct {
	policy          *Policy
	doc             *Document
	block           *block // the block being compiled
	counts          documentCounts
	variableNumbers map[string]int32

	fragments      map[string]*ast.FragmentDefinition
	compiledBlocks map[string]int32 // blocks of fragments; noIndex while a fragment is being compiled
	openFragments  []string         // fragments being compiled, each spread in the one before
	cycle          []string         // names of the first cycle found
}

// setLocation is the place of a selection set in a document.
type setLocation struct {
	node     int32 // the node that has the set
	scope    int32 // of response names; an inline fragment shares that of its parent
	topLevel bool
}

func (c *compiler) compileDocument() {
	c.variableNumbers = map[string]int32{}
	c.compiledBlocks = map[string]int32{}
	c.fragments = make(map[string]*ast.FragmentDefinition, len(c.doc.Query.Fragments))
	for _, f := range c.doc.Query.Fragments {
		if c.fragments[f.Name] == nil { // validation, too, uses the first fragment of a name
			c.fragments[f.Name] = f
		}
	}
	for _, definition := range c.doc.Query.Operations {
		c.compileConditions(definition.Directives)
		for _, v := range definition.VariableDefinitions {
			c.compileConditions(v.Directives)
		}
		c.counts.countOperation(definition)
		root := c.policy.costs.roots[definition.Operation]
		c.doc.operations = append(c.doc.operations, operation{definition: definition, blocks: []int32{c.compileBlock(definition.SelectionSet, root)}})
	}
	for _, f := range c.doc.Query.Fragments {
		if c.fragments[f.Name] == f {
			c.compileFragment(f.Name)
		} else {
			c.compileDefinition(f)
		}
	}
	if c.cycle == nil {
		for i := range c.doc.operations {
			c.collectReachable(&c.doc.operations[i])
		}
	}
	c.doc.steps += c.counts.steps
}

// compileBlock compiles a selection set into a block and returns its index.
func (c *compiler) compileBlock(set ast.SelectionSet, typ *typeCost) int32 {
	outer := c.block
	b := block{nodes: []planNode{{kind: blockNode}}}
	c.block = &b
	b.depth = c.compileSelections(set, typ, setLocation{scope: c.counts.openScope(), topLevel: true})
	c.block = outer
	c.doc.blocks = append(c.doc.blocks, b)
	c.doc.maxBlockNodes = max(c.doc.maxBlockNodes, len(b.nodes))
	return int32(len(c.doc.blocks) - 1)
}

// compileFragment returns the block of a fragment, which it compiles the first time. It returns
// false for a fragment that does not exist or is being compiled.
func (c *compiler) compileFragment(name string) (int32, bool) {
	f := c.fragments[name]
	if f == nil {
		return noIndex, false
	}
	switch i, found := c.compiledBlocks[name]; {
	case found && i == noIndex:
		if c.cycle == nil {
			c.cycle = slices.Clone(c.openFragments[slices.Index(c.openFragments, name):])
		}
		return noIndex, false
	case found:
		return i, true
	}
	c.openFragments = append(c.openFragments, name)
	c.compiledBlocks[name] = noIndex
	c.compiledBlocks[name] = c.compileDefinition(f)
	c.openFragments = c.openFragments[:len(c.openFragments)-1]
	return c.compiledBlocks[name], true
}

func (c *compiler) compileDefinition(f *ast.FragmentDefinition) int32 {
	c.compileConditions(f.Directives)
	return c.compileBlock(f.SelectionSet, c.policy.costs.types[f.TypeCondition])
}

// compileSelections compiles the selections on an object of a type, nil if the type is unknown,
// and returns their depth.
func (c *compiler) compileSelections(set ast.SelectionSet, typ *typeCost, at setLocation) int {
	depth := 0
	for _, s := range set {
		c.counts.steps++
		switch s := s.(type) {
		case *ast.Field:
			depth = max(depth, c.compileField(s, typ, at))
		case *ast.InlineFragment:
			inner := typ
			if s.TypeCondition != "" {
				inner = c.policy.costs.types[s.TypeCondition]
			}
			depth = max(depth, c.compileInline(s, inner, at))
		case *ast.FragmentSpread:
			depth = max(depth, c.compileSpread(s, at))
		}
	}
	return depth
}

func (c *compiler) compileField(f *ast.Field, typ *typeCost, at setLocation) int {
	c.counts.countField(f, at.scope)
	def := typ.lookupField(f.Name)
	if at.topLevel {
		c.block.topLevelFields = addSaturating(c.block.topLevelFields, 1)
		if c.policy.loginFields[f.Name] {
			c.block.logins = addSaturating(c.block.logins, 1)
		}
	}
	n := c.newFieldNode(f, def)
	if len(f.SelectionSet) == 0 && n.callCost == 0 && n.objectCost == 0 && n.dynamic == nil {
		c.block.nodes[at.node].freeFields++
		return 1
	}
	n.parent = at.node
	inner := setLocation{node: c.appendNode(n), scope: c.counts.openScope()}
	if def == nil {
		return 1 + c.compileSelections(f.SelectionSet, nil, inner)
	}
	if def.ownStatement {
		c.block.statements = addSaturating(c.block.statements, 1)
	}
	depth := 1 + c.compileSelections(f.SelectionSet, def.typeCost, inner)
	if def.isIntrospection {
		c.block.introspectionDepth = max(c.block.introspectionDepth, depth)
		return 1
	}
	return depth
}

// newFieldNode returns the node of a field, without its parent.
func (c *compiler) newFieldNode(f *ast.Field, def *fieldCost) planNode {
	n := planNode{kind: fieldNode, responseName: f.Alias, field: def}
	conditions := c.compileConditions(f.Directives)
	own, inputs := c.compileArguments(f.Arguments, def)
	slicing, varies := c.compileSlicing(f, def)
	if conditions != nil || inputs != nil || varies {
		n.dynamic = &dynamicPart{conditions: conditions, inputVariables: inputs}
		if varies {
			n.dynamic.slicingArguments = slicing
		}
	}
	if def != nil {
		n.callCost = own + def.weight
		n.objectCost = def.typeCost.weight
	}
	if !varies {
		n.setRowCounts(slicing, nil)
	}
	return n
}

func (c *compiler) compileInline(f *ast.InlineFragment, typ *typeCost, at setLocation) int {
	n := planNode{kind: inlineNode, parent: at.node}
	if conditions := c.compileConditions(f.Directives); conditions != nil {
		n.dynamic = &dynamicPart{conditions: conditions}
	}
	at.node = c.appendNode(n)
	return 1 + c.compileSelections(f.SelectionSet, typ, at)
}

func (c *compiler) compileSpread(s *ast.FragmentSpread, at setLocation) int {
	c.counts.spreads++
	conditions := c.compileConditions(s.Directives)
	i, ok := c.compileFragment(s.Name)
	if !ok {
		return 0
	}
	n := planNode{kind: spreadNode, parent: at.node, fragmentBlock: i}
	if conditions != nil {
		n.dynamic = &dynamicPart{conditions: conditions}
	}
	c.appendNode(n)
	b := &c.doc.blocks[i]
	c.block.spreadBlocks = append(c.block.spreadBlocks, i)
	c.block.statements = addSaturating(c.block.statements, b.statements)
	c.block.introspectionDepth = max(c.block.introspectionDepth, b.introspectionDepth)
	if at.topLevel {
		c.block.topLevelFields = addSaturating(c.block.topLevelFields, b.topLevelFields)
		c.block.logins = addSaturating(c.block.logins, b.logins)
	}
	return b.depth
}

func (c *compiler) appendNode(n planNode) int32 {
	c.block.nodes = append(c.block.nodes, n)
	return int32(len(c.block.nodes) - 1)
}

// numberVariable returns the number of a variable, a new one the first time.
func (c *compiler) numberVariable(name string) int32 {
	n, ok := c.variableNumbers[name]
	if !ok {
		n = int32(len(c.doc.variables))
		c.variableNumbers[name] = n
		c.doc.variables = append(c.doc.variables, name)
	}
	return n
}

// compileArguments returns the cost of a field's arguments, without variables, and the variables
// in them that can cost something.
func (c *compiler) compileArguments(list ast.ArgumentList, def *fieldCost) (own float64, inputs []int32) {
	c.counts.countArguments(list)
	for _, a := range list {
		if in := def.lookupArgument(a.Name); in != nil {
			own += in.weight + c.compileValue(a.Value, in.typ, in.typeCost, &inputs)
		}
	}
	return own, inputs
}

// compileValue returns the cost of a literal of a type: each value costs the weight of its type,
// and each field of an input object its own weight. It appends the variables in the literal that
// can cost something to inputs.
func (c *compiler) compileValue(v *ast.Value, t *ast.Type, typ *typeCost, inputs *[]int32) float64 {
	c.counts.steps++
	cost := 0.0
	switch v.Kind {
	case ast.NullValue:
	case ast.Variable:
		n := c.numberVariable(v.Raw)
		if t.NonNull {
			c.block.nonNullVariables = append(c.block.nonNullVariables, n)
		}
		if typ.costly {
			*inputs = append(*inputs, n)
		}
	case ast.ListValue:
		if t.Elem != nil {
			t = t.Elem
		}
		for _, child := range v.Children {
			cost += c.compileValue(child.Value, t, typ, inputs)
		}
	case ast.ObjectValue:
		cost = typ.weight
		for _, child := range v.Children {
			if in := typ.inputs[child.Name]; in != nil {
				cost += in.weight + c.compileValue(child.Value, in.typ, in.typeCost, inputs)
			}
		}
	default:
		cost = typ.weight
	}
	return cost
}

// compileConditions compiles the @skip and @include among directives.
func (c *compiler) compileConditions(list ast.DirectiveList) []condition {
	c.counts.countDirectives(list)
	var conditions []condition
	for _, d := range list {
		c.counts.countArguments(d.Arguments)
		for _, a := range d.Arguments {
			compiled := condition{variable: noIndex, literal: a.Value.Raw == "true", includedWhen: d.Name == "include"}
			if a.Value.Kind == ast.Variable {
				compiled.variable = c.numberVariable(a.Value.Raw)
				if c.block != nil {
					c.block.nonNullVariables = append(c.block.nonNullVariables, compiled.variable)
				}
			} else if a.Value.Kind != ast.BooleanValue {
				continue
			}
			if (d.Name == "skip" || d.Name == "include") && a.Name == "if" {
				conditions = append(conditions, compiled)
			}
		}
	}
	return conditions
}

// collectReachable sets the blocks that an operation reaches, and the variables in them.
func (c *compiler) collectReachable(op *operation) {
	own := op.blocks[0]
	reached := make([]bool, own+1)
	reached[own] = true
	seen := make([]bool, len(c.doc.variables))
	for i := own; i >= 0; i-- { // the blocks that a block spreads come before it
		c.doc.steps++
		if !reached[i] {
			continue
		}
		b := &c.doc.blocks[i]
		for _, below := range b.spreadBlocks {
			reached[below] = true
		}
		for _, n := range b.nonNullVariables {
			if !seen[n] {
				seen[n] = true
				op.nonNullVariables = append(op.nonNullVariables, n)
			}
		}
		c.doc.steps += len(b.spreadBlocks) + len(b.nonNullVariables)
	}
	op.blocks = op.blocks[:0]
	for i, ok := range reached {
		if ok {
			op.blocks = append(op.blocks, int32(i))
		}
	}
	op.declaredVariables = make([]declaredVariable, len(c.doc.variables))
	for _, v := range op.definition.VariableDefinitions {
		n, used := c.variableNumbers[v.Variable]
		if typ := c.policy.costs.types[v.Type.Name()]; used && typ != nil && op.declaredVariables[n].typeCost == nil {
			op.declaredVariables[n] = declaredVariable{typeCost: typ, defaultValue: v.DefaultValue}
			if v.DefaultValue != nil {
				op.declaredVariables[n].defaultCost = c.compileValue(v.DefaultValue, v.Type, typ, nil)
			}
		}
	}
}
