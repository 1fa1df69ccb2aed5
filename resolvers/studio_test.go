package resolvers_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/7p-education/api/edu"
)

const publishMany = `mutation($ids: [ID!]!) { publishCourses(ids: $ids) { courses { slug status publishedAt category { courseCount } } userErrors { code message field } } }`

// courseIDs returns the variables of publishMany.
func courseIDs(keys ...int64) map[string]any {
	return map[string]any{"ids": globalIDs(edu.KindCourse, keys)}
}

// newDrafts inserts n drafts of the instructor and returns their keys.
func (s fixture) newDrafts(t *testing.T, n int) []int64 {
	t.Helper()
	return queryColumn[int64](t, s.testAPI, `INSERT INTO courses (slug, title, difficulty, instructor_id, category_id)
		SELECT 'new' || n, 'New', 'beginner', instructor_id, category_id FROM courses, generate_series(1, $2::int) n WHERE id = $1 RETURNING id`, s.course, n)
}

// Many courses are published at once, in the order of the ids; a published one stays as it is.
func TestPublishCourses(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	drafts := s.newDrafts(t, 3)
	got := s.execute(t, s.instructor, publishMany, courseIDs(drafts[2], s.course, drafts[0], s.draft))
	wantUserErrors(t, got, "publishCourses")
	courses := got.At("publishCourses", "courses")
	if slugs := fieldValues(courses, "slug"); !slices.Equal(slugs, []string{"new3", "open", "new1", "draft"}) || !slices.Equal(fieldValues(courses, "status"), []string{"PUBLISHED", "PUBLISHED", "PUBLISHED", "PUBLISHED"}) {
		t.Errorf("response %s", got.body)
	}
	// The published one and the archived one keep the time of their first publication.
	if times := fieldValues(courses, "publishedAt"); times[1] != "2026-01-01T00:00:00Z" || times[3] != "2026-01-01T00:00:00Z" || times[0] == times[1] || got.At("publishCourses", "courses", 0, "category", "courseCount") != 4.0 {
		t.Errorf("response %s", got.body)
	}
	// BEGIN, lock – update, COMMIT – courses – category.
	if got.cost.Statements != 6 || got.cost.RoundTrips != 4 {
		t.Errorf("cost %+v, want 6 statements in 4 round trips", got.cost)
	}
	if got := s.execute(t, s.admin, publishMany, courseIDs(drafts[1], drafts[1])); len(got.At("publishCourses", "courses").([]any)) != 2 {
		t.Errorf("one id twice: response %s", got.body)
	}
}

// A problem of one course is reported with its index, and no course is published.
func TestPublishCoursesRejections(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	drafts := s.newDrafts(t, 101)
	for name, c := range map[string]struct {
		as        edu.Viewer
		variables map[string]any
		want      []string
	}{
		"courses of another instructor": {s.otherInstructor, courseIDs(s.course, drafts[0]), []string{"FORBIDDEN ids.0", "NOT_FOUND ids.1"}},
		"a course that does not exist":  {s.instructor, courseIDs(drafts[0], 999999, drafts[1]), []string{"NOT_FOUND ids.1"}},
		"an id of another kind":         {s.instructor, map[string]any{"ids": []any{globalID(edu.KindCourse, drafts[0]), globalID(edu.KindVideo, s.video)}}, []string{"INVALID ids.1"}},
		"no course":                     {s.instructor, courseIDs(), []string{"INVALID ids"}},
		"101 courses":                   {s.instructor, courseIDs(drafts...), []string{"INVALID ids"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := s.execute(t, c.as, publishMany, c.variables)
			wantUserErrors(t, got, "publishCourses", c.want...)
			if fmt.Sprint(got.At("publishCourses", "courses")) != "[]" || queryOne[int](t, s.testAPI, "SELECT count(*)::int FROM courses WHERE published") != 1 {
				t.Errorf("response %s, want no course published", got.body)
			}
		})
	}
	wantUserErrors(t, s.execute(t, s.instructor, publishMany, courseIDs(drafts[:100]...)), "publishCourses")
}

// Two requests with the same courses in opposite orders do not wait for each other.
func TestConcurrentPublishCourses(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	drafts := s.newDrafts(t, 20)
	backward := slices.Clone(drafts)
	slices.Reverse(backward)
	for range 5 {
		s.exec(t, "UPDATE courses SET published = false")
		var wait sync.WaitGroup
		for _, ids := range [][]int64{drafts, backward} {
			wait.Go(func() {
				wantUserErrors(t, s.execute(t, s.instructor, publishMany, courseIDs(ids...)), "publishCourses")
			})
		}
		wait.Wait()
	}
	if n := queryOne[int64](t, s.testAPI, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"); n != 0 {
		t.Errorf("%d deadlocks", n)
	}
}

// The list of a studio is filtered by status and sorted. Others see no drafts, for any status.
func TestCoursesTaughtByStatus(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	s.newDrafts(t, 2)
	query := func(as edu.Viewer, arguments string) string {
		data := s.mustExecute(t, as, fmt.Sprintf("{ user(id: %q) { coursesTaught(%s) { totalCount nodes { slug status } } } }", globalID(edu.KindUser, s.instructor.ID), arguments), nil)
		return fmt.Sprint(valueAt(data, "user", "coursesTaught", "totalCount"), fieldValues(valueAt(data, "user", "coursesTaught", "nodes"), "slug"))
	}
	for arguments, want := range map[string][2]string{ // for the instructor, and for the public
		"first: 9":          {"4 [new2 new1 draft open]", "1 [open]"},
		"status: DRAFT":     {"2 [new2 new1]", "0 []"},
		"status: PUBLISHED": {"1 [open]", "1 [open]"},
		"status: ARCHIVED":  {"1 [draft]", "0 []"},
		"orderBy: {field: TITLE, direction: ASC}, first: 3": {"4 [new1 new2 draft]", "1 [open]"},
		"orderBy: {field: RATING}, first: 1":                {"4 [draft]", "1 [open]"},
	} {
		if got := query(s.instructor, arguments); got != want[0] {
			t.Errorf("%s: the instructor sees %s, want %s", arguments, got, want[0])
		}
		if got := query(s.student, arguments); got != want[1] {
			t.Errorf("%s: a student sees %s, want %s", arguments, got, want[1])
		}
	}
}

// A studio page and the page of a learner cost at most ten statements in at most two round trips below the
// viewer.
func TestStudioPageCost(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	got := s.execute(t, s.instructor, `{ viewer { name slug instructorProfile { headline courseCount rating }
		coursesTaught(first: 20, status: PUBLISHED, orderBy: {field: ENROLLMENTS}) { totalCount nodes {
			title status ratingHistogram { rating count } analytics { completions }
			reviews(first: 3, orderBy: {field: RATING, direction: ASC}) { nodes { rating body author { name } reply { body author { name } } } } } } } }`, nil)
	if len(got.Errors) > 0 || got.cost.Statements > 10 || got.cost.RoundTrips > 2 || got.cost.Waits > 0 {
		t.Errorf("cost %+v: %s", got.cost, got.body)
	}
	got = s.execute(t, s.student, `{ viewer { name wishlist(first: 10) { totalCount nodes { addedAt course { title viewerHasWishlisted } } }
		certificates(first: 10) { totalCount nodes { code courseTitle issuedAt } } } }`, nil)
	if len(got.Errors) > 0 || got.cost.Statements > 10 || got.cost.RoundTrips > 2 || got.cost.Waits > 0 {
		t.Errorf("cost %+v: %s", got.cost, got.body)
	}
}
