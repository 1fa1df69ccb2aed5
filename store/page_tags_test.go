package store_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

// The SQL functions and the Go functions divide the orders alike, and in the order of the values.
func TestPartFunctionsAgree(t *testing.T) {
	t.Parallel()
	db := testdb.OpenPool(t, testdb.New(t))
	counts := []int32{math.MinInt32, -1, math.MaxInt32}
	for n := range int32(5000) {
		counts = append(counts, n)
	}
	for n := int32(4096); n > 0; n <<= 1 {
		counts = append(counts, n-1, n, n+1, n+n/3)
	}
	slices.Sort(counts)
	last := int64(0)
	for i, part := range value[[]int64](t, db, "SELECT array_agg(enrollment_part(n)::bigint ORDER BY i) FROM unnest($1::int[]) WITH ORDINALITY u (n, i)", counts) {
		if want := edu.EnrollmentPart(int64(counts[i])); part != want || part < last || part > 863 {
			t.Errorf("%d is in part %d, and %d in Go, after %d", counts[i], part, want, last)
		}
		last = part
	}
	ratings := []float64{math.Inf(-1), -1, math.Copysign(0, -1), math.Inf(1), 9}
	for n := 1; n <= 60; n++ {
		for sum := range 5*n + 1 {
			ratings = append(ratings, float64(sum)/float64(n))
		}
	}
	slices.Sort(ratings)
	ratings = append(ratings, math.NaN()) // sorted after all others, as PostgreSQL does
	last = 0
	for i, part := range value[[]int64](t, db, "SELECT array_agg(rating_part(r)::bigint ORDER BY i) FROM unnest($1::float8[]) WITH ORDINALITY u (r, i)", ratings) {
		if want := edu.RatingPart(ratings[i]); part != want || part < last || part > 100 {
			t.Errorf("%v is in part %d, and %d in Go, after %d", ratings[i], part, want, last)
		}
		last = part
	}
	if part := value[int64](t, db, "SELECT rating_part(NULL)::bigint"); part != 0 {
		t.Errorf("a course without ratings is in part %d", part)
	}
}

// A page depends on the positions of its first and last row, and on no position where the list
// begins or ends with it.
func TestTagsOfPageEnds(t *testing.T) {
	t.Parallel()
	db := testdb.OpenPool(t, testdb.New(t))
	s := open(t, store.Config{URL: db.Config().ConnString(), MaxConns: 4})
	exec(t, db, `
		INSERT INTO users (name, email) VALUES ('U', 'u');
		INSERT INTO categories (name, slug) VALUES ('K1', 'k1'), ('K2', 'k2');
		INSERT INTO courses (slug, title, difficulty, published, published_at, instructor_id, category_id, enrollment_count, rating_average)
			SELECT n, n, 'beginner', true, now(), 1, 1 + n / 5, 10 * n, nullif(n - 1, 0) FROM generate_series(1, 6) n`)
	byEnrollments := edu.CourseOrder{Field: edu.CoursesByEnrollments, Direction: edu.Descending}
	byRating := edu.CourseOrder{Field: edu.CoursesByRating, Direction: edu.Ascending}
	cursor := func(by edu.CourseOrder, v edu.SortValue) string {
		return edu.Cursor{Order: by.SortOrder().Name, Value: v, ID: 1}.String()
	}
	byTitle := edu.CourseOrder{Field: edu.CoursesByTitle, Direction: edu.Ascending}
	ignore := func(*edu.Course) {}
	courses := func(by edu.CourseOrder, p edu.PageArgs) store.Query {
		return store.Courses(edu.CourseConditions{}, by, p, ignore)
	}
	fifty, three := cursor(byEnrollments, edu.NewIntValue(50)), cursor(byRating, edu.NewFloatValue(3))
	for _, c := range []struct {
		name  string
		query store.Query
		want  string
	}{
		{"the whole list", courses(byEnrollments, edu.PageArgs{Limit: 9}), ""},
		{"the whole list exactly", courses(byEnrollments, edu.PageArgs{Limit: 6}), ""},
		{"first page", courses(byEnrollments, edu.PageArgs{Limit: 2}), "courses.enrollments:40"},
		{"last page", courses(byEnrollments, edu.PageArgs{Limit: 2, Backward: true}), "courses.enrollments:30"},
		{"middle page", courses(byEnrollments, edu.PageArgs{Limit: 2, After: fifty}), "courses.enrollments:20 courses.enrollments:50"},
		{"page to the end", courses(byEnrollments, edu.PageArgs{Limit: 9, After: fifty}), "courses.enrollments:50"},
		{"before a cursor", courses(byRating, edu.PageArgs{Limit: 2, Before: three, Backward: true}), "courses.rating:0 courses.rating:60"},
		{"no rows", courses(byRating, edu.PageArgs{}), "courses.rating:0"},
		{"by title", courses(byTitle, edu.PageArgs{Limit: 2}), "courses.titles"},
		{"count with a minimum rating", store.CountCourses(edu.CourseConditions{MinRating: ptr(3.5)}, new(int)), "courses.rating:70"},
		{"page per category", store.CoursesByCategory([]int64{1, 2}, byEnrollments, edu.PageArgs{Limit: 2}, func(int64, *edu.Course) {}), "courses.enrollments:20"},
		{"top courses", store.TopCourses(0, 2, 0, ignore), "courses.enrollments:50"},
		{"all top courses", store.TopCourses(0, 9, 0, ignore), ""},
		{"recommended", store.RecommendedCourses(1, 3, 0, ignore), "courses.enrollments:40"},
		{"search", store.SearchCourses(edu.SearchArgs{Order: edu.SortRating.CourseOrder(), Page: edu.PageArgs{Limit: 2}}, func(store.SearchHit) {}), "courses.rating:60"},
	} {
		var tags edu.Tags
		if err := s.RunQueries(store.WithTags(t.Context(), &tags), c.query); err != nil {
			t.Fatal(err)
		}
		got := slices.DeleteFunc(tags.SortedNames(), func(tag string) bool { return !strings.HasPrefix(tag, "courses.") })
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: depends on %q, want %q", c.name, got, c.want)
		}
	}
}
