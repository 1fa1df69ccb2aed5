package store_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

// insertCourses inserts courses of instructor 1 and category 1 by title: published, or drafts.
func insertCourses(t *testing.T, db *pgxpool.Pool, published bool, enrollments map[string]int) {
	t.Helper()
	for title, n := range enrollments {
		exec(t, db, `INSERT INTO courses (slug, title, difficulty, published, published_at, instructor_id, category_id, enrollment_count)
			VALUES (gen_random_uuid(), $1, 'beginner', $2, now(), 1, 1, $3)`, title, published, n)
	}
}

// insertAuthors inserts two users and two categories.
func insertAuthors(t *testing.T, db *pgxpool.Pool) {
	t.Helper()
	exec(t, db, "INSERT INTO users (name, email) VALUES ('a', 'a'), ('b', 'b'); INSERT INTO categories (name, slug) VALUES ('a', 'a'), ('b', 'b')")
}

// Suggestions are titles of published courses: titles that begin with the text, by enrollments and title; then
// similar ones, by similarity, enrollments and title.
func TestSuggestions(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	insertAuthors(t, db)
	insertCourses(t, db, true, map[string]int{
		"Algae B": 9, "Algae A": 5, "Algae C": 5, "algae b": 0,
		"Marine Algae": 1, "Teal Algae": 1, "Red Algae": 3, "Old Algal Mats": 50, "Cooking": 70,
	})
	insertCourses(t, db, true, map[string]int{"Algae A": 1, "Teal Algae": 0}) // each title is suggested once, by its best course
	insertCourses(t, db, false, map[string]int{"Algae Draft": 80, "Draft of Algae": 80})
	var got []string
	suggest := func(typed string, first int) []string {
		got = nil
		if err := s.RunQueries(t.Context(), store.Suggestions(typed, first, func(title string) { got = append(got, title) })); err != nil {
			t.Fatal(err)
		}
		return got
	}
	all := []string{"Algae B", "Algae A", "Algae C", "algae b", "Red Algae", "Marine Algae", "Teal Algae", "Old Algal Mats"}
	for _, first := range []int{2, 5, 20} {
		if diff := cmp.Diff(all[:min(first, len(all))], suggest("ALGAE", first)); diff != "" {
			t.Errorf("the first %d (-want +got):\n%s", first, diff)
		}
	}
	if diff := cmp.Diff([]string{"Marine Algae"}, suggest("marine algea", 1)); diff != "" {
		t.Errorf("a misspelled title (-want +got):\n%s", diff)
	}
}

// Corrections are words of published courses. A draft's words are not offered.
func TestCorrections(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	insertAuthors(t, db)
	insertCourses(t, db, true, map[string]int{"Pterodactyl and Pterosaur": 0, "Zymurgy, Zymurga": 0, "Quince": 0})
	insertCourses(t, db, false, map[string]int{"Xylophone": 0})
	exec(t, db, "INSERT INTO course_words SELECT repeat(chr(n), 5) FROM generate_series(97, 118) n") // of no course, and not similar
	exec(t, db, "INSERT INTO course_words VALUES ('obsolete')")                                      // of an earlier text
	want := []store.Correction{
		{"zymurgx", "zymurga"}, // as similar as zymurgy
		{"pterodactil", "pterodactyl"},
		{"the", ""},
		{"pterodactyl", ""},
		{"xylophone", ""},
		{"xylofone", ""},
		{"obsolet", ""},
		{"quokka", ""}, // shares less than a fifth with quince
		{"axxxxxx", ""},
	}
	var words []string
	for _, c := range want {
		words = append(words, c.Word)
	}
	var got []store.Correction
	if err := s.RunQueries(t.Context(), store.Corrections(words, false, func(c store.Correction) { got = append(got, c) })); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// searchCase is a text and a filter, with the courses that match both.
type searchCase struct {
	text   string
	filter edu.CourseConditions
	titles []string // sorted
}

// Each condition of a filter, and of a text, holds for the list, its counts, its facets and the check of a
// correction. Drafts never match.
func TestConditionsOfSearch(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	insertAuthors(t, db)
	insertCourses(t, db, true, map[string]int{"Alpha Course": 1, "Bravo Course": 2, "The Who": 3})
	insertCourses(t, db, false, map[string]int{"Draft Course": 4, "The Other": 4})
	exec(t, db, "UPDATE courses SET tags = '{x,y}', language = 'pt-BR', rating_average = 4, duration_seconds = 100 WHERE title IN ('Alpha Course', 'Draft Course')")
	exec(t, db, `UPDATE courses SET tags = '{y}', language = 'de', duration_seconds = 1000, price = 9, difficulty = 'advanced', category_id = 2, instructor_id = 2
		WHERE title NOT IN ('Alpha Course', 'Draft Course')`)
	alpha, others := []string{"Alpha Course"}, []string{"Bravo Course"}
	for _, c := range []searchCase{
		{"course", edu.CourseConditions{}, []string{"Alpha Course", "Bravo Course"}},
		{"alpha", edu.CourseConditions{}, alpha},
		{"THE who", edu.CourseConditions{}, []string{"The Who"}},
		{"the other", edu.CourseConditions{}, nil},
		{"draft", edu.CourseConditions{}, nil},
		{"course", edu.CourseConditions{CategoryIDs: []int64{1}}, alpha},
		{"course", edu.CourseConditions{CategoryIDs: []int64{2}}, others},
		{"course", edu.CourseConditions{InstructorIDs: []int64{1}}, alpha},
		{"course", edu.CourseConditions{InstructorIDs: []int64{2}}, others},
		{"course", edu.CourseConditions{Difficulties: []edu.Difficulty{edu.DifficultyBeginner}}, alpha},
		{"course", edu.CourseConditions{Difficulties: []edu.Difficulty{edu.DifficultyAdvanced}}, others},
		{"course", edu.CourseConditions{Price: edu.PriceFree}, alpha},
		{"course", edu.CourseConditions{Price: edu.PricePaid}, others},
		{"course", edu.CourseConditions{CategoryIDs: []int64{1, 2, 3}}, []string{"Alpha Course", "Bravo Course"}},
		{"course", edu.CourseConditions{InstructorIDs: []int64{1, 3}}, alpha},
		{"course", edu.CourseConditions{Difficulties: []edu.Difficulty{edu.DifficultyIntermediate, edu.DifficultyAdvanced}}, others},
		{"course", edu.CourseConditions{MinPrice: ptr(edu.Decimal("9.00"))}, others},
		{"course", edu.CourseConditions{MinPrice: ptr(edu.Decimal("9.01"))}, nil},
		{"course", edu.CourseConditions{MaxPrice: ptr(edu.Decimal("8.99"))}, alpha},
		{"course", edu.CourseConditions{MaxPrice: ptr(edu.Decimal("9")), Price: edu.PricePaid}, others},
		{"course", edu.CourseConditions{MinDurationSeconds: ptr(101)}, others},
		{"course", edu.CourseConditions{MinDurationSeconds: ptr(100), MaxDurationSeconds: ptr(999)}, alpha},
		{"course", edu.CourseConditions{Languages: []string{"pt"}}, alpha},
		{"course", edu.CourseConditions{Languages: []string{"pt-BR", "de"}}, []string{"Alpha Course", "Bravo Course"}},
		{"course", edu.CourseConditions{Languages: []string{"pt-PT", "p", "d"}}, nil},
		{"course", edu.CourseConditions{MinRating: ptr(4.0)}, alpha},
		{"bravo", edu.CourseConditions{MinRating: ptr(0.1)}, nil},
		{"course", edu.CourseConditions{MaxDurationSeconds: ptr(100)}, alpha},
		{"bravo", edu.CourseConditions{MaxDurationSeconds: ptr(999)}, nil},
		{"course", edu.CourseConditions{Tags: []string{"x", "y"}}, alpha},
		{"bravo", edu.CourseConditions{Tags: []string{"x"}}, nil},
		{"bravo", edu.CourseConditions{CategoryIDs: []int64{1}}, nil},
		{"bravo", edu.CourseConditions{InstructorIDs: []int64{1}}, nil},
		{"bravo", edu.CourseConditions{Difficulties: []edu.Difficulty{edu.DifficultyBeginner}}, nil},
		{"bravo", edu.CourseConditions{Price: edu.PriceFree}, nil},
		{"alpha", edu.CourseConditions{Price: edu.PricePaid}, nil},
	} {
		checkSearch(t, s, c)
	}
}

// checkSearch compares the results of all functions that take a text or a filter.
func checkSearch(t *testing.T, s *store.Store, c searchCase) {
	t.Helper()
	var found []string
	var groups []store.SearchGroup
	var matches bool
	args := edu.SearchArgs{Query: c.text, Filter: c.filter, Order: &edu.NewestCourses, Page: edu.PageArgs{Limit: 9, Columns: edu.CourseTitle}}
	err := s.RunQueries(t.Context(),
		store.SearchCourses(args, func(h store.SearchHit) { found = append(found, h.Course.Title) }),
		store.SearchGroups(args, func(g store.SearchGroup) { groups = append(groups, g) }),
		store.MatchesAnyCourse(c.text, c.filter, &matches))
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("%q with %+v", c.text, c.filter)
	if diff := cmp.Diff(c.titles, slices.Sorted(slices.Values(found))); diff != "" {
		t.Errorf("%s: results (-want +got):\n%s", name, diff)
	}
	counted := 0
	for _, g := range groups {
		if (c.filter.CategoryIDs == nil || slices.Contains(c.filter.CategoryIDs, g.CategoryID)) && (c.filter.Difficulties == nil || slices.Contains(c.filter.Difficulties, g.Difficulty)) &&
			g.InPriceRange && (c.filter.Price == "" || g.Price == c.filter.Price) {
			counted += g.Count
		}
	}
	if counted != len(c.titles) || matches != (len(c.titles) > 0) {
		t.Errorf("%s: %d results by facet, any %v, want %d", name, counted, matches, len(c.titles))
	}
}
