package admit

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// walker looks at each part of a document once: it counts what is limited, and
// compiles selection sets into blocks, those of fragments when they are first
// spread.
type walker struct {
	policy  *Policy
	doc     *Document
	block   *block // that is being compiled
	counts  counts
	numbers map[string]int32 // of variables

	fragments map[string]*ast.FragmentDefinition
	done      map[string]int32 // the blocks of fragments; none of those that are being compiled
	open      []string         // these, each spread in the one before
	cycle     []string         // the names of the first cycle that was met
}

// place is where in a document a selection set stands.
type place struct {
	node  int32
	scope int32 // of response names; inline fragments share it
	top   bool
}

func (w *walker) document() {
	w.numbers = map[string]int32{}
	w.done = map[string]int32{}
	w.fragments = make(map[string]*ast.FragmentDefinition, len(w.doc.Query.Fragments))
	for _, f := range w.doc.Query.Fragments {
		if w.fragments[f.Name] == nil { // validation, too, takes the first of a name
			w.fragments[f.Name] = f
		}
	}
	for _, definition := range w.doc.Query.Operations {
		w.directives(definition.Directives)
		for _, v := range definition.VariableDefinitions {
			w.directives(v.Directives)
		}
		w.counts.operation(definition)
		root := w.policy.table.roots[definition.Operation]
		w.doc.operations = append(w.doc.operations, operation{definition: definition, blocks: []int32{w.compile(definition.SelectionSet, root)}})
	}
	for _, f := range w.doc.Query.Fragments {
		if w.fragments[f.Name] == f {
			w.fragment(f.Name)
		} else {
			w.definition(f)
		}
	}
	if w.cycle == nil {
		for i := range w.doc.operations {
			w.finish(&w.doc.operations[i])
		}
	}
	w.doc.steps += w.counts.steps
}

// compile makes a block of a selection set and returns its index.
func (w *walker) compile(set ast.SelectionSet, of *typeCost) int32 {
	outer := w.block
	b := block{nodes: []node{{kind: wholeNode}}}
	w.block = &b
	b.depth = w.set(set, of, place{scope: w.counts.scope(), top: true})
	w.block = outer
	w.doc.blocks = append(w.doc.blocks, b)
	w.doc.largest = max(w.doc.largest, len(b.nodes))
	return int32(len(w.doc.blocks) - 1)
}

// fragment compiles a fragment once. It is false for one that does not exist or is
// being compiled already.
func (w *walker) fragment(name string) (int32, bool) {
	f := w.fragments[name]
	if f == nil {
		return none, false
	}
	switch i, met := w.done[name]; {
	case met && i == none:
		if w.cycle == nil {
			w.cycle = slices.Clone(w.open[slices.Index(w.open, name):])
		}
		return none, false
	case met:
		return i, true
	}
	w.open = append(w.open, name)
	w.done[name] = none
	w.done[name] = w.definition(f)
	w.open = w.open[:len(w.open)-1]
	return w.done[name], true
}

func (w *walker) definition(f *ast.FragmentDefinition) int32 {
	w.directives(f.Directives)
	return w.compile(f.SelectionSet, w.policy.table.types[f.TypeCondition])
}

// set compiles the selections of an object of the type, which is nil where it is
// unknown, and returns how deep they are.
func (w *walker) set(set ast.SelectionSet, of *typeCost, at place) int {
	depth := 0
	for _, s := range set {
		w.counts.steps++
		switch s := s.(type) {
		case *ast.Field:
			depth = max(depth, w.field(s, of, at))
		case *ast.InlineFragment:
			inner := of
			if s.TypeCondition != "" {
				inner = w.policy.table.types[s.TypeCondition]
			}
			depth = max(depth, w.inline(s, inner, at))
		case *ast.FragmentSpread:
			depth = max(depth, w.spread(s, at))
		}
	}
	return depth
}

func (w *walker) field(f *ast.Field, of *typeCost, at place) int {
	w.counts.field(f, at.scope)
	def := of.field(f.Name)
	if at.top {
		w.block.fields = plus(w.block.fields, 1)
		if w.policy.logins[f.Name] {
			w.block.logins = plus(w.block.logins, 1)
		}
	}
	n := w.call(f, def)
	if len(f.SelectionSet) == 0 && n.own == 0 && n.each == 0 && n.dynamic == nil {
		w.block.nodes[at.node].leaves++
		return 1
	}
	n.parent = at.node
	inner := place{node: w.push(n), scope: w.counts.scope()}
	if def == nil {
		return 1 + w.set(f.SelectionSet, nil, inner)
	}
	if def.reads {
		w.block.reads = plus(w.block.reads, 1)
	}
	depth := 1 + w.set(f.SelectionSet, def.of, inner)
	if def.introspection {
		w.block.introspection = max(w.block.introspection, depth)
		return 1
	}
	return depth
}

// call makes the node of a field, without its place.
func (w *walker) call(f *ast.Field, def *fieldCost) node {
	n := node{kind: fieldNode, name: f.Alias, field: def}
	conditions := w.directives(f.Directives)
	own, inputs := w.arguments(f.Arguments, def)
	slicing, varies := w.slicing(f, def)
	if conditions != nil || inputs != nil || varies {
		n.dynamic = &dynamic{conditions: conditions, inputs: inputs}
		if varies {
			n.dynamic.slices = slicing
		}
	}
	if def != nil {
		n.own = own + def.weight
		n.each = def.of.weight
	}
	if !varies {
		n.resize(slicing, nil)
	}
	return n
}

func (w *walker) inline(f *ast.InlineFragment, of *typeCost, at place) int {
	n := node{kind: inlineNode, parent: at.node}
	if conditions := w.directives(f.Directives); conditions != nil {
		n.dynamic = &dynamic{conditions: conditions}
	}
	at.node = w.push(n)
	return 1 + w.set(f.SelectionSet, of, at)
}

func (w *walker) spread(s *ast.FragmentSpread, at place) int {
	w.counts.spreads++
	conditions := w.directives(s.Directives)
	i, ok := w.fragment(s.Name)
	if !ok {
		return 0
	}
	n := node{kind: spreadNode, parent: at.node, fragment: i}
	if conditions != nil {
		n.dynamic = &dynamic{conditions: conditions}
	}
	w.push(n)
	b := &w.doc.blocks[i]
	w.block.spread = append(w.block.spread, i)
	w.block.reads = plus(w.block.reads, b.reads)
	w.block.introspection = max(w.block.introspection, b.introspection)
	if at.top {
		w.block.fields = plus(w.block.fields, b.fields)
		w.block.logins = plus(w.block.logins, b.logins)
	}
	return b.depth
}

func (w *walker) push(n node) int32 {
	w.block.nodes = append(w.block.nodes, n)
	return int32(len(w.block.nodes) - 1)
}

// variable returns the number of a variable.
func (w *walker) variable(name string) int32 {
	n, ok := w.numbers[name]
	if !ok {
		n = int32(len(w.doc.variables))
		w.numbers[name] = n
		w.doc.variables = append(w.doc.variables, name)
	}
	return n
}

// arguments returns what a field's arguments cost, variables apart, and the
// variables in them that can cost something.
func (w *walker) arguments(list ast.ArgumentList, def *fieldCost) (own float64, inputs []int32) {
	w.counts.arguments(list)
	for _, a := range list {
		if in := def.argument(a.Name); in != nil {
			own += in.weight + w.value(a.Value, in.typ, in.of, &inputs)
		}
	}
	return own, inputs
}

// value returns what a literal of the type costs: each value the weight of its type,
// and each field of an object a weight of its own. Variables in it are added to
// inputs.
func (w *walker) value(v *ast.Value, t *ast.Type, of *typeCost, inputs *[]int32) float64 {
	w.counts.steps++
	cost := 0.0
	switch v.Kind {
	case ast.NullValue:
	case ast.Variable:
		n := w.variable(v.Raw)
		if t.NonNull {
			w.block.nonNull = append(w.block.nonNull, n)
		}
		if of.costly {
			*inputs = append(*inputs, n)
		}
	case ast.ListValue:
		if t.Elem != nil {
			t = t.Elem
		}
		for _, child := range v.Children {
			cost += w.value(child.Value, t, of, inputs)
		}
	case ast.ObjectValue:
		cost = of.weight
		for _, child := range v.Children {
			if in := of.inputs[child.Name]; in != nil {
				cost += in.weight + w.value(child.Value, in.typ, in.of, inputs)
			}
		}
	default:
		cost = of.weight
	}
	return cost
}

// directives compiles the conditions among directives.
func (w *walker) directives(list ast.DirectiveList) []condition {
	w.counts.directives(list)
	var conditions []condition
	for _, d := range list {
		w.counts.arguments(d.Arguments)
		for _, a := range d.Arguments {
			c := condition{variable: none, literal: a.Value.Raw == "true", want: d.Name == "include"}
			if a.Value.Kind == ast.Variable {
				c.variable = w.variable(a.Value.Raw)
				if w.block != nil {
					w.block.nonNull = append(w.block.nonNull, c.variable)
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

// finish gathers what the operation reaches.
func (w *walker) finish(op *operation) {
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
		for _, below := range b.spread {
			reached[below] = true
		}
		for _, n := range b.nonNull {
			if !seen[n] {
				seen[n] = true
				op.nonNull = append(op.nonNull, n)
			}
		}
		w.doc.steps += len(b.spread) + len(b.nonNull)
	}
	op.blocks = op.blocks[:0]
	for i, ok := range reached {
		if ok {
			op.blocks = append(op.blocks, int32(i))
		}
	}
	op.declared = make([]declared, len(w.doc.variables))
	for _, v := range op.definition.VariableDefinitions {
		n, used := w.numbers[v.Variable]
		if of := w.policy.table.types[v.Type.Name()]; used && of != nil && op.declared[n].of == nil {
			op.declared[n] = declared{of: of, byDefault: v.DefaultValue}
			if v.DefaultValue != nil {
				op.declared[n].cost = w.value(v.DefaultValue, v.Type, of, nil)
			}
		}
	}
}
