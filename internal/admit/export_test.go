package admit

// Steps returns how many parts of the document its structure took, and how many
// nodes the costs of its operations and their reports took.
func (d *Document) Steps(given map[string]any) (structure, costs int) {
	for i := range d.operations {
		op := &d.operations[i]
		v := variables{doc: d, op: op, given: given}
		d.sum(op, &v)
		d.dearest(op, &v, costShare)
		costs += v.steps
	}
	return d.steps, costs
}
