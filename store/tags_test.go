package store_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

// untagged are the queries whose results are never cached: accounts, sessions and documents.
var untagged = []string{"LookupAccount", "CredentialsByEmail", "CredentialsByID", "CredentialsByMailToken", "SessionsByUser", "DocumentsVersion", "Documents", "DocumentUses"}

// Every read has tags, or marks the tags as incomplete.
func TestEveryQueryHasTags(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.NewWithDemo(t))
	exec(t, db, "SELECT refresh_related(ARRAY[24::bigint])")
	for name, query := range knownQueries {
		var tags edu.Tags
		if err := s.RunQueries(store.WithTags(t.Context(), &tags), query(&queryResult{})); err != nil {
			t.Fatal(err)
		}
		switch expectNone := slices.Contains(untagged, name); {
		case expectNone && tags.Complete():
			t.Errorf("%s has the tags %q", name, tags.SortedNames())
		case !expectNone && (!tags.Complete() || tags.Len() == 0):
			t.Errorf("%s has the tags %q, complete: %t", name, tags.SortedNames(), tags.Complete())
		}
	}
}

// A read depends on the keys that it searched for, found or not, and on the returned rows.
func TestTagsOfReads(t *testing.T) {
	t.Parallel()
	db := stageChanges(t)
	s := open(t, store.Config{URL: db.Config().ConnString(), MaxConns: 4})
	exec(t, db, "UPDATE courses SET published = true, published_at = now()")
	ignore := func(*edu.Course) {}
	joined := edu.PageArgs{Limit: 9, JoinedColumns: edu.UserName}
	var n int
	for _, c := range []struct {
		query store.Query
		want  string
	}{
		{store.CoursesByID([]int64{1, 77}, 0, ignore), "course:1 course:77"},
		{store.CourseBySlug("c1", 0, ignore), "course:1"},
		{store.CourseBySlug("none", 0, ignore), "courses.slugs"},
		{store.Courses(edu.CourseConditions{}, edu.NewestCourses, page, ignore), "course:1 course:2 courses"},
		{store.Courses(edu.CourseConditions{CategoryIDs: []int64{3}}, edu.NewestCourses, page, ignore), "courses"},
		{store.Courses(edu.CourseConditions{MinRating: new(float64)}, edu.CourseOrder{Field: edu.CoursesByEnrollments}, page, ignore), "course:1 course:2 courses courses.rating:0"},
		{store.CountCourses(edu.CourseConditions{}, &n), "categories categories.counts"},
		{store.CountCourses(edu.CourseConditions{CategoryIDs: []int64{3}}, &n), "category:3"},
		{store.CategoryBySlug("k1", func(*edu.Category) {}), "categories category:1"},
		{store.UsersByID([]int64{3}, edu.UserName, func(*edu.User) {}), "user:3"},
		{store.UsersByID([]int64{3}, edu.AllColumns, func(*edu.User) {}), "user:3 user:3.private"},
		{store.ReviewsByCourse([]int64{1, 2}, edu.ReviewList{Order: edu.NewestReviews}, page, func(*edu.Review, *edu.User) {}), "course:1.reviews course:2.reviews"},
		{store.ReviewsByCourse([]int64{1, 2}, edu.ReviewList{Order: edu.NewestReviews}, joined, func(*edu.Review, *edu.User) {}), "course:1.reviews course:2.reviews user:3"},
		{store.RelatedCourses([]int64{1}, 5, 0, func(int64, *edu.Course) {}), "course:1.related course:2 courses.published"},
	} {
		var tags edu.Tags
		if err := s.RunQueries(store.WithTags(t.Context(), &tags), c.query); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(tags.SortedNames(), " "); got != c.want || !tags.Complete() {
			t.Errorf("depends on %q, want %q", got, c.want)
		}
	}
	var tags edu.Tags
	err := s.RunAtomically(store.WithTags(t.Context(), &tags), func(s *store.Store) error {
		return s.RunQueries(store.WithTags(t.Context(), &tags), store.CoursesByID([]int64{1}, 0, ignore))
	})
	if err != nil || tags.Complete() {
		t.Errorf("the tags of a read in a transaction are complete: %q, %v", tags.SortedNames(), err)
	}
}
