package limits

// Steps returns how many parts of the document its structure took, and how many
// nodes the costs of its operations and their reports took.
func (d *Document) Steps(given map[string]any) (structure, costs int) {
	for i := range d.operations {
		op := &d.operations[i]
		v := variableValues{doc: d, op: op, provided: given}
		d.sumOperation(op, &v)
		d.findMostExpensive(op, &v, shareByCost)
		costs += v.steps
	}
	return d.steps, costs
}
