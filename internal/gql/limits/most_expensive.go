package limits

import (
	"cmp"
	"slices"
	"strings"
)

// maxReportedShares is how many of the dearest fields a refusal and a report name.
const maxReportedShares = 3

// CostAnalysis is what a dry run tells of an operation.
type CostAnalysis struct {
	Estimate
	// Depth is the deepest field's, introspection apart.
	Depth int
	// Statements is how many SQL statements the operation is likely to take: one for
	// each page of a connection, object with an id and field with a weight that the
	// document has, however many rows they have. Reading ahead saves some.
	Statements int
	// MostExpensive are the fields that cost most.
	MostExpensive []CostShare
}

// AnalyzeCost tells of an operation without admitting it; the arguments are those of
// Cost. It is zero for an operation that does not exist.
func (d *Document) AnalyzeCost(name string, values map[string]any) CostAnalysis {
	op := d.findOperation(name)
	if op == nil {
		return CostAnalysis{}
	}
	v := variableValues{doc: d, op: op, provided: values}
	root := &d.blocks[op.rootBlock()]
	return CostAnalysis{Estimate: d.estimateCost(op, &v), Depth: root.depth, Statements: root.statements, MostExpensive: d.findMostExpensive(op, &v, shareByCost)}
}

// shareByCost returns a field's own part of the cost, of each call and of each object.
func shareByCost(n *planNode) (own, each float64) { return n.callCost, n.objectCost }

// shareByFields is shareByCost of the answer's fields.
func shareByFields(n *planNode) (own, each float64) { return 1, n.freeFields }

// nodeRef is a node of a block.
type nodeRef struct{ block, node int32 }

// noNode is above the root.
var noNode = nodeRef{noIndex, noIndex}

// multiplier is how often a selection set is answered, and for how many rows of the page
// that it is in.
type multiplier struct{ fixed, perRow float64 }

// rankedNode is a node with its share. Of the whole of a block, times are those of all
// that spread it, and the owner is that of the place that does so most often.
type rankedNode struct {
	multiplier
	share     float64
	owner     nodeRef // the field in whose set it stands, a field's own set included
	ownerUses float64
}

// costRanking shares the cost of an operation out among its nodes: from the operation
// down to the fragments that spread nothing, each node once.
type costRanking struct {
	doc    *Document
	blocks [][]rankedNode
}

// findMostExpensive returns the fields with the largest shares, the largest first.
func (d *Document) findMostExpensive(op *operation, v *variableValues, share func(*planNode) (own, each float64)) []CostShare {
	r := costRanking{doc: d, blocks: make([][]rankedNode, len(d.blocks))}
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
	var mostExpensive []CostShare
	for _, s := range candidates[:min(len(candidates), maxReportedShares)] {
		mostExpensive = append(mostExpensive, CostShare{Path: r.fieldPath(s), Cost: roundUpCost(r.nodeAt(s).share)})
	}
	return mostExpensive
}

func (r *costRanking) nodeAt(s nodeRef) *rankedNode { return &r.blocks[s.block][s.node] }

// rankBlock shares out what a block costs, once all that spreads it is ranked.
func (r *costRanking) rankBlock(b int32, v *variableValues, share func(*planNode) (own, each float64)) {
	for i := range r.blocks[b] {
		v.steps++
		n, this := &r.doc.blocks[b].nodes[i], &r.blocks[b][i]
		if n.dynamic != nil {
			resolved, there := n.resolveVariables(v)
			if !there {
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
		default: // what costs there is the field's that it stands in
			if n.kind == inlineNode {
				this.multiplier, this.owner = above.multiplier, above.owner
			}
			if this.owner != noNode {
				r.nodeAt(this.owner).share += each * this.fixed
			}
		}
	}
}

// setMultiplier sets how often the selection set of a field is answered.
func (r *rankedNode) setMultiplier(n *planNode, above multiplier) {
	r.fixed = above.fixed * n.rows
	if n.field != nil && n.field.isSized {
		r.fixed = above.perRow
	}
	r.fixed = min(r.fixed, maxCost)
	r.perRow = min(r.fixed*n.pageRows, maxCost)
}

// addSpread adds a spread to the whole of the fragment.
func (r *costRanking) addSpread(from, fragment *rankedNode) {
	fragment.fixed = min(fragment.fixed+from.fixed, maxCost)
	fragment.perRow = min(fragment.perRow+from.perRow, maxCost)
	if often := from.fixed + from.perRow; often > fragment.ownerUses {
		fragment.ownerUses, fragment.owner = often, from.owner
	}
}

// fieldPath returns the names from the root to a field.
func (r *costRanking) fieldPath(s nodeRef) string {
	var names []string
	for s != noNode {
		n := &r.doc.blocks[s.block].nodes[s.node]
		if n.field != nil {
			names = append(names, n.field.name)
		}
		s = r.nodeAt(nodeRef{s.block, n.parent}).owner
	}
	slices.Reverse(names)
	return strings.Join(names, ".")
}
