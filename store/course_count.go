package store

import "github.com/7p-education/api/edu"

const (
	// courseCells is the SQL of a table c of the numbers of published courses by category, difficulty, price and
	// language. A price is 0 or 1, so the conditions of courses apply, except price ranges.
	courseCells = "(SELECT category_id, difficulty, (NOT free)::int AS price, language, n FROM course_counts WHERE rating_part IS NULL) c"
	// ratingCells is the SQL of a table c of the numbers of published courses by rating, rounded down to a twentieth.
	ratingCells = "(SELECT rating_part / 20::float8 AS rating_average, n FROM course_counts WHERE rating_part IS NOT NULL) c"
)

// isCountedByCell reports whether courseCells has the columns of all conditions.
func isCountedByCell(w edu.CourseConditions) bool {
	w.CategoryIDs, w.Difficulties, w.Price, w.Languages = nil, nil, "", nil
	return w.IsEmpty()
}

// isCountedByRating reports whether ratingCells decides the conditions.
func isCountedByRating(w edu.CourseConditions) bool {
	starts := w.MinRating == nil || edu.StartsRatingPart(*w.MinRating)
	w.MinRating = nil
	return starts && w.IsEmpty()
}

// facetCells returns the table whose numbers add up to a facet of all courses that meet the conditions, "" for none.
func facetCells(facet edu.SearchFacet, where edu.CourseConditions) string {
	switch {
	case facet == edu.FacetLanguages && isCountedByCell(where):
		return courseCells
	case facet == edu.FacetRatings && where.IsEmpty():
		return ratingCells
	default:
		return ""
	}
}

// CountCourses counts the published courses that meet the conditions. Categories or a tag alone, a minimum rating that
// starts a part, and conditions on the columns of courseCells are sums of counters: hundreds of rows instead of thousands.
func CountCourses(where edu.CourseConditions, into *int) Query {
	s := newStatement("CountCourses")
	others := where
	others.CategoryIDs, others.Tags = nil, nil
	switch onlyTag := len(where.Tags) == 1 && where.Tags[0] != "" && len(where.CategoryIDs) == 0; {
	case others.IsEmpty() && len(where.Tags) == 0:
		s.addSQL("SELECT coalesce(sum(k.course_count), 0) FROM categories k")
		if len(where.CategoryIDs) == 0 {
			s.dependOn(edu.TagCategories, edu.TagCategoriesCounts)
		} else {
			s.addSQL(" WHERE k.id = ANY (", s.bindArg(where.CategoryIDs), ")").dependOnEach(where.CategoryIDs, edu.TagCategory)
		}
		return s.buildQuery(scanNumber(into))
	case others.IsEmpty() && onlyTag:
		s.addSQL("SELECT coalesce(sum(t.course_count), 0)::bigint FROM search_terms t WHERE t.kind = 'tag' AND t.id = 0 AND t.key = ", s.bindArg(where.Tags[0]))
	case isCountedByCell(where):
		s.addSQL("SELECT coalesce(sum(c.n), 0)::bigint FROM ", courseCells, " WHERE true").addCourseFilter(where)
	case isCountedByRating(where):
		s.addSQL("SELECT coalesce(sum(c.n), 0)::bigint FROM ", ratingCells, " WHERE true").addCourseFilter(where)
	default:
		s.addSQL("SELECT count(*) FROM courses c WHERE c.published").addCourseFilter(where)
	}
	return s.dependOn(edu.TagCourses).buildQuery(scanNumber(into))
}
