package limits

// Steps returns how many parts of the document CheckStructure visited, and how many nodes the
// costs of its operations and their most expensive fields take.
func (d *Document) Steps(values map[string]any) (structure, costs int) {
	for i := range d.operations {
		op := &d.operations[i]
		v := variableValues{doc: d, op: op, provided: values}
		d.sumOperation(op, &v)
		d.findMostExpensive(op, &v, shareByCost)
		costs += v.steps
	}
	return d.steps, costs
}

// CleanUp evicts what exceeds the size of the cache.
func (c DocumentCache) CleanUp() { c.entries.CleanUp() }
