package resolvers

import (
	"strconv"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/validate"
)

// validateIDs returns the keys of 1 to maximum ids of a kind, 0 for null.
func validateIDs(in validate.Input, field string, ids []*edu.ID, kind edu.Kind, maximum int) []int64 {
	in.ValidateCount(field, len(ids), 1, maximum)
	keys := make([]int64, min(len(ids), maximum))
	for i, id := range ids[:len(keys)] {
		if id != nil {
			keys[i] = in.AtPath(field).ValidateID(strconv.Itoa(i), *id, kind)
		}
	}
	return keys
}
