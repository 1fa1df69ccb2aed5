package resolvers

import (
	"context"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/graph"
)

// loadSectionPayload returns the payload of a write on a section: the section, or the problems that prevented the
// write.
func loadSectionPayload(ctx context.Context, id int64, problems []*edu.UserError, err error) (*graph.SectionPayload, error) {
	if err != nil || problems != nil {
		return &graph.SectionPayload{UserErrors: problems}, err
	}
	pf := newPrefetcher(ctx)
	pf.walkNodes(map[edu.Kind][]int64{edu.KindSection: {id}}, payloadSelection(ctx, "SectionPayload", "section"))
	if err := pf.sendBatches(); err != nil {
		return nil, err
	}
	section, err := pf.loaders.Section.Load(ctx, id)
	return &graph.SectionPayload{Section: section}, err
}
