package explain

import "encoding/json"

// Node is a node of a plan that EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) returned. Rows and time are means of its loops.
type Node struct {
	Type         string  `json:"Node Type"`
	Relation     string  `json:"Relation Name"`
	Index        string  `json:"Index Name"`
	Rows         float64 `json:"Actual Rows"`
	Loops        float64 `json:"Actual Loops"`
	Milliseconds float64 `json:"Actual Total Time"`
	HitPages     int64   `json:"Shared Hit Blocks"`
	ReadPages    int64   `json:"Shared Read Blocks"`
	Plans        []Node  `json:"Plans"`
}

// Root returns the root of the plan of a statement, or false if it has none.
func (s Statement) Root() (Node, bool) {
	var plans []struct{ Plan Node }
	if len(s.Plan) == 0 || json.Unmarshal(s.Plan, &plans) != nil || len(plans) == 0 {
		return Node{}, false
	}
	return plans[0].Plan, true
}
