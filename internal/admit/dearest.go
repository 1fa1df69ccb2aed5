package admit

import (
	"cmp"
	"slices"
	"strings"
)

// dearestShares is how many of the dearest fields a refusal and a report name.
const dearestShares = 3

// Report is what a dry run tells of an operation.
type Report struct {
	Estimate
	// Depth is the deepest field's, introspection apart.
	Depth int
	// Statements is how many SQL statements the operation is likely to take: one for
	// each page of a connection, object with an id and field with a weight that the
	// document has, however many rows they have. Reading ahead saves some.
	Statements int
	// Dearest are the fields that cost most.
	Dearest []Share
}

// Report tells of an operation without admitting it; the arguments are those of
// Cost. It is zero for an operation that does not exist.
func (d *Document) Report(name string, given map[string]any) Report {
	op := d.operation(name)
	if op == nil {
		return Report{}
	}
	v := variables{doc: d, op: op, given: given}
	root := &d.blocks[op.root()]
	return Report{Estimate: d.estimate(op, &v), Depth: root.depth, Statements: root.reads, Dearest: d.dearest(op, &v, costShare)}
}

// costShare returns a field's own part of the cost, of each call and of each object.
func costShare(n *node) (own, each float64) { return n.own, n.each }

// fieldShare is costShare of the answer's fields.
func fieldShare(n *node) (own, each float64) { return 1, n.leaves }

// spot is a node of a block.
type spot struct{ block, node int32 }

// nowhere is above the root.
var nowhere = spot{none, none}

// times is how often a selection set is answered, and for how many rows of the page
// that it is in.
type times struct{ once, row float64 }

// ranked is a node with its share. Of the whole of a block, times are those of all
// that spread it, and the owner is that of the place that does so most often.
type ranked struct {
	times
	share float64
	owner spot // the field in whose set it stands, a field's own set included
	most  float64
}

// ranking shares the cost of an operation out among its nodes: from the operation
// down to the fragments that spread nothing, each node once.
type ranking struct {
	doc    *Document
	blocks [][]ranked
}

// dearest returns the fields with the largest shares, the largest first.
func (d *Document) dearest(op *operation, v *variables, share func(*node) (own, each float64)) []Share {
	r := ranking{doc: d, blocks: make([][]ranked, len(d.blocks))}
	for _, b := range op.blocks {
		r.blocks[b] = make([]ranked, len(d.blocks[b].nodes))
		r.blocks[b][0].owner = nowhere
	}
	r.blocks[op.root()][0].times = times{once: 1, row: unpaged}
	for _, b := range slices.Backward(op.blocks) {
		r.rank(b, v, share)
	}
	var spots []spot
	for _, b := range slices.Backward(op.blocks) {
		for i, n := range r.blocks[b] {
			if n.share > 0 && d.blocks[b].nodes[i].field != nil {
				spots = append(spots, spot{b, int32(i)})
			}
		}
	}
	slices.SortStableFunc(spots, func(a, b spot) int { return cmp.Compare(r.at(b).share, r.at(a).share) })
	var dearest []Share
	for _, s := range spots[:min(len(spots), dearestShares)] {
		dearest = append(dearest, Share{Path: r.path(s), Cost: whole(r.at(s).share)})
	}
	return dearest
}

func (r *ranking) at(s spot) *ranked { return &r.blocks[s.block][s.node] }

// rank shares out what a block costs, once all that spreads it is ranked.
func (r *ranking) rank(b int32, v *variables, share func(*node) (own, each float64)) {
	for i := range r.blocks[b] {
		v.steps++
		n, this := &r.doc.blocks[b].nodes[i], &r.blocks[b][i]
		if n.dynamic != nil {
			resolved, there := n.resolve(v)
			if !there {
				this.owner = nowhere
				continue
			}
			n = &resolved
		}
		own, each := share(n)
		above := &r.blocks[b][n.parent]
		switch n.kind {
		case spreadNode:
			r.spread(above, &r.blocks[n.fragment][0])
		case fieldNode:
			this.owner = spot{b, int32(i)}
			if n.field == nil || !n.field.introspection {
				this.call(n, above.times)
				this.share += own*above.once + each*this.once
			}
		default: // what costs there is the field's that it stands in
			if n.kind == inlineNode {
				this.times, this.owner = above.times, above.owner
			}
			if this.owner != nowhere {
				r.at(this.owner).share += each * this.once
			}
		}
	}
}

// call sets how often the selection set of a field is answered.
func (r *ranked) call(n *node, above times) {
	r.once = above.once * n.rows
	if n.field != nil && n.field.sized {
		r.once = above.row
	}
	r.once = min(r.once, ceiling)
	r.row = min(r.once*n.page, ceiling)
}

// spread adds a spread to the whole of the fragment.
func (r *ranking) spread(from, fragment *ranked) {
	fragment.once = min(fragment.once+from.once, ceiling)
	fragment.row = min(fragment.row+from.row, ceiling)
	if often := from.once + from.row; often > fragment.most {
		fragment.most, fragment.owner = often, from.owner
	}
}

// path returns the names from the root to a field.
func (r *ranking) path(s spot) string {
	var names []string
	for s != nowhere {
		n := &r.doc.blocks[s.block].nodes[s.node]
		if n.field != nil {
			names = append(names, n.field.name)
		}
		s = r.at(spot{s.block, n.parent}).owner
	}
	slices.Reverse(names)
	return strings.Join(names, ".")
}
