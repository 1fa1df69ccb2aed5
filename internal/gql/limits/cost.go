package limits

import (
	"math"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/7p-education/api/edu"
)

const (
	// defaultPageRows is the number of rows of a sized field whose page has no known size.
	defaultPageRows = edu.DefaultPageSize
	// maxCost is the value at which costs stop growing. Whole numbers are exact up to there.
	maxCost = 1e15
)

// Estimate is the most that an operation costs, by the document and the variables: rounded up,
// and 1e15 at most.
type Estimate struct {
	// Cost is in objects: see Limits.Cost.
	Cost int64
	// Fields is the largest number of fields in the response. __schema and __type count as one
	// each.
	Fields int64
	// IntrospectionCost is the cost of the selections below __schema and __type.
	IntrospectionCost int64
}

// CheckCost checks the cost of the operation with a name, which may be "" if it is the only one.
// The values are the variables of a request, as they were sent or as gqlparser coerced them.
// CheckCost also rejects variables that are null where the document requires a value, because
// gqlgen panics or uses a zero value for them. An operation that does not exist costs nothing.
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
		return e, rejectCost("cost of the operation", e.Cost, l.Cost, d.findMostExpensive(op, &v, shareByCost))
	case e.Fields > l.Fields:
		return e, rejectCost("possible fields in the response", e.Fields, l.Fields, d.findMostExpensive(op, &v, shareByFields))
	case e.IntrospectionCost > l.IntrospectionCost:
		return e, rejectCost("cost of introspection", e.IntrospectionCost, l.IntrospectionCost, nil)
	}
	return e, nil
}

// CheckIdempotentCost checks the estimate of an operation that has an Idempotency-Key.
func (d *Document) CheckIdempotentCost(name string, values map[string]any, e Estimate) *Rejection {
	op, limit := d.findOperation(name), d.policy.limits.IdempotentCost
	if op == nil || op.definition.Operation != ast.Mutation || d.CountLogins(name) > 0 || e.Cost <= limit {
		return nil
	}
	v := variableValues{doc: d, op: op, provided: values}
	return rejectCost("cost of a mutation with an Idempotency-Key", e.Cost, limit, d.findMostExpensive(op, &v, shareByCost))
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

func roundUpCost(cost float64) int64 { return int64(math.Ceil(min(cost, maxCost))) }

// amount is a cost and a number of fields in the response.
type amount struct{ cost, fields float64 }

func (a *amount) addScaled(b amount, times float64) {
	a.cost = min(a.cost+b.cost*times, maxCost)
	a.fields = min(a.fields+b.fields*times, maxCost)
}

// selectionCost is the cost of a selection set: a fixed part, and a part for each row of the
// page that it belongs to. Both are the same wherever the set occurs, so a fragment is summed
// once.
type selectionCost struct {
	fixed, perRow     amount
	introspectionCost float64
}

func (s *selectionCost) addSelection(t selectionCost) {
	s.fixed.addScaled(t.fixed, 1)
	s.perRow.addScaled(t.perRow, 1)
	s.introspectionCost = min(s.introspectionCost+t.introspectionCost, maxCost)
}

// addFieldCall adds a field and its selection set.
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

// sumOperation returns the sums of an operation. It goes from the fragments that spread no other
// to the operation, and in each block from the last node to the first.
func (d *Document) sumOperation(op *operation, v *variableValues) selectionCost {
	var stackBuffer [48]selectionCost // enough for the operations of our clients: 17 nodes at most, in one block
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
				resolved, included := n.resolveVariables(v)
				if !included {
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
