package resolvers

import (
	"context"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/graph"
	"github.com/7p-education/api/internal/validate"
	"github.com/7p-education/api/store"
)

// writeWishlist calls a write on the viewer's wishlist and returns the payload.
func writeWishlist(ctx context.Context, id edu.ID, write func(*store.Store, context.Context, edu.Viewer, int64, edu.InputPath) error) (*graph.WishlistPayload, error) {
	in := validate.New("input")
	course := in.ValidateID("courseId", id, edu.KindCourse)
	problems, err := executeWrite(ctx, in, func(s *store.Store, v edu.Viewer) error {
		return write(s, ctx, v, course, in.FieldPath("courseId"))
	})
	if err != nil || problems != nil {
		return &graph.WishlistPayload{UserErrors: problems}, err
	}
	c, err := loadWrittenCourse(ctx, course, payloadSelection(ctx, "WishlistPayload", "course"))
	return &graph.WishlistPayload{Course: c}, err
}
