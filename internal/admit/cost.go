package admit

import (
	"math"

	"github.com/7p-education/api/edu"
)

const (
	// unpaged is taken for sized fields whose page nothing says the size of.
	unpaged = edu.DefaultPageSize
	// ceiling is where costs stop growing: whole numbers are exact up to there.
	ceiling = 1e15
)

// Estimate is what an operation costs at most, as far as the document and the
// variables tell: rounded up, and 1e15 at most.
type Estimate struct {
	// Cost is in objects: see Limits.Cost.
	Cost int64
	// Fields are those that the answer may have. __schema and __type count as one
	// each.
	Fields int64
	// Introspection is the cost of what is asked below __schema and __type.
	Introspection int64
}

// Cost admits the cost of the operation called name, which may be "" where it is the
// only one, with the variables of a request; these may be as they came or as
// gqlparser coerced them. Variables that are null where the document must have a
// value are refused too, as gqlgen panics on them or takes a zero. An operation
// that does not exist costs nothing.
func (d *Document) Cost(name string, given map[string]any) (Estimate, *Refusal) {
	op := d.operation(name)
	if op == nil {
		return Estimate{}, nil
	}
	v := variables{doc: d, op: op, given: given}
	if name := v.null(); name != "" {
		return Estimate{}, nullVariable(name)
	}
	e := d.estimate(op, &v)
	switch l := d.policy.limits; {
	case e.Cost > l.Cost:
		return e, tooExpensive("the operation's cost", e.Cost, l.Cost, d.dearest(op, &v, costShare))
	case e.Fields > l.Fields:
		return e, tooExpensive("the fields that the answer could have", e.Fields, l.Fields, d.dearest(op, &v, fieldShare))
	case e.Introspection > l.IntrospectionCost:
		return e, tooExpensive("the cost of introspection", e.Introspection, l.IntrospectionCost, nil)
	}
	return e, nil
}

// Together admits what operations that come as one cost together; see Cost.
func (p *Policy) Together(e Estimate) *Refusal {
	switch l := p.limits; {
	case e.Cost > l.Cost:
		return tooExpensive("the cost of the batch up to here", e.Cost, l.Cost, nil)
	case e.Fields > l.Fields:
		return tooExpensive("the fields that the answers of the batch could have up to here", e.Fields, l.Fields, nil)
	case e.Introspection > l.IntrospectionCost:
		return tooExpensive("the cost of the batch's introspection up to here", e.Introspection, l.IntrospectionCost, nil)
	}
	return nil
}

// Plus returns the sum of two estimates.
func (e Estimate) Plus(f Estimate) Estimate {
	return Estimate{Cost: e.Cost + f.Cost, Fields: e.Fields + f.Fields, Introspection: e.Introspection + f.Introspection}
}

func (d *Document) estimate(op *operation, v *variables) Estimate {
	s := d.sum(op, v)
	return Estimate{
		Cost:          whole(s.once.cost + unpaged*s.row.cost),
		Fields:        whole(s.once.fields + unpaged*s.row.fields),
		Introspection: whole(s.introspection),
	}
}

// whole rounds a cost up.
func whole(cost float64) int64 { return int64(math.Ceil(min(cost, ceiling))) }

// amount is what is summed.
type amount struct{ cost, fields float64 }

func (a *amount) add(b amount, times float64) {
	a.cost = min(a.cost+b.cost*times, ceiling)
	a.fields = min(a.fields+b.fields*times, ceiling)
}

// sums are those of a selection set: what it costs once, and for each row of the
// page that it belongs to. That makes them the same wherever the set stands, and so
// a fragment is summed once.
type sums struct {
	once, row     amount
	introspection float64
}

func (s *sums) add(t sums) {
	s.once.add(t.once, 1)
	s.row.add(t.row, 1)
	s.introspection = min(s.introspection+t.introspection, ceiling)
}

// addCall adds a field with what is below it.
func (s *sums) addCall(n *node, below sums) {
	object := amount{cost: n.each}
	object.add(below.once, 1)
	object.add(below.row, n.page)
	s.introspection = min(s.introspection+below.introspection, ceiling)
	s.once.fields++
	switch f := n.field; {
	case f != nil && f.introspection:
		s.introspection = min(s.introspection+n.own+object.cost, ceiling)
	case f != nil && f.sized:
		s.once.cost += n.own
		s.row.add(object, 1)
	default:
		s.once.cost += n.own
		s.once.add(object, n.rows)
	}
}

// sum returns the sums of an operation: from the fragments that spread nothing up,
// and in each from the last part to the first.
func (d *Document) sum(op *operation, v *variables) sums {
	var few [48]sums // enough for what our clients send: 17 nodes at most, in one block
	room := few[:]
	if need := len(d.blocks) + d.largest; need > len(room) {
		room = make([]sums, need)
	}
	blocks, nodes := room[:len(d.blocks)], room[len(d.blocks):]
	for _, b := range op.blocks {
		block := d.blocks[b].nodes
		clear(nodes[:len(block)])
		for i := len(block) - 1; i > 0; i-- {
			v.steps++
			n := &block[i]
			if n.dynamic != nil {
				resolved, there := n.resolve(v)
				if !there {
					continue
				}
				n = &resolved
			}
			below, above := nodes[i], &nodes[n.parent]
			below.once.fields += n.leaves
			switch n.kind {
			case spreadNode:
				above.add(blocks[n.fragment])
			case inlineNode:
				above.add(below)
			default:
				above.addCall(n, below)
			}
		}
		nodes[0].once.fields += block[0].leaves
		blocks[b] = nodes[0]
	}
	return blocks[op.root()]
}
