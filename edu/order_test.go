package edu_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/7p-education/api/edu"
)

// The cursor of a row has the value that its list is sorted by.
func TestCursorsOfRows(t *testing.T) {
	t.Parallel()
	published, opened := time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC), time.Date(2026, 2, 3, 4, 5, 6, 7000, time.UTC)
	rated := &edu.Course{ID: 7, Title: "T", Price: edu.Money{Amount: "9.50"}, Rating: ptr(4.5), EnrollmentCount: 3, PublishedAt: &published}
	bare := &edu.Course{ID: 8}
	e := &edu.Enrollment{ID: 9, Progress: 12.5, EnrolledAt: published}
	course := func(f edu.CourseOrderField, c *edu.Course) edu.Cursor {
		return edu.CourseOrder{Field: f, Direction: edu.Ascending}.CourseCursor(c)
	}
	enrollment := func(f edu.EnrollmentOrderField, e *edu.Enrollment) edu.Cursor {
		return edu.EnrollmentOrder{Field: f, Direction: edu.Descending}.EnrollmentCursor(e)
	}
	review := func(f edu.ReviewOrderField, d edu.OrderDirection) edu.Cursor {
		return edu.ReviewOrder{Field: f, Direction: d}.ReviewCursor(&edu.Review{ID: 10, Rating: 4, CreatedAt: published})
	}
	hit := func(by *edu.CourseOrder, c *edu.Course) edu.Cursor {
		return (&edu.CourseHit{Node: c, Score: 0.25, Order: by}).PageCursor()
	}
	for _, c := range []struct{ got, want edu.Cursor }{
		{course(edu.CoursesByTitle, rated), edu.Cursor{Order: "courses.TITLE.ASC", Value: edu.NewTextValue("T"), ID: 7}},
		{course(edu.CoursesByPrice, rated), edu.Cursor{Order: "courses.PRICE.ASC", Value: edu.NewDecimalValue("9.50"), ID: 7}},
		{course(edu.CoursesByRating, rated), edu.Cursor{Order: "courses.RATING.ASC", Value: edu.NewFloatValue(4.5), ID: 7}},
		{course(edu.CoursesByRating, bare), edu.Cursor{Order: "courses.RATING.ASC", Value: edu.NewFloatValue(0), ID: 8}},
		{course(edu.CoursesByEnrollments, rated), edu.Cursor{Order: "courses.ENROLLMENTS.ASC", Value: edu.NewIntValue(3), ID: 7}},
		{course(edu.CoursesByPublishedAt, rated), edu.Cursor{Order: "courses.PUBLISHED_AT.ASC", Value: edu.NewTimeValue(published), ID: 7}},
		{course(edu.CoursesByPublishedAt, bare), edu.Cursor{Order: "courses.PUBLISHED_AT.ASC", Value: edu.NewTimeValue(edu.DraftSortTime), ID: 8}},
		{enrollment(edu.EnrollmentsByProgress, e), edu.Cursor{Order: "enrollments.PROGRESS.DESC", Value: edu.NewFloatValue(12.5), ID: 9}},
		{enrollment(edu.EnrollmentsByLastAccessedAt, e), edu.Cursor{Order: "enrollments.LAST_ACCESSED_AT.DESC", Value: edu.NewTimeValue(published), ID: 9}},
		{
			enrollment(edu.EnrollmentsByLastAccessedAt, &edu.Enrollment{EnrolledAt: published, LastAccessedAt: &opened}),
			edu.Cursor{Order: "enrollments.LAST_ACCESSED_AT.DESC", Value: edu.NewTimeValue(opened)},
		},
		{
			enrollment(edu.EnrollmentsByEnrolledAt, &edu.Enrollment{EnrolledAt: published, LastAccessedAt: &opened}),
			edu.Cursor{Order: "enrollments.ENROLLED_AT.DESC", Value: edu.NewTimeValue(published)},
		},
		{review(edu.ReviewsByCreatedAt, edu.Descending), edu.Cursor{Order: "reviews", Value: edu.NewTimeValue(published), ID: 10}},
		{review(edu.ReviewsByCreatedAt, edu.Ascending), edu.Cursor{Order: "reviews.CREATED_AT.ASC", Value: edu.NewTimeValue(published), ID: 10}},
		{review(edu.ReviewsByRating, edu.Descending), edu.Cursor{Order: "reviews.RATING.DESC", Value: edu.NewIntValue(4), ID: 10}},
		{hit(nil, rated), edu.Cursor{Order: "search.RELEVANCE", Value: edu.NewFloatValue(0.25), ID: 7}},
		{hit(edu.SortRating.CourseOrder(), rated), edu.Cursor{Order: "search.RATING", Value: edu.NewFloatValue(4.5), ID: 7}},
		{hit(edu.SortEnrollments.CourseOrder(), rated), edu.Cursor{Order: "search.ENROLLMENTS", Value: edu.NewIntValue(3), ID: 7}},
		{hit(edu.SortNewest.CourseOrder(), rated), edu.Cursor{Order: "search.NEWEST", Value: edu.NewTimeValue(published), ID: 7}},
	} {
		if c.got != c.want {
			t.Errorf("%+v, want %+v", c.got, c.want)
		}
	}
}

// Each order has a kind and a direction. A missing order is the default of its list.
func TestSortOrders(t *testing.T) {
	t.Parallel()
	var noCourses *edu.CourseOrder
	var noEnrollments *edu.EnrollmentOrder
	byTitle := &edu.CourseOrder{Field: edu.CoursesByTitle, Direction: edu.Ascending}
	byProgress := &edu.EnrollmentOrder{Field: edu.EnrollmentsByProgress, Direction: edu.Ascending}
	newest := edu.SortOrder{Name: "courses.PUBLISHED_AT.DESC", Kind: edu.TimeValue, Desc: true}
	for _, c := range []struct{ got, want edu.SortOrder }{
		{noCourses.SortOrder(), newest},
		{edu.NewestCourses.SortOrder(), newest},
		{byTitle.SortOrder(), edu.SortOrder{Name: "courses.TITLE.ASC", Kind: edu.TextValue}},
		{byProgress.SortOrder(), edu.SortOrder{Name: "enrollments.PROGRESS.ASC", Kind: edu.FloatValue}},
		{edu.LastOpenedEnrollments.SortOrder(), edu.SortOrder{Name: "enrollments.LAST_ACCESSED_AT.DESC", Kind: edu.TimeValue, Desc: true}},
		{edu.NewestReviews.SortOrder(), edu.SortOrder{Name: "reviews", Kind: edu.TimeValue, Desc: true}},
		{edu.ReviewOrder{Field: edu.ReviewsByRating, Direction: edu.Ascending}.SortOrder(), edu.SortOrder{Name: "reviews.RATING.ASC", Kind: edu.IntValue}},
		{edu.SearchOrder(edu.SortRelevance.CourseOrder()), edu.SortOrder{Name: "search.RELEVANCE", Kind: edu.FloatValue, Desc: true}},
		{edu.SearchOrder(edu.SortRating.CourseOrder()), edu.SortOrder{Name: "search.RATING", Kind: edu.FloatValue, Desc: true}},
		{edu.SearchOrder(edu.SortEnrollments.CourseOrder()), edu.SortOrder{Name: "search.ENROLLMENTS", Kind: edu.IntValue, Desc: true}},
		{edu.SearchOrder(edu.SortNewest.CourseOrder()), edu.SortOrder{Name: "search.NEWEST", Kind: edu.TimeValue, Desc: true}},
		{edu.SearchOrder(byTitle), edu.SortOrder{Name: "search.TITLE.ASC", Kind: edu.TextValue}},
	} {
		if c.got != c.want {
			t.Errorf("%+v, want %+v", c.got, c.want)
		}
	}
	if noCourses.OrDefault() != edu.NewestCourses || byTitle.OrDefault() != *byTitle {
		t.Errorf("courses are sorted by %+v and %+v", noCourses.OrDefault(), byTitle.OrDefault())
	}
	if noEnrollments.OrDefault() != edu.LastOpenedEnrollments || byProgress.OrDefault() != *byProgress {
		t.Errorf("enrollments are sorted by %+v and %+v", noEnrollments.OrDefault(), byProgress.OrDefault())
	}
}

// Each field of a filter sets its condition, and a filter with a condition is not empty.
func TestConditionsOfFilters(t *testing.T) {
	t.Parallel()
	category, user, course := edu.NewID(edu.KindCategory, 3), edu.NewID(edu.KindUser, 4), edu.NewID(edu.KindCourse, 5)
	tags := strings.Split("a"+strings.Repeat(",a", 19), ",")
	for _, c := range []struct {
		filter *edu.CourseFilter
		want   edu.CourseConditions
		empty  bool
	}{
		{nil, edu.CourseConditions{}, true},
		{&edu.CourseFilter{}, edu.CourseConditions{}, true},
		{&edu.CourseFilter{CategoryIDs: []edu.ID{}, Difficulties: []edu.Difficulty{}, InstructorIDs: []edu.ID{}, Languages: []string{}, Tags: []string{}}, edu.CourseConditions{}, true},
		{&edu.CourseFilter{CategoryID: &category}, edu.CourseConditions{CategoryIDs: []int64{3}}, false},
		{&edu.CourseFilter{CategoryIDs: []edu.ID{category, category}}, edu.CourseConditions{CategoryIDs: []int64{3, 3}}, false},
		{&edu.CourseFilter{InstructorID: &user}, edu.CourseConditions{InstructorIDs: []int64{4}}, false},
		{&edu.CourseFilter{InstructorIDs: []edu.ID{user}}, edu.CourseConditions{InstructorIDs: []int64{4}}, false},
		{&edu.CourseFilter{Difficulty: ptr(edu.DifficultyAdvanced)}, edu.CourseConditions{Difficulties: []edu.Difficulty{edu.DifficultyAdvanced}}, false},
		{&edu.CourseFilter{Difficulties: []edu.Difficulty{edu.DifficultyAdvanced}}, edu.CourseConditions{Difficulties: []edu.Difficulty{edu.DifficultyAdvanced}}, false},
		{&edu.CourseFilter{MinPrice: ptr(edu.Decimal("1"))}, edu.CourseConditions{MinPrice: ptr(edu.Decimal("1"))}, false},
		{&edu.CourseFilter{MaxPrice: ptr(edu.Decimal("1"))}, edu.CourseConditions{MaxPrice: ptr(edu.Decimal("1"))}, false},
		{&edu.CourseFilter{MinDurationSeconds: ptr(0)}, edu.CourseConditions{MinDurationSeconds: ptr(0)}, false},
		{&edu.CourseFilter{Languages: []string{"en"}}, edu.CourseConditions{Languages: []string{"en"}}, false},
		{&edu.CourseFilter{Price: ptr(edu.PricePaid)}, edu.CourseConditions{Price: edu.PricePaid}, false},
		{&edu.CourseFilter{MinRating: ptr(0.0)}, edu.CourseConditions{MinRating: ptr(0.0)}, false},
		{&edu.CourseFilter{MaxDurationSeconds: ptr(0)}, edu.CourseConditions{MaxDurationSeconds: ptr(0)}, false},
		{&edu.CourseFilter{Tags: tags}, edu.CourseConditions{Tags: tags}, false},
	} {
		got, err := c.filter.ParseConditions()
		if diff := cmp.Diff(c.want, got); err != nil || diff != "" || got.IsEmpty() != c.empty {
			t.Errorf("%+v: %v, empty %v (-want +got):\n%s", c.filter, err, got.IsEmpty(), diff)
		}
	}
	for want, filter := range map[string]edu.CourseFilter{
		"filter.categoryId: expected an id of type Category; got one of type Course":         {CategoryID: &course},
		"filter.categoryIds: expected an id of type Category; got one of type Course":        {CategoryIDs: []edu.ID{category, course}},
		"filter.instructorId: expected an id of type User; got one of type Course":           {InstructorID: &course},
		"filter.instructorIds: expected an id of type User; got one of type Course":          {InstructorIDs: []edu.ID{course}},
		"filter.tags takes at most 20 tags; got 21":                                          {Tags: append(tags, "a")},
		"filter.categoryIds takes at most 20 values; got 21":                                 {CategoryIDs: make([]edu.ID, 21)},
		"filter.instructorIds takes at most 20 values; got 21":                               {InstructorIDs: make([]edu.ID, 21)},
		"filter.difficulties takes at most 20 values; got 21":                                {Difficulties: make([]edu.Difficulty, 21)},
		"filter.languages takes at most 20 values; got 21":                                   {Languages: make([]string, 21)},
		"filter.categoryId and filter.categoryIds cannot be combined: use categoryIds":       {CategoryID: &category, CategoryIDs: []edu.ID{category}},
		"filter.instructorId and filter.instructorIds cannot be combined: use instructorIds": {InstructorID: &user, InstructorIDs: []edu.ID{user}},
		"filter.difficulty and filter.difficulties cannot be combined: use difficulties":     {Difficulty: ptr(edu.DifficultyBeginner), Difficulties: []edu.Difficulty{edu.DifficultyBeginner}},
		"filter.tags contains a NUL character":                                               {Tags: []string{"a", "b\x00"}},
	} {
		if _, err := filter.ParseConditions(); !errors.Is(err, edu.BadUserInput) || err.Error() != "BAD_USER_INPUT: "+want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// An id that String does not write is rejected. The message quotes at most 40 bytes.
func TestForgedIDs(t *testing.T) {
	t.Parallel()
	for _, plain := range []string{"", "Course", "Course:", "Course:0", "Course:-1", "Course:01", "Course:+1", "Course:1 ", "Course:9223372036854775808", "course:1", "Tag:1", ":1", "Course:1:2"} {
		if id, err := edu.ParseID(encodeText(plain)); !errors.Is(err, edu.BadUserInput) || id != (edu.ID{}) {
			t.Errorf("%q is parsed as %+v, %v", plain, id, err)
		}
	}
	for v, quoted := range map[any]string{
		12: `"12"`, true: `"true"`, "x": `"x"`, strings.Repeat("x", 40): `"` + strings.Repeat("x", 40) + `"`, strings.Repeat("x", 41): `"` + strings.Repeat("x", 40) + `…"`,
	} {
		var id edu.ID
		err := errors.Join(id.UnmarshalGQL(v), id.Validate())
		if want := fmt.Sprintf("BAD_USER_INPUT: %s is not an id of this API: use one that the API returned", quoted); err == nil || err.Error() != want {
			t.Errorf("%v: %v, want %s", v, err, want)
		}
	}
	var id edu.ID
	if err := errors.Join(id.UnmarshalGQL(encodeText("Course:7")), id.Validate()); err != nil || id != edu.NewID(edu.KindCourse, 7) {
		t.Errorf("%+v, %v", id, err)
	}
}

func encodeText(plain string) string { return base64.RawURLEncoding.EncodeToString([]byte(plain)) }

func TestCompletionRate(t *testing.T) {
	t.Parallel()
	for a, want := range map[edu.CourseAnalytics]float64{{}: 0, {TotalEnrollments: 4, Completions: 1}: 0.25, {Completions: 1}: 0} {
		if got := a.CompletionRate(); got != want {
			t.Errorf("%+v: %v, want %v", a, got, want)
		}
	}
}

func TestSearchTexts(t *testing.T) {
	t.Parallel()
	longest := strings.Repeat("漢", edu.MaxQueryLength) // characters, not bytes
	for text, want := range map[string]string{"": "", "  rust ": "rust", "a --- b": "a --- b", longest: longest} {
		if got, err := edu.ParseSearchText("query", text); err != nil || got != want {
			t.Errorf("%q: %q, %v, want %q", text, got, err, want)
		}
	}
	for text, want := range map[string]string{longest + "x": "query takes at most 200 characters; got 201", "a\x00": "query contains a NUL character"} {
		if got, err := edu.ParseSearchText("query", text); !errors.Is(err, edu.BadUserInput) || err.Error() != "BAD_USER_INPUT: "+want || got != "" {
			t.Errorf("%q, %v, want %s", got, err, want)
		}
	}
}
