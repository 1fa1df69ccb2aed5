package limits

import (
	"math"

	"github.com/7p-education/api/edu"
)

const (
	// defaultPageRows is taken for sized fields whose page nothing says the size of.
	defaultPageRows = edu.DefaultPageSize
	// maxCost is where costs stop growing: whole numbers are exact up to there.
	maxCost = 1e15
)

// Estimate is what an operation costs at most, as far as the document and the
// variables tell: rounded up, and 1e15 at most.
type Estimate struct {
	// Cost is in objects: see Limits.Cost.
	Cost int64
	// Fields are those that the answer may have. __schema and __type count as one
	// each.
	Fields int64
	// IntrospectionCost is the cost of what is asked below __schema and __type.
	IntrospectionCost int64
}

// CheckCost admits the cost of the operation called name, which may be "" where it is the
// only one, with the variables of a request; these may be as they came or as
// gqlparser coerced them. Variables that are null where the document must have a
// value are refused too, as gqlgen panics on them or takes a zero. An operation
// that does not exist costs nothing.
func (d *Document) CheckCost(name string, values map[string]any) (Estimate, *Rejection) {
	op := d.findOperation(name)
	if op == nil {
		return Estimate{}, nil
	}
	v := variableValues{doc: d, op: op, provided: values}
	if name := v.findNullVariable(); name != "" {
		return Estimate{}, rejectNullVariable(name)
	}
	e := d.estimateCost(op, &v)
	switch l := d.policy.limits; {
	case e.Cost > l.Cost:
		return e, rejectCost("the operation's cost", e.Cost, l.Cost, d.findMostExpensive(op, &v, shareByCost))
	case e.Fields > l.Fields:
		return e, rejectCost("the fields that the answer could have", e.Fields, l.Fields, d.findMostExpensive(op, &v, shareByFields))
	case e.IntrospectionCost > l.IntrospectionCost:
		return e, rejectCost("the cost of introspection", e.IntrospectionCost, l.IntrospectionCost, nil)
	}
	return e, nil
}

// CheckBatchCost admits what operations that come as one cost together; see Cost.
func (p *Policy) CheckBatchCost(e Estimate) *Rejection {
	switch l := p.limits; {
	case e.Cost > l.Cost:
		return rejectCost("the cost of the batch up to here", e.Cost, l.Cost, nil)
	case e.Fields > l.Fields:
		return rejectCost("the fields that the answers of the batch could have up to here", e.Fields, l.Fields, nil)
	case e.IntrospectionCost > l.IntrospectionCost:
		return rejectCost("the cost of the batch's introspection up to here", e.IntrospectionCost, l.IntrospectionCost, nil)
	}
	return nil
}

// CombineWith returns the sum of two estimates.
func (e Estimate) CombineWith(f Estimate) Estimate {
	return Estimate{Cost: e.Cost + f.Cost, Fields: e.Fields + f.Fields, IntrospectionCost: e.IntrospectionCost + f.IntrospectionCost}
}

func (d *Document) estimateCost(op *operation, v *variableValues) Estimate {
	s := d.sumOperation(op, v)
	return Estimate{
		Cost:              roundUpCost(s.fixed.cost + defaultPageRows*s.perRow.cost),
		Fields:            roundUpCost(s.fixed.fields + defaultPageRows*s.perRow.fields),
		IntrospectionCost: roundUpCost(s.introspectionCost),
	}
}

// roundUpCost rounds a cost up.
func roundUpCost(cost float64) int64 { return int64(math.Ceil(min(cost, maxCost))) }

// amount is what is summed.
type amount struct{ cost, fields float64 }

func (a *amount) addScaled(b amount, times float64) {
	a.cost = min(a.cost+b.cost*times, maxCost)
	a.fields = min(a.fields+b.fields*times, maxCost)
}

// selectionCost are those of a selection set: what it costs once, and for each row of the
// page that it belongs to. That makes them the same wherever the set stands, and so
// a fragment is summed once.
type selectionCost struct {
	fixed, perRow     amount
	introspectionCost float64
}

func (s *selectionCost) addSelection(t selectionCost) {
	s.fixed.addScaled(t.fixed, 1)
	s.perRow.addScaled(t.perRow, 1)
	s.introspectionCost = min(s.introspectionCost+t.introspectionCost, maxCost)
}

// addFieldCall adds a field with what is below it.
func (s *selectionCost) addFieldCall(n *planNode, below selectionCost) {
	object := amount{cost: n.objectCost}
	object.addScaled(below.fixed, 1)
	object.addScaled(below.perRow, n.pageRows)
	s.introspectionCost = min(s.introspectionCost+below.introspectionCost, maxCost)
	s.fixed.fields++
	switch f := n.field; {
	case f != nil && f.isIntrospection:
		s.introspectionCost = min(s.introspectionCost+n.callCost+object.cost, maxCost)
	case f != nil && f.isSized:
		s.fixed.cost += n.callCost
		s.perRow.addScaled(object, 1)
	default:
		s.fixed.cost += n.callCost
		s.fixed.addScaled(object, n.rows)
	}
}

// sumOperation returns the sums of an operation: from the fragments that spread nothing up,
// and in each from the last part to the first.
func (d *Document) sumOperation(op *operation, v *variableValues) selectionCost {
	var stackBuffer [48]selectionCost // enough for what our clients send: 17 nodes at most, in one block
	buffer := stackBuffer[:]
	if need := len(d.blocks) + d.maxBlockNodes; need > len(buffer) {
		buffer = make([]selectionCost, need)
	}
	blocks, nodes := buffer[:len(d.blocks)], buffer[len(d.blocks):]
	for _, b := range op.blocks {
		block := d.blocks[b].nodes
		clear(nodes[:len(block)])
		for i := len(block) - 1; i > 0; i-- {
			v.steps++
			n := &block[i]
			if n.dynamic != nil {
				resolved, there := n.resolveVariables(v)
				if !there {
					continue
				}
				n = &resolved
			}
			below, above := nodes[i], &nodes[n.parent]
			below.fixed.fields += n.freeFields
			switch n.kind {
			case spreadNode:
				above.addSelection(blocks[n.fragmentBlock])
			case inlineNode:
				above.addSelection(below)
			default:
				above.addFieldCall(n, below)
			}
		}
		nodes[0].fixed.fields += block[0].freeFields
		blocks[b] = nodes[0]
	}
	return blocks[op.rootBlock()]
}
