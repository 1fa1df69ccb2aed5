package resolvers_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/testdb"
)

// extremeValues are the limits of what a cursor can hold, by kind: the columns hold less.
var extremeValues = map[edu.SortValueKind][]edu.SortValue{
	edu.IntValue:     {edu.NewIntValue(math.MaxInt64), edu.NewIntValue(math.MinInt64), edu.NewIntValue(math.MaxInt32 + 1)},
	edu.FloatValue:   {edu.NewFloatValue(math.NaN()), edu.NewFloatValue(math.Inf(1)), edu.NewFloatValue(math.Inf(-1)), edu.NewFloatValue(math.MaxFloat64), edu.NewFloatValue(5e-324), edu.NewFloatValue(math.Copysign(0, -1))},
	edu.TextValue:    {edu.NewTextValue(""), edu.NewTextValue(strings.Repeat("\U0010FFFF", 5000))},
	edu.DecimalValue: {edu.NewDecimalValue(edu.Decimal(strings.Repeat("9", 32))), edu.NewDecimalValue("-0"), edu.NewDecimalValue("0." + edu.Decimal(strings.Repeat("9", 31)))},
	edu.TimeValue:    {edu.NewTimeValue(time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)), edu.NewTimeValue(time.Date(9999, 12, 31, 23, 59, 59, 999_999_000, time.UTC))},
}

// TestExtremeCursors sends crafted cursors with good checksums to each list in each of its orders, in both
// directions. Each returns a page or BAD_USER_INPUT.
func TestExtremeCursors(t *testing.T) {
	t.Parallel()
	a := setup(t, testdb.NewWithDemo(t))
	course := `course(id: "` + globalID(edu.KindCourse, 24) + `") `
	lists := map[edu.SortOrder]string{
		edu.WishlistOrder: `viewer { wishlist(PAGE) { nodes { addedAt } } }`, edu.CertificateOrder: `viewer { certificates(PAGE) { nodes { id } } }`,
		edu.VideoOrder: course + `{ videos(PAGE) { nodes { id } } }`,
	}
	for _, direction := range []edu.OrderDirection{edu.Ascending, edu.Descending} {
		for _, field := range []edu.CourseOrderField{edu.CoursesByPublishedAt, edu.CoursesByTitle, edu.CoursesByPrice, edu.CoursesByRating, edu.CoursesByEnrollments} {
			order := (&edu.CourseOrder{Field: field, Direction: direction}).SortOrder()
			lists[order] = `courses(orderBy: {field: ` + string(field) + `, direction: ` + string(direction) + `}, PAGE) { nodes { id } }`
		}
		for _, field := range []edu.ReviewOrderField{edu.ReviewsByCreatedAt, edu.ReviewsByRating} {
			order := edu.ReviewOrder{Field: field, Direction: direction}.SortOrder()
			lists[order] = course + `{ reviews(orderBy: {field: ` + string(field) + `, direction: ` + string(direction) + `}, PAGE) { nodes { id } } }`
		}
		for _, field := range []edu.EnrollmentOrderField{edu.EnrollmentsByEnrolledAt, edu.EnrollmentsByLastAccessedAt, edu.EnrollmentsByProgress} {
			order := edu.EnrollmentOrder{Field: field, Direction: direction}.SortOrder()
			lists[order] = `viewer { enrollments(orderBy: {field: ` + string(field) + `, direction: ` + string(direction) + `}, PAGE) { nodes { id } } }`
		}
	}
	for _, sort := range []edu.SearchSort{edu.SortRelevance, edu.SortRating, edu.SortEnrollments, edu.SortNewest} {
		lists[edu.SearchOrder(sort.CourseOrder())] = `searchCourses(query: "go", sort: ` + string(sort) + `, PAGE) { nodes { id } }`
	}
	for order, list := range lists {
		for _, value := range extremeValues[order.Kind] {
			for _, id := range []int64{math.MinInt64, math.MaxInt64} {
				cursor := edu.Cursor{Order: order.Name, Value: value, ID: id}.String()
				for _, page := range []string{`first: 1, after: $at`, `last: 1, before: $at`} {
					got := a.execute(t, admin, "query($at: String) { "+strings.ReplaceAll(list, "PAGE", page)+" }", map[string]any{"at": cursor})
					if !slices.Contains([]string{"", "BAD_USER_INPUT"}, got.Codes()) {
						t.Errorf("%s with %+v, %d: %.300s", order.Name, value, id, got.body)
					}
				}
			}
		}
	}
}
