package limits

import (
	"cmp"
	"slices"
)

// maxReportedPaths is how many paths a response reports the cost of.
const maxReportedPaths = 20

// PathCost is the cost of the fields at one path of an operation.
type PathCost struct {
	// Path is the names in the schema that lead to the fields, with dots: courses.nodes.
	Path string `json:"path"`
	// Requested is the estimate, and Actual the cost in the response; nil if there is no data.
	Requested int64  `json:"requested"`
	Actual    *int64 `json:"actual"`
}

// CostByPath returns the actual cost of a response, and the costs of the paths with the largest estimates, the
// largest first, 20 at most. The name and values are those of CheckCost, and data the response's data as JSON;
// without data, or with invalid JSON, all actual costs are nil. A fragment counts at the place where it is
// spread most often.
func (d *Document) CostByPath(name string, values map[string]any, data []byte) (actual *int64, paths []PathCost) {
	op := d.findOperation(name)
	if op == nil {
		return nil, nil
	}
	v := variableValues{doc: d, op: op, provided: values}
	ranking, ranked := d.rankFields(op, &v, shareByCost)
	var response *responseCost
	if data != nil {
		if r, err := d.costResponse(op, &v, data); err == nil {
			response = r
			actual = new(roundUpCost(r.cost))
		}
	}
	paths = []PathCost{}
	indexByPath := map[string]int{}
	for _, n := range ranked {
		path := ranking.fieldPath(n)
		i, ok := indexByPath[path]
		if !ok {
			i = len(paths)
			indexByPath[path] = i
			paths = append(paths, PathCost{Path: path})
			if response != nil {
				paths[i].Actual = new(int64)
			}
		}
		paths[i].Requested += roundUpCost(ranking.nodeAt(n).share)
		if response != nil {
			*paths[i].Actual += roundUpCost(response.shares[n])
		}
	}
	slices.SortStableFunc(paths, func(a, b PathCost) int { return cmp.Compare(b.Requested, a.Requested) })
	return actual, paths[:min(len(paths), maxReportedPaths)]
}
