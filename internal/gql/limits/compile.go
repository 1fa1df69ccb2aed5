package limits

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// compiler looks at each part of a document once: it counts what is limited, and
// compiles selection sets into blocks, those of fragments when they are first
// spread.
type compiler struct {
	policy          *Policy
	doc             *Document
	block           *block // that is being compiled
	counts          documentCounts
	variableNumbers map[string]int32 // of variables

	fragments      map[string]*ast.FragmentDefinition
	compiledBlocks map[string]int32 // the blocks of fragments; none of those that are being compiled
	openFragments  []string         // these, each spread in the one before
	cycle          []string         // the names of the first cycle that was met
}

// setLocation is where in a document a selection set stands.
type setLocation struct {
	node     int32
	scope    int32 // of response names; inline fragments share it
	topLevel bool
}

func (w *compiler) compileDocument() {
	w.variableNumbers = map[string]int32{}
	w.compiledBlocks = map[string]int32{}
	w.fragments = make(map[string]*ast.FragmentDefinition, len(w.doc.Query.Fragments))
	for _, f := range w.doc.Query.Fragments {
		if w.fragments[f.Name] == nil { // validation, too, takes the first of a name
			w.fragments[f.Name] = f
		}
	}
	for _, definition := range w.doc.Query.Operations {
		w.compileConditions(definition.Directives)
		for _, v := range definition.VariableDefinitions {
			w.compileConditions(v.Directives)
		}
		w.counts.countOperation(definition)
		root := w.policy.costs.roots[definition.Operation]
		w.doc.operations = append(w.doc.operations, operation{definition: definition, blocks: []int32{w.compileBlock(definition.SelectionSet, root)}})
	}
	for _, f := range w.doc.Query.Fragments {
		if w.fragments[f.Name] == f {
			w.compileFragment(f.Name)
		} else {
			w.compileDefinition(f)
		}
	}
	if w.cycle == nil {
		for i := range w.doc.operations {
			w.collectReachable(&w.doc.operations[i])
		}
	}
	w.doc.steps += w.counts.steps
}

// compileBlock makes a block of a selection set and returns its index.
func (w *compiler) compileBlock(set ast.SelectionSet, of *typeCost) int32 {
	outer := w.block
	b := block{nodes: []planNode{{kind: blockNode}}}
	w.block = &b
	b.depth = w.compileSelections(set, of, setLocation{scope: w.counts.openScope(), topLevel: true})
	w.block = outer
	w.doc.blocks = append(w.doc.blocks, b)
	w.doc.maxBlockNodes = max(w.doc.maxBlockNodes, len(b.nodes))
	return int32(len(w.doc.blocks) - 1)
}

// compileFragment compiles a fragment once. It is false for one that does not exist or is
// being compiled already.
func (w *compiler) compileFragment(name string) (int32, bool) {
	f := w.fragments[name]
	if f == nil {
		return noIndex, false
	}
	switch i, met := w.compiledBlocks[name]; {
	case met && i == noIndex:
		if w.cycle == nil {
			w.cycle = slices.Clone(w.openFragments[slices.Index(w.openFragments, name):])
		}
		return noIndex, false
	case met:
		return i, true
	}
	w.openFragments = append(w.openFragments, name)
	w.compiledBlocks[name] = noIndex
	w.compiledBlocks[name] = w.compileDefinition(f)
	w.openFragments = w.openFragments[:len(w.openFragments)-1]
	return w.compiledBlocks[name], true
}

func (w *compiler) compileDefinition(f *ast.FragmentDefinition) int32 {
	w.compileConditions(f.Directives)
	return w.compileBlock(f.SelectionSet, w.policy.costs.types[f.TypeCondition])
}

// compileSelections compiles the selections of an object of the type, which is nil where it is
// unknown, and returns how deep they are.
func (w *compiler) compileSelections(set ast.SelectionSet, of *typeCost, at setLocation) int {
	depth := 0
	for _, s := range set {
		w.counts.steps++
		switch s := s.(type) {
		case *ast.Field:
			depth = max(depth, w.compileField(s, of, at))
		case *ast.InlineFragment:
			inner := of
			if s.TypeCondition != "" {
				inner = w.policy.costs.types[s.TypeCondition]
			}
			depth = max(depth, w.compileInline(s, inner, at))
		case *ast.FragmentSpread:
			depth = max(depth, w.compileSpread(s, at))
		}
	}
	return depth
}

func (w *compiler) compileField(f *ast.Field, of *typeCost, at setLocation) int {
	w.counts.countField(f, at.scope)
	def := of.lookupField(f.Name)
	if at.topLevel {
		w.block.topLevelFields = addSaturating(w.block.topLevelFields, 1)
		if w.policy.loginFields[f.Name] {
			w.block.logins = addSaturating(w.block.logins, 1)
		}
	}
	n := w.newFieldNode(f, def)
	if len(f.SelectionSet) == 0 && n.callCost == 0 && n.objectCost == 0 && n.dynamic == nil {
		w.block.nodes[at.node].freeFields++
		return 1
	}
	n.parent = at.node
	inner := setLocation{node: w.appendNode(n), scope: w.counts.openScope()}
	if def == nil {
		return 1 + w.compileSelections(f.SelectionSet, nil, inner)
	}
	if def.ownStatement {
		w.block.statements = addSaturating(w.block.statements, 1)
	}
	depth := 1 + w.compileSelections(f.SelectionSet, def.typeCost, inner)
	if def.isIntrospection {
		w.block.introspectionDepth = max(w.block.introspectionDepth, depth)
		return 1
	}
	return depth
}

// newFieldNode makes the node of a field, without its place.
func (w *compiler) newFieldNode(f *ast.Field, def *fieldCost) planNode {
	n := planNode{kind: fieldNode, responseName: f.Alias, field: def}
	conditions := w.compileConditions(f.Directives)
	own, inputs := w.compileArguments(f.Arguments, def)
	slicing, varies := w.compileSlicing(f, def)
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

func (w *compiler) compileInline(f *ast.InlineFragment, of *typeCost, at setLocation) int {
	n := planNode{kind: inlineNode, parent: at.node}
	if conditions := w.compileConditions(f.Directives); conditions != nil {
		n.dynamic = &dynamicPart{conditions: conditions}
	}
	at.node = w.appendNode(n)
	return 1 + w.compileSelections(f.SelectionSet, of, at)
}

func (w *compiler) compileSpread(s *ast.FragmentSpread, at setLocation) int {
	w.counts.spreads++
	conditions := w.compileConditions(s.Directives)
	i, ok := w.compileFragment(s.Name)
	if !ok {
		return 0
	}
	n := planNode{kind: spreadNode, parent: at.node, fragmentBlock: i}
	if conditions != nil {
		n.dynamic = &dynamicPart{conditions: conditions}
	}
	w.appendNode(n)
	b := &w.doc.blocks[i]
	w.block.spreadBlocks = append(w.block.spreadBlocks, i)
	w.block.statements = addSaturating(w.block.statements, b.statements)
	w.block.introspectionDepth = max(w.block.introspectionDepth, b.introspectionDepth)
	if at.topLevel {
		w.block.topLevelFields = addSaturating(w.block.topLevelFields, b.topLevelFields)
		w.block.logins = addSaturating(w.block.logins, b.logins)
	}
	return b.depth
}

func (w *compiler) appendNode(n planNode) int32 {
	w.block.nodes = append(w.block.nodes, n)
	return int32(len(w.block.nodes) - 1)
}

// numberVariable returns the number of a variable.
func (w *compiler) numberVariable(name string) int32 {
	n, ok := w.variableNumbers[name]
	if !ok {
		n = int32(len(w.doc.variables))
		w.variableNumbers[name] = n
		w.doc.variables = append(w.doc.variables, name)
	}
	return n
}

// compileArguments returns what a field's arguments cost, variables apart, and the
// variables in them that can cost something.
func (w *compiler) compileArguments(list ast.ArgumentList, def *fieldCost) (own float64, inputs []int32) {
	w.counts.countArguments(list)
	for _, a := range list {
		if in := def.lookupArgument(a.Name); in != nil {
			own += in.weight + w.compileValue(a.Value, in.typ, in.typeCost, &inputs)
		}
	}
	return own, inputs
}

// compileValue returns what a literal of the type costs: each value the weight of its type,
// and each field of an object a weight of its own. Variables in it are added to
// inputs.
func (w *compiler) compileValue(v *ast.Value, t *ast.Type, of *typeCost, inputs *[]int32) float64 {
	w.counts.steps++
	cost := 0.0
	switch v.Kind {
	case ast.NullValue:
	case ast.Variable:
		n := w.numberVariable(v.Raw)
		if t.NonNull {
			w.block.nonNullVariables = append(w.block.nonNullVariables, n)
		}
		if of.costly {
			*inputs = append(*inputs, n)
		}
	case ast.ListValue:
		if t.Elem != nil {
			t = t.Elem
		}
		for _, child := range v.Children {
			cost += w.compileValue(child.Value, t, of, inputs)
		}
	case ast.ObjectValue:
		cost = of.weight
		for _, child := range v.Children {
			if in := of.inputs[child.Name]; in != nil {
				cost += in.weight + w.compileValue(child.Value, in.typ, in.typeCost, inputs)
			}
		}
	default:
		cost = of.weight
	}
	return cost
}

// compileConditions compiles the conditions among directives.
func (w *compiler) compileConditions(list ast.DirectiveList) []condition {
	w.counts.countDirectives(list)
	var conditions []condition
	for _, d := range list {
		w.counts.countArguments(d.Arguments)
		for _, a := range d.Arguments {
			c := condition{variable: noIndex, literal: a.Value.Raw == "true", wanted: d.Name == "include"}
			if a.Value.Kind == ast.Variable {
				c.variable = w.numberVariable(a.Value.Raw)
				if w.block != nil {
					w.block.nonNullVariables = append(w.block.nonNullVariables, c.variable)
				}
			} else if a.Value.Kind != ast.BooleanValue {
				continue
			}
			if (d.Name == "skip" || d.Name == "include") && a.Name == "if" {
				conditions = append(conditions, c)
			}
		}
	}
	return conditions
}

// collectReachable gathers what the operation reaches.
func (w *compiler) collectReachable(op *operation) {
	own := op.blocks[0]
	reached := make([]bool, own+1)
	reached[own] = true
	seen := make([]bool, len(w.doc.variables))
	for i := own; i >= 0; i-- { // what a block spreads stands before it
		w.doc.steps++
		if !reached[i] {
			continue
		}
		b := &w.doc.blocks[i]
		for _, below := range b.spreadBlocks {
			reached[below] = true
		}
		for _, n := range b.nonNullVariables {
			if !seen[n] {
				seen[n] = true
				op.nonNullVariables = append(op.nonNullVariables, n)
			}
		}
		w.doc.steps += len(b.spreadBlocks) + len(b.nonNullVariables)
	}
	op.blocks = op.blocks[:0]
	for i, ok := range reached {
		if ok {
			op.blocks = append(op.blocks, int32(i))
		}
	}
	op.declaredVariables = make([]declaredVariable, len(w.doc.variables))
	for _, v := range op.definition.VariableDefinitions {
		n, used := w.variableNumbers[v.Variable]
		if of := w.policy.costs.types[v.Type.Name()]; used && of != nil && op.declaredVariables[n].typeCost == nil {
			op.declaredVariables[n] = declaredVariable{typeCost: of, defaultValue: v.DefaultValue}
			if v.DefaultValue != nil {
				op.declaredVariables[n].defaultCost = w.compileValue(v.DefaultValue, v.Type, of, nil)
			}
		}
	}
}
