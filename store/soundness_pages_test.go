package store_test

import (
	"math"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/store"
)

// movingWrites move courses in the orders by rating and by enrollments: a step, far,
// to where others are, and to where none can be.
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

// pageReads are of parts of what is ordered by what changes the most.
func (d dealer) pageReads() []soundRead {
	order, search, categories, user := d.order(), d.search(), d.ids(5), d.id(8)
	order.Field = pick(d, order.Field, edu.CoursesByRating, edu.CoursesByEnrollments)
	// Few courses meet conditions, and then a page is all of its list.
	where := pick(d, d.conditions(), edu.CourseConditions{})
	search.Filter = pick(d, search.Filter, edu.CourseConditions{})
	page, instructor := d.between(order.SortOrder(), d.page()), pick(d, 0, d.Int64N(4))
	return []soundRead{
		{"Courses", false, func(a *answer) store.Query { return store.Courses(where, order, page, rowOf[*edu.Course](a)) }},
		{"CoursesByCategory", false, func(a *answer) store.Query {
			return store.CoursesByCategory(categories, order, page, rowUnder[*edu.Course](a))
		}},
		{"SearchCourses", false, func(a *answer) store.Query { return store.SearchCourses(search, rowOf[store.SearchHit](a)) }},
		{"RecommendedCourses", false, func(a *answer) store.Query {
			return store.RecommendedCourses(user, page.Limit, edu.CourseTitle, rowOf[*edu.Course](a))
		}},
		{"TopCourses", false, func(a *answer) store.Query {
			return store.TopCourses(instructor, page.Limit, edu.CourseTitle, rowOf[*edu.Course](a))
		}},
	}
}

// between puts cursors at one end of a page, at the other, at both or at none: where
// rows are, and where none are.
func (d dealer) between(o edu.SortOrder, p edu.PageArgs) edu.PageArgs {
	cursor := func() string {
		at := edu.Cursor{Order: o.Name, ID: d.id(10)}
		switch o.Kind {
		case edu.IntValue:
			at.Value = edu.NewIntValue(pick(d, d.Int64N(8), d.Int64N(1000), -1))
		case edu.FloatValue:
			at.Value = edu.NewFloatValue(pick(d, 0, float64(d.IntN(6)), float64(d.IntN(500))/100, math.Inf(1), math.NaN()))
		case edu.TextValue:
			at.Value = edu.NewTextValue(pick(d, "apple", "pear", "plum", "plum 5"))
		case edu.DecimalValue:
			at.Value = edu.NewDecimalValue(pick[edu.Decimal](d, "0", "1", "1.50"))
		case edu.TimeValue:
			at.Value = edu.NewTimeValue(time.Now().Add(-time.Duration(d.IntN(1000)) * time.Hour))
		}
		return at.String()
	}
	if d.IntN(2) == 0 {
		p.After = cursor()
	}
	if d.IntN(4) == 0 {
		p.Before = cursor()
	}
	return p
}
