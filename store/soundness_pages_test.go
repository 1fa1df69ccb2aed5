package store_test

import (
	"math"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/store"
)

// movingWrites move courses in the orders by rating and by enrollments: by one step, by many, to
// positions of other courses, and to impossible positions.
var movingWrites = []string{
	"UPDATE courses SET enrollment_count = greatest(0, enrollment_count + $2 % 3 - 1) WHERE id = $1 % 10",
	"UPDATE courses SET enrollment_count = $2 % 8 WHERE id = $1 % 10",
	"UPDATE courses SET enrollment_count = $2 WHERE id = $1 % 10",
	"UPDATE courses SET enrollment_count = (enrollment_count * 7 + $2) % 1000 WHERE id % 3 = $1 % 3",
	"UPDATE courses SET enrollment_count = $2 % 8, published = $2 % 3 > 0, published_at = now() WHERE id = $1 % 10",
	"UPDATE courses SET rating_average = coalesce(rating_average, 0) + ($2 % 5 - 2) / 50.0 WHERE id = $1 % 10",
	"UPDATE courses SET rating_average = nullif($2 % 6, 0) WHERE id = $1 % 10",
	"UPDATE courses SET rating_average = $2 / 200.0 WHERE id % 3 = $1 % 3",
	"UPDATE courses SET rating_average = (ARRAY[-1, 9, 5, NULL])[1 + $2 % 4] WHERE id = $1 % 10",
}

// pageReads returns reads of pages in the orders that change the most.
func (g generator) pageReads() []soundRead {
	order, search, categories, user := g.order(), g.search(), g.ids(5), g.id(8)
	order.Field = pick(g, order.Field, edu.CoursesByRating, edu.CoursesByEnrollments)
	// Few courses meet conditions, and a page is then often the whole list.
	where := pick(g, g.conditions(), edu.CourseConditions{})
	search.Filter = pick(g, search.Filter, edu.CourseConditions{})
	page, instructor := g.withCursors(order.SortOrder(), g.page()), pick(g, 0, g.Int64N(4))
	return []soundRead{
		{"Courses", false, func(a *rowRecorder) store.Query { return store.Courses(where, order, page, recordRow[*edu.Course](a)) }},
		{"CoursesByCategory", false, func(a *rowRecorder) store.Query {
			return store.CoursesByCategory(categories, order, page, recordChildRow[*edu.Course](a))
		}},
		{"SearchCourses", false, func(a *rowRecorder) store.Query { return store.SearchCourses(search, recordRow[store.SearchHit](a)) }},
		{"RecommendedCourses", false, func(a *rowRecorder) store.Query {
			return store.RecommendedCourses(user, page.Limit, edu.CourseTitle, recordRow[*edu.Course](a))
		}},
		{"TopCourses", false, func(a *rowRecorder) store.Query {
			return store.TopCourses(instructor, page.Limit, edu.CourseTitle, recordRow[*edu.Course](a))
		}},
	}
}

// withCursors adds a cursor to the start of a page, to its end, to both or to none. The cursors are
// at positions with and without rows.
func (g generator) withCursors(o edu.SortOrder, p edu.PageArgs) edu.PageArgs {
	cursor := func() string {
		at := edu.Cursor{Order: o.Name, ID: g.id(10)}
		switch o.Kind {
		case edu.IntValue:
			at.Value = edu.NewIntValue(pick(g, g.Int64N(8), g.Int64N(1000), -1))
		case edu.FloatValue:
			at.Value = edu.NewFloatValue(pick(g, 0, float64(g.IntN(6)), float64(g.IntN(500))/100, math.Inf(1), math.NaN()))
		case edu.TextValue:
			at.Value = edu.NewTextValue(pick(g, "apple", "pear", "plum", "plum 5"))
		case edu.DecimalValue:
			at.Value = edu.NewDecimalValue(pick[edu.Decimal](g, "0", "1", "1.50"))
		case edu.TimeValue:
			at.Value = edu.NewTimeValue(time.Now().Add(-time.Duration(g.IntN(1000)) * time.Hour))
		}
		return at.String()
	}
	if g.IntN(2) == 0 {
		p.After = cursor()
	}
	if g.IntN(4) == 0 {
		p.Before = cursor()
	}
	return p
}
