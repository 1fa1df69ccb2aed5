package limits

import (
	"cmp"
	"slices"
	"strings"
)

// maxReportedShares is how many of the most expensive fields a rejection and an analysis name.
const maxReportedShares = 3

// CostAnalysis is the result of a dry run of an operation.
type CostAnalysis struct {
	Estimate
	// Depth is the depth of the deepest field, without introspection.
	Depth int
	// Statements is how many SQL statements the operation likely takes: one for each page of a
	// connection, each object with an id and each field with a weight in the document, for any
	// number of rows. Prefetching saves some.
	Statements int
	// MostExpensive are the most expensive fields.
	MostExpensive []CostShare
}

// AnalyzeCost returns the costs of an operation without checking them. The arguments are those of
// CheckCost. The analysis of an operation that does not exist is zero.
func (d *Document) AnalyzeCost(name string, values map[string]any) CostAnalysis {
	op := d.findOperation(name)
	if op == nil {
		return CostAnalysis{}
	}
	v := variableValues{doc: d, op: op, provided: values}
	root := &d.blocks[op.rootBlock()]
	return CostAnalysis{Estimate: d.estimateCost(op, &v), Depth: root.depth, Statements: root.statements, MostExpensive: d.findMostExpensive(op, &v, shareByCost)}
}

// shareByCost returns a field's own cost, for each call and for each object.
func shareByCost(n *planNode) (own, each float64) { return n.callCost, n.objectCost }

// shareByFields returns a field's own number of fields in the response, for each call and for
// each object.
func shareByFields(n *planNode) (own, each float64) { return 1, n.freeFields }

// nodeRef identifies a node in a block.
type nodeRef struct{ block, node int32 }

// noNode is the owner of the root.
var noNode = nodeRef{noIndex, noIndex}

// multiplier is how often a selection set is executed, and for how many rows of the page that
// contains it.
type multiplier struct{ fixed, perRow float64 }

// rankedNode is a node with its share of the cost. The first node of a fragment's block has the
// sum of the multipliers of all spreads, and the owner of the spread that is executed most often.
type rankedNode struct {
	multiplier
	share     float64
	owner     nodeRef // the field whose selection set contains the node; the node itself if it is a field
	ownerUses float64 // how often the spread of owner is executed
}

// costRanking distributes the cost of an operation over its nodes. It visits each node once, from
// the operation down to the fragments that spread no other.
type costRanking struct {
	doc    *Document
	blocks [][]rankedNode
}

// findMostExpensive returns the fields with the largest shares, the largest first.
func (d *Document) findMostExpensive(op *operation, v *variableValues, share func(*planNode) (own, each float64)) []CostShare {
	r, ranked := d.rankFields(op, v, share)
	var mostExpensive []CostShare
	for _, n := range ranked[:min(len(ranked), maxReportedShares)] {
		mostExpensive = append(mostExpensive, CostShare{Path: r.fieldPath(n), Cost: roundUpCost(r.nodeAt(n).share)})
	}
	return mostExpensive
}

// rankFields returns the fields that have a share, the largest first.
func (d *Document) rankFields(op *operation, v *variableValues, share func(*planNode) (own, each float64)) (*costRanking, []nodeRef) {
	r := &costRanking{doc: d, blocks: make([][]rankedNode, len(d.blocks))}
	for _, b := range op.blocks {
		r.blocks[b] = make([]rankedNode, len(d.blocks[b].nodes))
		r.blocks[b][0].owner = noNode
	}
	r.blocks[op.rootBlock()][0].multiplier = multiplier{fixed: 1, perRow: defaultPageRows}
	for _, b := range slices.Backward(op.blocks) {
		r.rankBlock(b, v, share)
	}
	var candidates []nodeRef
	for _, b := range slices.Backward(op.blocks) {
		for i, n := range r.blocks[b] {
			if n.share > 0 && d.blocks[b].nodes[i].field != nil {
				candidates = append(candidates, nodeRef{b, int32(i)})
			}
		}
	}
	slices.SortStableFunc(candidates, func(a, b nodeRef) int { return cmp.Compare(r.nodeAt(b).share, r.nodeAt(a).share) })
	return r, candidates
}

func (r *costRanking) nodeAt(n nodeRef) *rankedNode { return &r.blocks[n.block][n.node] }

// rankBlock distributes the cost of a block. All blocks that spread it must be ranked before.
func (r *costRanking) rankBlock(b int32, v *variableValues, share func(*planNode) (own, each float64)) {
	for i := range r.blocks[b] {
		v.steps++
		n, this := &r.doc.blocks[b].nodes[i], &r.blocks[b][i]
		if n.dynamic != nil {
			resolved, included := n.resolveVariables(v)
			if !included {
				this.owner = noNode
				continue
			}
			n = &resolved
		}
		own, each := share(n)
		above := &r.blocks[b][n.parent]
		switch n.kind {
		case spreadNode:
			r.addSpread(above, &r.blocks[n.fragmentBlock][0])
		case fieldNode:
			this.owner = nodeRef{b, int32(i)}
			if n.field == nil || !n.field.isIntrospection {
				this.setMultiplier(n, above.multiplier)
				this.share += own*above.fixed + each*this.fixed
			}
		default: // its cost belongs to the field that contains it
			if n.kind == inlineNode {
				this.multiplier, this.owner = above.multiplier, above.owner
			}
			if this.owner != noNode {
				r.nodeAt(this.owner).share += each * this.fixed
			}
		}
	}
}

// setMultiplier sets how often the selection set of a field is executed.
func (r *rankedNode) setMultiplier(n *planNode, above multiplier) {
	r.fixed = above.fixed * n.rows
	if n.field != nil && n.field.isSized {
		r.fixed = above.perRow
	}
	r.fixed = min(r.fixed, maxCost)
	r.perRow = min(r.fixed*n.pageRows, maxCost)
}

// addSpread adds the multiplier of a spread to the first node of its fragment.
func (r *costRanking) addSpread(from, fragment *rankedNode) {
	fragment.fixed = min(fragment.fixed+from.fixed, maxCost)
	fragment.perRow = min(fragment.perRow+from.perRow, maxCost)
	if uses := from.fixed + from.perRow; uses > fragment.ownerUses {
		fragment.ownerUses, fragment.owner = uses, from.owner
	}
}

// fieldPath returns the names from the root to a field, with dots.
func (r *costRanking) fieldPath(at nodeRef) string {
	var names []string
	for at != noNode {
		n := &r.doc.blocks[at.block].nodes[at.node]
		if n.field != nil {
			names = append(names, n.field.name)
		}
		at = r.nodeAt(nodeRef{at.block, n.parent}).owner
	}
	slices.Reverse(names)
	return strings.Join(names, ".")
}
