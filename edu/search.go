package edu

import "strings"

// SearchSort is what search results are ordered by; ties are broken by id, the
// higher first.
type SearchSort string

// The orders of search results.
const (
	SortRelevance   SearchSort = "RELEVANCE"
	SortRating      SearchSort = "RATING"
	SortEnrollments SearchSort = "ENROLLMENTS"
	SortNewest      SearchSort = "NEWEST"
)

// SortOrder returns the list's order.
func (s SearchSort) SortOrder() SortOrder {
	kind := FloatValue
	switch s {
	case SortEnrollments:
		kind = IntValue
	case SortNewest:
		kind = TimeValue
	}
	return SortOrder{Name: "search." + string(s), Kind: kind, Desc: true}
}

// CursorColumns are those that CourseHit.PageCursor looks at.
func (s SearchSort) CursorColumns() Columns {
	return map[SearchSort]Columns{
		SortRating: CourseRating, SortEnrollments: CourseEnrollmentCount, SortNewest: CoursePublishedAt,
	}[s]
}

// SearchArgs is what is searched for.
type SearchArgs struct {
	Query  string
	Filter CourseConditions
	Sort   SearchSort
	Page   PageArgs
}

// MaxQueryLength is how many bytes may be searched for.
const MaxQueryLength = 200

// ParseSearchText checks and trims a text to search for. Texts that are too long or
// hold a NUL, which PostgreSQL cannot store, are refused with BadUserInput.
func ParseSearchText(name, s string) (string, error) {
	if len(s) > MaxQueryLength {
		return "", Errorf(BadUserInput, "%s takes at most %d bytes; %d were given", name, MaxQueryLength, len(s))
	}
	if strings.ContainsRune(s, 0) {
		return "", Errorf(BadUserInput, "%s holds a NUL character", name)
	}
	// Each dash negates, and PostgreSQL's parser takes 32 at most: three say what
	// one says.
	for strings.Contains(s, "---") {
		s = strings.ReplaceAll(s, "---", "-")
	}
	return strings.TrimSpace(s), nil
}

// CourseHit is a course that was found.
type CourseHit struct {
	Node      *Course
	Score     float64
	Highlight *SearchHighlight
	Sort      SearchSort
}

// Cursor returns the place of the hit among the results, as clients see it.
func (h *CourseHit) Cursor() string { return h.PageCursor().String() }

// PageCursor returns the place of the hit among the results.
func (h *CourseHit) PageCursor() Cursor {
	at := Cursor{Order: h.Sort.SortOrder().Name, ID: h.Node.ID}
	switch h.Sort {
	case SortRating:
		at.Value = NewFloatValue(h.Node.ratingOrZero())
	case SortEnrollments:
		at.Value = NewIntValue(int64(h.Node.EnrollmentCount))
	case SortNewest:
		at.Value = NewTimeValue(h.Node.publishedOrDraft())
	default:
		at.Value = NewFloatValue(h.Score)
	}
	return at
}

// SearchHighlight is a hit's title and description as HTML, the matched words
// between <mark> and </mark>.
type SearchHighlight struct {
	Title       string
	Description string
}

// SearchResult is a page of hits and what was asked about the whole result:
// TotalCount, Facets and DidYouMean are set only where the caller wants them.
type SearchResult struct {
	Page       *Page[*CourseHit]
	Facets     *SearchFacets
	TotalCount int
	DidYouMean *string
}

// Edges returns the hits.
func (r *SearchResult) Edges() []*CourseHit { return r.Page.Nodes }

// Nodes returns the courses found.
func (r *SearchResult) Nodes() []*Course {
	nodes := make([]*Course, len(r.Page.Nodes))
	for i, h := range r.Page.Nodes {
		nodes[i] = h.Node
	}
	return nodes
}

// PageInfo tells where the page stands.
func (r *SearchResult) PageInfo() PageInfo { return r.Page.PageInfo() }

// SearchFacets is how a result divides; values that nothing has are left out.
type SearchFacets struct {
	Categories   []CategoryFacet
	Difficulties []DifficultyFacet
	Prices       []PriceFacet
}

// CategoryFacet is how many results a category has.
type CategoryFacet struct {
	Category *Category
	Count    int
}

// DifficultyFacet is how many results a difficulty has.
type DifficultyFacet struct {
	Difficulty Difficulty
	Count      int
}

// PriceFacet is how many results are free or paid.
type PriceFacet struct {
	Price PriceFilter
	Count int
}
