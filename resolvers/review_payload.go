package resolvers

import (
	"context"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/graph"
)

// maxReviewLength is the maximum length of a review, and of the reply to it, as the schema documents it.
const maxReviewLength = 5_000

// loadReviewPayload returns the payload of a write on a review: the review with a prefetched selection, or the
// problems that prevented the write.
func loadReviewPayload(ctx context.Context, id int64, problems []*edu.UserError, err error) (*graph.ReviewPayload, error) {
	if err != nil || problems != nil {
		return &graph.ReviewPayload{UserErrors: problems}, err
	}
	pf := newPrefetcher(ctx)
	pf.walkNodes(map[edu.Kind][]int64{edu.KindReview: {id}}, payloadSelection(ctx, "ReviewPayload", "review"))
	if err := pf.sendBatches(); err != nil {
		return nil, err
	}
	review, err := pf.loaders.Review.Load(ctx, id)
	return &graph.ReviewPayload{Review: review}, err
}
