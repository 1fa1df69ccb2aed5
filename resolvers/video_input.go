package resolvers

import (
	"strconv"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/validate"
)

// validateVideoOrder returns the keys of the videos of a course in a new order.
func validateVideoOrder(in validate.Input, ids []*edu.ID) []int64 {
	in.ValidateCount("videoIds", len(ids), 1, edu.MaxVideos)
	order := make([]int64, 0, min(len(ids), edu.MaxVideos))
	for i, id := range ids[:cap(order)] {
		order = append(order, in.AtPath("videoIds").ValidateID(strconv.Itoa(i), *id, edu.KindVideo))
	}
	return order
}
