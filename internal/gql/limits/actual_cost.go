package limits

import (
	"encoding/json"
	"fmt"
)

// ActualCost returns what an answer cost, in the units of Estimate.Cost: the weight of
// each field that was called, and of each object that is in data, the answer's as
// JSON. Of an interface's objects the weight is that of its dearest type. It is
// never more than the estimate while no list is longer than the schema says. Name
// and given are those of Cost. It takes about as long as writing the answer did: 4
// ms for 2,250 objects in 125 kB (BenchmarkActual).
func (d *Document) ActualCost(name string, values map[string]any, data []byte) (int64, error) {
	op := d.findOperation(name)
	if op == nil {
		return 0, nil
	}
	var root map[string]any
	if err := json.Unmarshal(data, &root); err != nil {
		return 0, fmt.Errorf("read the answer that is to be costed: %w", err)
	}
	a := responseCost{doc: d, variables: &variableValues{doc: d, op: op, provided: values}}
	a.costSelectionSet([]nodeRef{{block: op.rootBlock()}}, []map[string]any{root})
	return roundUpCost(a.cost), nil
}

// responseCost is costed level by level: all objects at one place of the document
// together, so that the document is walked once, and not once an object.
type responseCost struct {
	doc       *Document
	variables *variableValues
	cost      float64
}

// collectedField is a field of a selection set, merged from all its places there.
type collectedField struct {
	responseName         string // in the answer
	nodes                []nodeRef
	callCost, objectCost float64
}

// costSelectionSet costs what the objects have of the selection sets at spots.
func (a *responseCost) costSelectionSet(spots []nodeRef, objects []map[string]any) {
	var fields []collectedField
	seen := map[int32]bool{}
	for _, s := range spots {
		fields = a.collectFields(fields, s, seen)
	}
	for _, f := range fields {
		var below []map[string]any
		values := 0
		for _, o := range objects {
			value, there := o[f.responseName]
			if !there { // it is of another type
				continue
			}
			a.cost += f.callCost
			values += flattenValues(value, &below)
		}
		a.cost += f.objectCost * float64(values)
		if len(below) > 0 {
			a.costSelectionSet(f.nodes, below)
		}
	}
}

// collectFields adds the fields of a selection set, each fragment's once.
func (a *responseCost) collectFields(fields []collectedField, s nodeRef, seen map[int32]bool) []collectedField {
	nodes := a.doc.blocks[s.block].nodes
	for i := s.node + 1; int(i) < len(nodes) && nodes[i].parent >= s.node; i++ {
		n := &nodes[i]
		if n.parent != s.node {
			continue
		}
		if n.dynamic != nil {
			resolved, there := n.resolveVariables(a.variables)
			if !there {
				continue
			}
			n = &resolved
		}
		switch {
		case n.kind == inlineNode:
			fields = a.collectFields(fields, nodeRef{s.block, i}, seen)
		case n.kind == spreadNode && !seen[n.fragmentBlock]:
			seen[n.fragmentBlock] = true
			fields = a.collectFields(fields, nodeRef{block: n.fragmentBlock}, seen)
		case n.kind == fieldNode && n.field != nil && !n.field.isIntrospection:
			fields = mergeField(fields, n, nodeRef{s.block, i})
		}
	}
	return fields
}

func mergeField(fields []collectedField, n *planNode, at nodeRef) []collectedField {
	for i := range fields {
		if f := &fields[i]; f.responseName == n.responseName {
			f.nodes = append(f.nodes, at)
			f.callCost, f.objectCost = max(f.callCost, n.callCost), max(f.objectCost, n.objectCost)
			return fields
		}
	}
	return append(fields, collectedField{responseName: n.responseName, nodes: []nodeRef{at}, callCost: n.callCost, objectCost: n.objectCost})
}

// flattenValues counts the values of lists within lists, null apart, and adds those that
// are objects.
func flattenValues(value any, objects *[]map[string]any) int {
	switch v := value.(type) {
	case nil:
		return 0
	case []any:
		n := 0
		for _, element := range v {
			n += flattenValues(element, objects)
		}
		return n
	case map[string]any:
		*objects = append(*objects, v)
	}
	return 1
}
