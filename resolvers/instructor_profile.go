package resolvers

import (
	"context"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/graph"
	"github.com/7p-education/api/internal/validate"
	"github.com/7p-education/api/loaders"
	"github.com/7p-education/api/store"
)

// Limits of profiles, as the schema documents them.
const (
	maxHeadlineLength  = 120
	maxBioLength       = 5_000
	maxLinks           = 10
	maxLinkLabelLength = 50
)

// validateProfile validates changes to a profile.
func validateProfile(in validate.Input, input graph.UpdateInstructorProfileInput) (changes store.InstructorProfileChanges) {
	if input.Headline != nil {
		headline := in.ValidateLine("headline", *input.Headline, 0, maxHeadlineLength)
		changes.Headline = &headline
	}
	if input.Bio != nil {
		bio := in.ValidateText("bio", *input.Bio, 0, maxBioLength)
		changes.Bio = &bio
	}
	if input.Links == nil {
		return changes
	}
	in.ValidateCount("links", len(input.Links), 0, maxLinks)
	changes.Links = []edu.InstructorLink{}
	for i, link := range input.Links[:min(len(input.Links), maxLinks)] {
		at := in.AtPath("links", i)
		changes.Links = append(changes.Links, edu.InstructorLink{
			Label: at.ValidateLine("label", link.Label, 1, maxLinkLabelLength),
			URL:   at.ValidateURL("url", link.URL, maxURLLength),
		})
	}
	return changes
}

// loadInstructorFigures returns the figures of an instructor, which are zero without a published course.
func loadInstructorFigures(ctx context.Context, p *edu.InstructorProfile) (edu.InstructorFigures, error) {
	f, err := loaders.FromContext(ctx).InstructorFigures.Load(ctx, p.UserID)
	if err != nil || f == nil {
		return edu.InstructorFigures{}, err
	}
	return *f, nil
}
