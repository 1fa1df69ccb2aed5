package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

// Each facet counts the courses that match the text and the other conditions, also of a relaxed search. It
// ignores the condition on its own dimension. Drafts do not count.
func TestSearchFacets(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	insertAuthors(t, db)
	exec(t, db, `INSERT INTO courses (slug, title, difficulty, published, published_at, instructor_id, category_id, language, tags, rating_average, duration_seconds)
		SELECT 'c' || n, title, 'beginner', published, now(), instructor, 1, language, tags, rating, duration FROM (VALUES
			(1, 'Go One', true, 1, 'en', '{a,b}'::text[], 4.5, 3600), (2, 'Go Two', true, 2, 'en-GB', '{á}', 3.9, 3601), (3, 'Go Three', true, 2, NULL, '{}', NULL, 61200),
			(4, 'Rust', true, 1, 'de', '{b}', 3, 61201), (5, 'Go Draft', false, 1, 'fr', '{c}', 5, 0)) v (n, title, published, instructor, language, tags, rating, duration)`)
	for _, c := range []struct {
		facet edu.SearchFacet
		query string
		where edu.CourseConditions
		want  string
	}{
		{edu.FacetLanguages, "", edu.CourseConditions{}, "de 1, en 1, en-GB 1"},
		{edu.FacetLanguages, "go", edu.CourseConditions{Languages: []string{"de"}}, "en 1, en-GB 1"},
		{edu.FacetLanguages, "go", edu.CourseConditions{MinRating: ptr(4.0)}, "en 1"},
		{edu.FacetLanguages, "go rust", edu.CourseConditions{}, "de 1, en 1, en-GB 1"}, // relaxed
		{edu.FacetTags, "", edu.CourseConditions{}, "a 2, b 2"},
		{edu.FacetTags, "go", edu.CourseConditions{Tags: []string{"b"}}, "a 2, b 1"},
		{edu.FacetTags, "go", edu.CourseConditions{Languages: []string{"en-GB"}}, "á 1"},
		{edu.FacetInstructors, "", edu.CourseConditions{}, "1 2, 2 2"},
		{edu.FacetInstructors, "go", edu.CourseConditions{InstructorIDs: []int64{1}}, "2 2, 1 1"},
		{edu.FacetRatings, "", edu.CourseConditions{}, "0 1, 1 1, 2 2, 3 3"},
		{edu.FacetRatings, "rust", edu.CourseConditions{MinRating: ptr(4.0)}, "3 1"},
		{edu.FacetDurations, "", edu.CourseConditions{}, "0 1, 1 1, 3 1, 4 1"},
		{edu.FacetDurations, "go", edu.CourseConditions{MinDurationSeconds: ptr(9999), MaxDurationSeconds: ptr(1)}, "0 1, 1 1, 3 1"},
		{edu.FacetDurations, "xqzzy", edu.CourseConditions{}, ""},
	} {
		var got []string
		q := store.SearchFacet(edu.SearchArgs{Query: c.query, Filter: c.where}, c.facet, func(value string, n int) { got = append(got, fmt.Sprint(value, " ", n)) })
		if err := s.RunQueries(t.Context(), q); err != nil {
			t.Fatal(err)
		}
		if strings.Join(got, ", ") != c.want {
			t.Errorf("facet %d of %q with %+v: %q, want %s", c.facet, c.query, c.where, got, c.want)
		}
	}
}

// The ratings of a facet are the tags that it depends on: a course that passes a step changes its count.
func TestRatingFacetIsTagged(t *testing.T) {
	t.Parallel()
	s, _ := setup(t, testdb.New(t))
	var tags edu.Tags
	q := store.SearchFacet(edu.SearchArgs{}, edu.FacetRatings, func(string, int) {})
	if err := s.RunQueries(store.WithTags(t.Context(), &tags), q); err != nil {
		t.Fatal(err)
	}
	if want := []string{"courses", "courses.rating:60", "courses.rating:70", "courses.rating:80", "courses.rating:90"}; !slices.Equal(slices.Sorted(slices.Values(tags.SortedNames())), want) {
		t.Errorf("depends on %q, want %q", tags.SortedNames(), want)
	}
}
