package resolvers_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/7p-education/api/edu"
)

const (
	addToWishlist      = `mutation($input: AddToWishlistInput!) { addToWishlist(input: $input) { course { viewerHasWishlisted } userErrors { code message field } } }`
	removeFromWishlist = `mutation($input: RemoveFromWishlistInput!) { removeFromWishlist(input: $input) { course { viewerHasWishlisted } userErrors { code message field } } }`
)

// wishlistSlugs returns the slugs of the courses on the wishlist of a viewer, after its number of items.
func (s fixture) wishlistSlugs(t *testing.T, as edu.Viewer) string {
	t.Helper()
	data := s.mustExecute(t, as, "{ viewer { wishlist { totalCount nodes { course { slug viewerHasWishlisted } } } } }", nil)
	list := fmt.Sprint(valueAt(data, "viewer", "wishlist", "totalCount"))
	nodes, _ := valueAt(data, "viewer", "wishlist", "nodes").([]any)
	for _, n := range nodes {
		if list += fmt.Sprint(" ", valueAt(n, "course", "slug")); valueAt(n, "course", "viewerHasWishlisted") != true {
			t.Errorf("%v is on the wishlist and not wishlisted", n)
		}
	}
	return list
}

// Adding and removing can be repeated. The last added course is the first, and one that is added again stays
// at its place.
func TestWishlist(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	second := queryOne[int64](t, s.testAPI, `INSERT INTO courses (slug, title, difficulty, published, published_at, instructor_id, category_id)
		SELECT 'second', 'Second', 'beginner', true, now(), instructor_id, category_id FROM courses WHERE id = $1 RETURNING id`, s.course)
	for _, course := range []int64{s.course, second, s.course} {
		got := s.execute(t, s.otherStudent, addToWishlist, courseArguments()(t, s, course, 0))
		wantUserErrors(t, got, "addToWishlist")
		if got.At("addToWishlist", "course", "viewerHasWishlisted") != true {
			t.Errorf("response %s", got.body)
		}
		// BEGIN, lock, enrollment – insert, COMMIT – course – wishlist.
		if got.cost.Statements != 7 || got.cost.RoundTrips != 4 {
			t.Errorf("cost %+v, want 7 statements in 4 round trips", got.cost)
		}
	}
	if got := s.wishlistSlugs(t, s.otherStudent); got != "2 second open" {
		t.Errorf("wishlist %s, want second and open", got)
	}
	if got := s.wishlistSlugs(t, s.student); got != "0" {
		t.Errorf("the wishlist of another user is %s", got)
	}
	// An unpublished course is hidden, and is there again afterwards.
	s.exec(t, "UPDATE courses SET published = false WHERE id = $1", second)
	if got := s.wishlistSlugs(t, s.otherStudent); got != "1 open" {
		t.Errorf("wishlist %s, want open", got)
	}
	s.exec(t, "UPDATE courses SET published = true WHERE id = $1", second)
	for range 2 {
		got := s.execute(t, s.otherStudent, removeFromWishlist, courseArguments()(t, s, s.course, 0))
		wantUserErrors(t, got, "removeFromWishlist")
		if got.At("removeFromWishlist", "course", "viewerHasWishlisted") != false {
			t.Errorf("response %s", got.body)
		}
	}
	if got := s.wishlistSlugs(t, s.otherStudent); got != "1 second" {
		t.Errorf("wishlist %s, want second", got)
	}
	// A course that was unpublished can be removed. The payload does not show it.
	s.exec(t, "UPDATE courses SET published = false WHERE id = $1", second)
	got := s.execute(t, s.otherStudent, removeFromWishlist, courseArguments()(t, s, second, 0))
	wantUserErrors(t, got, "removeFromWishlist")
	if got.At("removeFromWishlist", "course") != nil {
		t.Errorf("response %s, want no course", got.body)
	}
	wantUserErrors(t, s.execute(t, s.otherStudent, removeFromWishlist, courseArguments()(t, s, second, 0)), "removeFromWishlist", "NOT_FOUND input.courseId")
}

// Only a course that the viewer can enroll in can be added.
func TestWishlistRejections(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	for name, c := range map[string]struct {
		as     edu.Viewer
		course string
		want   string
	}{
		"enrolled":                     {s.student, globalID(edu.KindCourse, s.course), "ALREADY_EXISTS"},
		"not visible":                  {s.otherStudent, globalID(edu.KindCourse, s.draft), "NOT_FOUND"},
		"a draft, by its instructor":   {s.instructor, globalID(edu.KindCourse, s.draft), "NOT_PUBLISHED"},
		"a course that does not exist": {s.otherStudent, globalID(edu.KindCourse, 999999), "NOT_FOUND"},
		"no id of a course":            {s.otherStudent, globalID(edu.KindVideo, s.video), "INVALID"},
	} {
		t.Run(name, func(t *testing.T) {
			wantUserErrors(t, s.execute(t, c.as, addToWishlist, inputVariables("courseId", c.course)), "addToWishlist", c.want+" input.courseId")
		})
	}
	wantError(t, s.execute(t, anonymous, addToWishlist, courseArguments()(t, s, s.course, 0)), edu.Unauthenticated)
	wantError(t, s.execute(t, s.student, fmt.Sprintf("{ user(id: %q) { wishlist { totalCount } } }", globalID(edu.KindUser, s.otherStudent.ID)), nil), edu.Forbidden)
}

// Every enrollment takes the course from the wishlist, and its end does not bring it back.
func TestEnrollingClearsTheWishlist(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	email := queryOne[string](t, s.testAPI, "SELECT email FROM users WHERE id = $1", s.otherStudent.ID)
	for name, enroll := range map[string]func(){
		"enroll": func() { s.mustExecute(t, s.otherStudent, enrollMutation, courseVariables(s.course)) },
		"bulkEnroll": func() {
			got := s.execute(t, s.instructor, mutationDocument("bulkEnroll"), inputVariables("courseId", globalID(edu.KindCourse, s.course), "emails", []any{email}))
			wantUserErrors(t, got, "bulkEnroll")
		},
	} {
		t.Run(name, func(t *testing.T) {
			s.mustExecute(t, s.otherStudent, addToWishlist, courseArguments()(t, s, s.course, 0))
			enroll()
			if got := s.wishlistSlugs(t, s.otherStudent); got != "0" {
				t.Errorf("wishlist %s after enrolling", got)
			}
			s.exec(t, "DELETE FROM enrollments WHERE user_id = $1", s.otherStudent.ID)
			if got := s.wishlistSlugs(t, s.otherStudent); got != "0" {
				t.Errorf("wishlist %s after the enrollment", got)
			}
		})
	}
}

// Pages of a wishlist follow each other, also where items were added at one time.
func TestPagesOfWishlist(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	s.exec(t, `INSERT INTO courses (slug, title, difficulty, published, published_at, instructor_id, category_id)
		SELECT 'c' || n, 'C', 'beginner', true, now(), instructor_id, category_id FROM courses, generate_series(1, 9) n WHERE id = $1`, s.course)
	s.exec(t, "INSERT INTO wishlist_items (user_id, course_id, added_at) SELECT $1, id, '2026-01-01'::timestamptz + id % 2 * interval '1 day' FROM courses WHERE slug LIKE 'c_'", s.otherStudent.ID)
	want := queryColumn[string](t, s.testAPI, "SELECT slug FROM wishlist_items JOIN courses ON id = course_id ORDER BY added_at DESC, id DESC")
	var got []string
	for after := any(nil); ; {
		data := s.mustExecute(t, s.otherStudent, "query($after: String) { viewer { wishlist(first: 2, after: $after) { pageInfo { hasNextPage endCursor } nodes { course { slug } } } } }", map[string]any{"after": after})
		page := valueAt(data, "viewer", "wishlist")
		for _, n := range valueAt(page, "nodes").([]any) {
			got = append(got, fmt.Sprint(valueAt(n, "course", "slug")))
		}
		if after = valueAt(page, "pageInfo", "endCursor"); valueAt(page, "pageInfo", "hasNextPage") != true {
			break
		}
	}
	if !slices.Equal(got, want) || len(got) != 9 {
		t.Errorf("pages %v, want %v", got, want)
	}
}

// At no time is a course both on the wishlist and taken, however adding and enrolling interleave.
func TestConcurrentWishlist(t *testing.T) {
	t.Parallel()
	c := newConcurrentWriters(t)
	var wait sync.WaitGroup
	for writer := range uint64(16) {
		wait.Go(func() {
			r := rand.New(rand.NewPCG(9, writer))
			for range 60 {
				mutation := pickOne(r, []string{"addToWishlist", "addToWishlist", "removeFromWishlist", "enroll", "unenroll"})
				course := globalID(edu.KindCourse, pickOne(r, c.courses))
				if got := c.execute(t, pickOne(r, c.learners[:4]), mutationDocument(mutation), inputVariables("courseId", course)); len(got.Errors) > 0 && got.Errors[0].Code() != string(edu.Unavailable) {
					t.Errorf("%s: response %s", mutation, got.body)
				}
			}
		})
	}
	wait.Wait()
	if n := queryOne[int](t, c.testAPI, "SELECT count(*)::int FROM wishlist_items JOIN enrollments USING (user_id, course_id)"); n != 0 {
		t.Errorf("%d courses are wished for and taken", n)
	}
}
