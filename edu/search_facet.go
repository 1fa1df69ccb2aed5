package edu

// SearchFacet is a dimension of the results of a search that is counted by its own statement.
type SearchFacet int

// The facets with a statement of their own. Categories, difficulties and prices share one.
const (
	FacetLanguages SearchFacet = iota
	FacetTags
	FacetInstructors
	FacetRatings
	FacetDurations
)

// WithoutFacet returns the conditions without those on a facet's own dimension.
func (c CourseConditions) WithoutFacet(f SearchFacet) CourseConditions {
	switch f {
	case FacetLanguages:
		c.Languages = nil
	case FacetTags:
		c.Tags = nil
	case FacetInstructors:
		c.InstructorIDs = nil
	case FacetRatings:
		c.MinRating = nil
	case FacetDurations:
		c.MinDurationSeconds, c.MaxDurationSeconds = nil, nil
	}
	return c
}

// MaxFacetValues is the maximum number of values in a facet whose values are not fixed.
const MaxFacetValues = 20

// FacetRatingSteps are the minimum ratings of RatingFacet.
var FacetRatingSteps = []float64{4.5, 4, 3.5, 3}

// FacetDurationSteps are the maximum durations in seconds of DurationFacet, except the last.
var FacetDurationSteps = []int{3600, 3 * 3600, 6 * 3600, 17 * 3600}

// SearchFacets holds the number of results by each dimension. Values without results are left out.
type SearchFacets struct {
	Categories   []CategoryFacet
	Difficulties []DifficultyFacet
	Prices       []PriceFacet
	Languages    []LanguageFacet
	Tags         []TagFacet
	Instructors  []InstructorFacet
	Ratings      []RatingFacet
	Durations    []DurationFacet
}

// CategoryFacet is the number of results in a category.
type CategoryFacet struct {
	Category *Category
	Count    int
}

// DifficultyFacet is the number of results of a difficulty.
type DifficultyFacet struct {
	Difficulty Difficulty
	Count      int
}

// PriceFacet is the number of results that are free or paid.
type PriceFacet struct {
	Price PriceFilter
	Count int
}

// LanguageFacet is the number of results in a language, also in its regional forms.
type LanguageFacet struct {
	Language string
	Count    int
}

// TagFacet is the number of results with a tag.
type TagFacet struct {
	Tag   string
	Count int
}

// InstructorFacet is the number of results of an instructor.
type InstructorFacet struct {
	Instructor *User
	Count      int
}

// RatingFacet is the number of results that are rated at least MinRating.
type RatingFacet struct {
	MinRating float64
	Count     int
}

// DurationFacet is the number of results of a range of durations in seconds, both ends included. The
// last range has no end.
type DurationFacet struct {
	MinDurationSeconds int
	MaxDurationSeconds *int
	Count              int
}
