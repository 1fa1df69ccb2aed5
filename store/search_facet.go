package store

import (
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/7p-education/api/edu"
)

// SearchGroup is the number of results that share a category, a difficulty and a price. Facets of
// these are sums of groups.
type SearchGroup struct {
	CategoryID   int64
	Difficulty   edu.Difficulty
	Price        edu.PriceFilter
	InPriceRange bool // whether the price meets MinPrice and MaxPrice of the filter
	Count        int
}

// SearchGroups counts the courses that match a text and a filter, grouped by category, difficulty
// and price. The conditions of the filter on these three are ignored.
func SearchGroups(q edu.SearchArgs, into func(SearchGroup)) Query {
	s := newStatement("SearchGroups").dependOn(edu.TagCourses)
	others := q.Filter
	others.CategoryIDs, others.Difficulties, others.Price, others.MinPrice, others.MaxPrice = nil, nil, "", nil, nil
	if q.Query == "" && q.Filter.MinPrice == nil && q.Filter.MaxPrice == nil && isCountedByCell(others) {
		s.addSQL("SELECT c.category_id, upper(c.difficulty), c.price = 0, true, sum(c.n)::bigint FROM ", courseCells, " WHERE true").addCourseFilter(others)
		s.addSQL(" GROUP BY 1, 2, 3 HAVING sum(c.n) > 0")
	} else {
		branches := s.addSearchQuery(q)
		inRange := s.priceRange(q.Filter)
		for i, b := range branches {
			s.addBranch(i, b, "c.category_id, upper(c.difficulty), c.price = 0, "+inRange+", count(*)")
			s.addCourseFilter(others).addSQL(" GROUP BY c.category_id, c.difficulty, c.price = 0, 4)")
		}
		s.addSQL(" ", selectBranches(branches))
	}
	return s.buildQuery(func(rows pgx.Rows) error {
		var g SearchGroup
		var free bool
		err := rows.Scan(&g.CategoryID, (*string)(&g.Difficulty), &free, &g.InPriceRange, &g.Count)
		g.Price = edu.PricePaid
		if free {
			g.Price = edu.PriceFree
		}
		into(g)
		return err
	})
}

// SearchFacet counts the courses that match a text and a filter by the values of a facet, the
// largest first; ratings and durations by their step in FacetRatingSteps and FacetDurationSteps. The
// condition of the filter on the facet's own dimension is ignored.
func SearchFacet(q edu.SearchArgs, facet edu.SearchFacet, into func(value string, n int)) Query {
	s := newStatement("SearchFacet").dependOn(edu.TagCourses)
	if facet == edu.FacetRatings {
		for _, step := range edu.FacetRatingSteps {
			s.dependOnID(edu.RatingPart(step), edu.TagCoursesRatingPart)
		}
	}
	others := q.Filter.WithoutFacet(facet)
	if cells := facetCells(facet, others); q.Query == "" && cells != "" {
		s.addSQL("WITH hits AS (SELECT * FROM ", cells, " WHERE true").addCourseFilter(others)
		s.addSQL(") ", strings.NewReplacer("RESULTS", "hits c", "count(*)", "sum(c.n)::bigint").Replace(facetCounts(facet)))
	} else {
		branches := s.addSearchQuery(q)
		for i, b := range branches {
			s.addBranch(i, b, facetColumns[facet])
			s.addCourseFilter(others).addSQL(")")
		}
		s.addSQL(" ", strings.ReplaceAll(facetCounts(facet), "RESULTS", "("+selectBranches(branches)+") c"))
	}
	return s.buildQuery(func(rows pgx.Rows) error {
		var value string
		var n int
		err := rows.Scan(&value, &n)
		if n > 0 { // differences of cells can add up to 0
			into(value, n)
		}
		return err
	})
}

// facetColumns are the columns of courses that the counts of each facet read.
var facetColumns = map[edu.SearchFacet]string{
	edu.FacetLanguages: "c.language", edu.FacetTags: "c.tags, c.tag_keys", edu.FacetInstructors: "c.instructor_id",
	edu.FacetRatings: "c.rating_average", edu.FacetDurations: "c.duration_seconds",
}

// facetCounts returns the SQL that counts RESULTS by the values of a facet.
func facetCounts(facet edu.SearchFacet) string {
	limit := " ORDER BY 2 DESC, 1 LIMIT " + strconv.Itoa(edu.MaxFacetValues)
	switch facet {
	case edu.FacetLanguages: // not limited, because regional forms are added to their language
		return "SELECT c.language, count(*) FROM RESULTS WHERE c.language IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1"
	case edu.FacetTags:
		return "SELECT min(u.tag), count(*) FROM RESULTS, unnest(c.tags, c.tag_keys) u (tag, key) GROUP BY u.key" + limit
	case edu.FacetInstructors:
		return "SELECT c.instructor_id::text, count(*) FROM RESULTS GROUP BY c.instructor_id" + limit
	case edu.FacetRatings:
		var steps []string
		for i, step := range edu.FacetRatingSteps {
			steps = append(steps, "("+strconv.Itoa(i)+", "+strconv.FormatFloat(step, 'f', -1, 64)+")")
		}
		return "SELECT r.step::text, count(*) FROM RESULTS JOIN (VALUES " + strings.Join(steps, ", ") + ") r (step, least) ON c.rating_average >= r.least GROUP BY r.step ORDER BY r.step"
	default:
		var starts []string
		for _, end := range edu.FacetDurationSteps {
			starts = append(starts, strconv.Itoa(end+1))
		}
		return "SELECT width_bucket(c.duration_seconds, ARRAY[" + strings.Join(starts, ", ") + "])::text, count(*) FROM RESULTS GROUP BY 1 ORDER BY 1"
	}
}
