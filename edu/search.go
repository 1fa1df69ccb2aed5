package edu

import (
	"strings"
	"unicode/utf8"
)

// SearchSort is a sort order of search results. Ties are broken by id, the higher first.
type SearchSort string

// The sort orders of search results.
const (
	SortRelevance   SearchSort = "RELEVANCE"
	SortRating      SearchSort = "RATING"
	SortEnrollments SearchSort = "ENROLLMENTS"
	SortNewest      SearchSort = "NEWEST"
)

// CourseOrder returns the order of courses that the sort stands for, nil for relevance.
func (s SearchSort) CourseOrder() *CourseOrder {
	if field, ok := searchSortFields[s]; ok {
		return &CourseOrder{field, Descending}
	}
	return nil
}

var searchSortFields = map[SearchSort]CourseOrderField{
	SortRating: CoursesByRating, SortEnrollments: CoursesByEnrollments, SortNewest: CoursesByPublishedAt,
}

// SearchOrder returns the sort order of search results, by relevance for nil.
func SearchOrder(by *CourseOrder) SortOrder {
	if by == nil {
		return SortOrder{Name: "search.RELEVANCE", Kind: FloatValue, Desc: true}
	}
	order := by.SortOrder()
	order.Name = "search." + strings.TrimPrefix(order.Name, "courses.")
	for sort, field := range searchSortFields { // cursors of before have these names
		if *by == (CourseOrder{field, Descending}) {
			order.Name = "search." + string(sort)
		}
	}
	return order
}

// SearchMode says which courses a search returns. A page after a cursor has the mode of the page that
// returned the cursor.
type SearchMode int

// The modes of a search.
const (
	// SearchAuto is SearchStrict if the text matches any published course, SearchRelaxed otherwise.
	SearchAuto SearchMode = iota
	// SearchStrict returns courses that match the text.
	SearchStrict
	// SearchRelaxed returns courses that contain at least half of the words that occur at all.
	SearchRelaxed
)

// SearchArgs holds the arguments of a search.
type SearchArgs struct {
	Query  string
	Filter CourseConditions
	Order  *CourseOrder // nil is the order by relevance
	Mode   SearchMode
	Page   PageArgs
}

// SortOrder returns the sort order of the list, whose name is part of its cursors.
func (a SearchArgs) SortOrder() SortOrder {
	order := SearchOrder(a.Order)
	if a.Mode == SearchRelaxed {
		order.Name = relaxedOrderName(order.Name)
	}
	return order
}

func relaxedOrderName(name string) string { return name + ".relaxed" }

// ParsePageArgs validates the arguments of the connection and sets the page and the mode.
func (a *SearchArgs) ParsePageArgs(c ConnectionArgs) error {
	var err error
	if a.Page, err = c.ParsePageArgs(a.SortOrder()); err == nil {
		if c.After != nil || c.Before != nil {
			a.Mode = SearchStrict
		}
		return nil
	}
	relaxed := *a
	relaxed.Mode = SearchRelaxed
	if page, relaxedErr := c.ParsePageArgs(relaxed.SortOrder()); relaxedErr == nil {
		relaxed.Page = page
		*a = relaxed
		return nil
	}
	return err
}

// MaxQueryLength is the maximum length of a search text in characters.
const MaxQueryLength = 200

// ParseSearchText validates and trims a search text. Texts that are too long or contain a NUL
// character, which PostgreSQL cannot store, are rejected with BadUserInput.
func ParseSearchText(name, s string) (string, error) {
	if n := utf8.RuneCountInString(s); n > MaxQueryLength {
		return "", Errorf(BadUserInput, "%s takes at most %d characters; got %d", name, MaxQueryLength, n)
	}
	if strings.ContainsRune(s, 0) {
		return "", Errorf(BadUserInput, "%s contains a NUL character", name)
	}
	return strings.TrimSpace(s), nil
}

// CourseHit is a course in a search result.
type CourseHit struct {
	Node      *Course
	Score     float64
	Highlight *SearchHighlight
	Order     *CourseOrder // of the result; nil is by relevance
	Relaxed   bool
}

// Cursor returns the cursor of the hit in the result, as clients see it.
func (h *CourseHit) Cursor() string { return h.PageCursor().String() }

// PageCursor returns the cursor of the hit in the result.
func (h *CourseHit) PageCursor() Cursor {
	at := Cursor{Value: NewFloatValue(h.Score), ID: h.Node.ID}
	if h.Order != nil {
		at = h.Order.CourseCursor(h.Node)
	}
	at.Order = SearchOrder(h.Order).Name
	if h.Relaxed {
		at.Order = relaxedOrderName(at.Order)
	}
	return at
}

// SnippetLength is the maximum length of SearchHighlight.Snippet in characters, without its marks and
// ellipses.
const SnippetLength = 160

// SearchHighlight is the title, the description and a part of the description of a hit as HTML, with
// the matched words between <mark> and </mark>. They are set on request only.
type SearchHighlight struct {
	Title       string
	Description string
	Snippet     string
}

// SearchResult is a page of hits and figures of the whole result. TotalCount, Facets and DidYouMean
// are set on request only.
type SearchResult struct {
	Page       *Page[*CourseHit]
	Facets     *SearchFacets
	TotalCount int
	DidYouMean *string
	Relaxed    bool
}

// Edges returns the hits.
func (r *SearchResult) Edges() []*CourseHit { return r.Page.Nodes }

// Nodes returns the courses of the hits.
func (r *SearchResult) Nodes() []*Course {
	nodes := make([]*Course, len(r.Page.Nodes))
	for i, h := range r.Page.Nodes {
		nodes[i] = h.Node
	}
	return nodes
}

// PageInfo returns the position of the page in the result.
func (r *SearchResult) PageInfo() PageInfo { return r.Page.PageInfo() }
