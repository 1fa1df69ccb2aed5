package resolvers_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/testdb"
)

// insertCatalogue inserts seven courses of two instructors that differ in all dimensions of a filter.
func insertCatalogue(t *testing.T) *testAPI {
	t.Helper()
	a := setup(t, testdb.New(t))
	a.exec(t, `INSERT INTO users (name, email, role) VALUES ('A', 'a', 'instructor'), ('B', 'b', 'instructor')`)
	a.exec(t, `INSERT INTO categories (name, slug) VALUES ('K', 'k'), ('L', 'l')`)
	a.exec(t, `INSERT INTO courses (slug, title, difficulty, published, published_at, instructor_id, category_id, price, rating_average, duration_seconds, language, tags)
		SELECT 'c' || n, 'Course ' || n, (ARRAY['beginner','intermediate','advanced'])[1 + n % 3], true, timestamptz '2026-01-01' + n * interval '1 day', 1 + n % 2, 1 + n / 2 % 2,
			n * 10, n, n * 3000, (ARRAY['en','en-GB','de'])[n % 4], ARRAY['t' || n % 2, 'all'] FROM generate_series(0, 6) n`)
	return a
}

// TestFiltersOfBothLists checks each condition of a filter on both lists of courses, with their totals.
func TestFiltersOfBothLists(t *testing.T) {
	t.Parallel()
	a := insertCatalogue(t)
	category := func(key int64) string { return fmt.Sprintf("%q", globalID(edu.KindCategory, key)) }
	user := func(key int64) string { return fmt.Sprintf("%q", globalID(edu.KindUser, key)) }
	for filter, want := range map[string]string{
		"":                                   "c0 c1 c2 c3 c4 c5 c6",
		"categoryIds: [" + category(1) + "]": "c0 c1 c4 c5",
		"categoryIds: [" + category(1) + ", " + category(2) + "]":   "c0 c1 c2 c3 c4 c5 c6",
		"categoryIds: [" + category(9) + "]":                        "",
		"categoryIds: []":                                           "c0 c1 c2 c3 c4 c5 c6",
		"categoryId: " + category(2):                                "c2 c3 c6",
		"difficulties: [BEGINNER, ADVANCED]":                        "c0 c2 c3 c5 c6",
		"difficulty: ADVANCED":                                      "c2 c5",
		"instructorIds: [" + user(1) + ", " + user(9) + "]":         "c0 c2 c4 c6",
		"instructorId: " + user(2):                                  "c1 c3 c5",
		`minPrice: "20", maxPrice: "40.00"`:                         "c2 c3 c4",
		`maxPrice: "9.99"`:                                          "c0",
		`price: PAID, maxPrice: "10"`:                               "c1",
		"minRating: 4.5":                                            "c5 c6",
		"minDurationSeconds: 6000, maxDurationSeconds: 9000":        "c2 c3",
		`languages: ["EN"]`:                                         "c1 c2 c5 c6",
		`languages: ["en-gb", "de"]`:                                "c2 c3 c6",
		`tags: ["T1", "all"]`:                                       "c1 c3 c5",
		`difficulties: [ADVANCED], tags: ["t1"], languages: ["en"]`: "c5",
	} {
		for _, list := range []string{"courses(%s orderBy: {field: TITLE, direction: ASC})", "searchCourses(%s orderBy: {field: TITLE, direction: ASC})", `searchCourses(query: "course", %s orderBy: {field: PRICE, direction: ASC})`} {
			field := fmt.Sprintf(list, "filter: {"+filter+"},")
			got := a.mustExecute(t, anonymous, "{ list: "+field+" { totalCount nodes { slug } } }", nil)
			slugs := fieldValues(valueAt(got, "list", "nodes"), "slug")
			if strings.Join(slugs, " ") != want || valueAt(got, "list", "totalCount") != float64(len(slugs)) {
				t.Errorf("%s: %q, totalCount %v, want %s", field, slugs, valueAt(got, "list", "totalCount"), want)
			}
		}
	}
}

// TestFacetsIgnoreTheirDimension checks that each facet counts what the search would find with another value of
// its own dimension, and obeys all other conditions.
func TestFacetsIgnoreTheirDimension(t *testing.T) {
	t.Parallel()
	a := insertCatalogue(t)
	const facets = `facets { categories { count category { slug } } difficulties { count difficulty } prices { count price } languages { count language } tags { count tag }
		instructors { count instructor { name } } ratings { count minRating } durations { count minDurationSeconds maxDurationSeconds } }`
	all := map[string]string{
		"categories": "k 4, l 3", "difficulties": "BEGINNER 3, INTERMEDIATE 2, ADVANCED 2", "prices": "FREE 1, PAID 6",
		"languages": "en 4, en-GB 2, de 1", "tags": "all 7, t0 4, t1 3", "instructors": "A 4, B 3",
		"ratings": "4.5 2, 4 3, 3.5 3, 3 4", "durations": "0-3600 2, 3601-10800 2, 10801-21600 3",
	}
	// The courses with t1 are c1, c3 and c5.
	odd := map[string]string{
		"categories": "k 2, l 1", "difficulties": "BEGINNER 1, INTERMEDIATE 1, ADVANCED 1", "prices": "PAID 3",
		"languages": "en 2, de 1", "tags": "all 3, t1 3", "instructors": "B 3", "ratings": "4.5 1, 4 1, 3.5 1, 3 2", "durations": "0-3600 1, 3601-10800 1, 10801-21600 1",
	}
	for filter, own := range map[string]string{
		"": "", `tags: ["t1"]`: "tags", "instructorIds: [\"" + globalID(edu.KindUser, 2) + "\"]": "instructors",
	} {
		got := a.mustExecute(t, anonymous, "{ searchCourses(filter: {"+filter+"}) { "+facets+" } }", nil)
		for name := range all {
			want := all[name]
			if filter != "" && name != own {
				want = odd[name]
			}
			if diff := cmp.Diff(want, facetText(valueAt(got, "searchCourses", "facets", name))); diff != "" {
				t.Errorf("%s with {%s} (-want +got):\n%s", name, filter, diff)
			}
		}
	}
	for filter, want := range map[string][2]string{
		`languages: ["de"]`: {"languages", all["languages"]},
		"minRating: 6":      {"ratings", all["ratings"]},
		"minDurationSeconds: 1, maxDurationSeconds: 2": {"durations", all["durations"]},
		`minPrice: "10", price: PAID`:                  {"prices", all["prices"]},
		"difficulties: [BEGINNER]":                     {"difficulties", all["difficulties"]},
		`maxPrice: "0"`:                                {"categories", "k 1"},
		"difficulties: [ADVANCED, INTERMEDIATE]":       {"prices", "PAID 4"},
	} {
		got := a.mustExecute(t, anonymous, "{ searchCourses(filter: {"+filter+"}) { "+facets+" } }", nil)
		if text := facetText(valueAt(got, "searchCourses", "facets", want[0])); text != want[1] {
			t.Errorf("%s with {%s}: %s, want %s", want[0], filter, text, want[1])
		}
	}
}

// facetText returns the values and counts of a facet.
func facetText(list any) string {
	var values []string
	for _, f := range list.([]any) {
		value := ""
		for _, path := range [][]any{{"category", "slug"}, {"difficulty"}, {"price"}, {"language"}, {"tag"}, {"instructor", "name"}, {"minRating"}} {
			if v := f.(map[string]any)[path[0].(string)]; v != nil {
				value = fmt.Sprint(valueAt(f, path...))
			}
		}
		if d := f.(map[string]any)["minDurationSeconds"]; d != nil {
			value = fmt.Sprint(d, "-", valueAt(f, "maxDurationSeconds"))
		}
		values = append(values, fmt.Sprint(value, " ", valueAt(f, "count")))
	}
	return strings.Join(values, ", ")
}

// TestSearchOrders checks that a search has the orders of courses, both ways and from both ends, and that the
// arguments of before mean the same.
func TestSearchOrders(t *testing.T) {
	t.Parallel()
	a := insertCatalogue(t)
	a.exec(t, "UPDATE courses SET enrollment_count = (id * 5) % 7, title = 'Course ' || (id * 3) % 7")
	for _, field := range []string{"PUBLISHED_AT", "TITLE", "PRICE", "RATING", "ENROLLMENTS"} {
		for _, direction := range []string{"ASC", "DESC"} {
			orderBy := "orderBy: {field: " + field + ", direction: " + direction + "}"
			want := fieldValues(valueAt(a.mustExecute(t, anonymous, "{ courses("+orderBy+") { nodes { slug } } }", nil), "courses", "nodes"), "slug")
			for _, query := range []string{"", "course"} {
				list := fmt.Sprintf("searchCourses(query: %q, %s, PAGE)", query, orderBy)
				if got := a.pageSlugs(t, list, false); !slices.Equal(got, want) {
					t.Errorf("%s: %q, want %q", list, got, want)
				}
				if got := a.pageSlugs(t, list, true); !slices.Equal(got, want) {
					t.Errorf("%s from the end: %q, want %q", list, got, want)
				}
			}
		}
	}
	for sort, field := range map[string]string{"RATING": "RATING", "ENROLLMENTS": "ENROLLMENTS", "NEWEST": "PUBLISHED_AT"} {
		got := a.mustExecute(t, anonymous, fmt.Sprintf(`{ old: searchCourses(sort: %s) { nodes { slug } pageInfo { endCursor } } new: searchCourses(orderBy: {field: %s}) { nodes { slug } pageInfo { endCursor } } }`, sort, field), nil)
		if diff := cmp.Diff(got["new"], got["old"]); diff != "" {
			t.Errorf("sort %s differs from orderBy (-new +old):\n%s", sort, diff)
		}
	}
}

// pageSlugs returns the slugs of a connection, read in pages of three from its start or its end.
func (a *testAPI) pageSlugs(t *testing.T, list string, backward bool) (slugs []string) {
	t.Helper()
	page, more, end := "first: 3, after: $at", "hasNextPage", "endCursor"
	if backward {
		page, more, end = "last: 3, before: $at", "hasPreviousPage", "startCursor"
	}
	var at any
	for range 9 {
		got := a.mustExecute(t, anonymous, "query($at: String) { list: "+strings.Replace(list, "PAGE", page, 1)+" { nodes { slug } pageInfo { "+more+" "+end+" } } }", map[string]any{"at": at})
		nodes := fieldValues(valueAt(got, "list", "nodes"), "slug")
		if slugs = append(slugs, nodes...); backward {
			slugs = append(nodes, slugs[:len(slugs)-len(nodes)]...)
		}
		if at = valueAt(got, "list", "pageInfo", end); valueAt(got, "list", "pageInfo", more) == false {
			return slugs
		}
	}
	t.Fatalf("%s has no end: %q", list, slugs)
	return nil
}

// TestSearchPagesBackward checks the pages of a search from its end as the Relay specification defines them: the
// order stays, and the default of first does not count as sent.
func TestSearchPagesBackward(t *testing.T) {
	t.Parallel()
	a := insertCatalogue(t)
	cursors := fieldValues(valueAt(a.mustExecute(t, anonymous, `{ searchCourses(query: "course or unknown", sort: NEWEST) { edges { cursor } } }`, nil), "searchCourses", "edges"), "cursor")
	for arguments, want := range map[string]string{
		"last: 2":                          "c1 c0 false true",
		"last: 2, before: $c2":             "c6 c5 true false",
		"before: $c2":                      "c6 c5 true false",
		"first: 20, before: $c2":           "c6 c5 false false",
		"first: $n, last: 1":               "c0 false true",
		"last: 20":                         "c6 c5 c4 c3 c2 c1 c0 false false",
		"last: 0":                          " false true",
		"last: 2, after: $c1":              "c1 c0 false true",
		"last: 1, after: $c1, before: $c4": "c3 true true",
		"first: 2, after: $c4":             "c1 c0 false true",
	} {
		query := `{ searchCourses(query: "course or unknown", sort: NEWEST, ` + arguments + `) { didYouMean nodes { slug } pageInfo { hasNextPage hasPreviousPage } } }`
		for _, i := range []int{1, 2, 4} {
			query = strings.ReplaceAll(query, fmt.Sprint("$c", i), fmt.Sprintf("%q", cursors[i]))
		}
		if strings.Contains(arguments, "$n") { // which is not sent
			query = "query($n: Int) " + query
		}
		got := a.mustExecute(t, anonymous, query, nil)
		text := fmt.Sprint(strings.Join(fieldValues(valueAt(got, "searchCourses", "nodes"), "slug"), " "), " ",
			valueAt(got, "searchCourses", "pageInfo", "hasNextPage"), " ", valueAt(got, "searchCourses", "pageInfo", "hasPreviousPage"))
		if text != want {
			t.Errorf("%s: %s, want %s", arguments, text, want)
		}
	}
}

// TestCourseLanguage checks that a language is stored in its canonical form, by all ways to write a course, and
// removed by null.
func TestCourseLanguage(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	const created = `mutation($c: CourseInput!) { createCourse(input: $c) { course { id language } userErrors { code field message } } }`
	input := func(language any) map[string]any {
		return map[string]any{"c": map[string]any{"title": "X", "description": "", "priceAmount": "1", "categoryId": globalID(edu.KindCategory, 1), "language": language}}
	}
	got := s.mustExecute(t, s.instructor, created, input("PT-br"))
	id := valueAt(got, "createCourse", "course", "id")
	if language := valueAt(got, "createCourse", "course", "language"); language != "pt-BR" {
		t.Errorf("created in %v, want pt-BR", language)
	}
	for _, invalid := range []string{"english", "en_US", "", "e", "en-" + strings.Repeat("x", 40)} {
		problems := userErrors(s.execute(t, s.instructor, created, input(invalid)), "createCourse")
		if len(problems) != 1 || !strings.HasPrefix(problems[0], "INVALID") || !strings.Contains(problems[0], "language") {
			t.Errorf("%q: %q, want INVALID at language", invalid, problems)
		}
	}
	for _, step := range []struct{ field, want any }{{`language: "de-ch"`, "de-CH"}, {`title: "Y"`, "de-CH"}, {`language: null`, nil}} {
		got := s.mustExecute(t, s.instructor, fmt.Sprintf(`mutation { updateCourse(input: {id: %q, %s}) { course { language } userErrors { message } } }`, id, step.field), nil)
		if language := valueAt(got, "updateCourse", "course", "language"); language != step.want {
			t.Errorf("%s: language %v, want %v", step.field, language, step.want)
		}
	}
	s.mustExecute(t, s.instructor, `mutation($c: CourseInput!) { importCourses(input: {courses: [$c]}) { importedCount } }`, input("Fr"))
	if n := queryOne[int](t, s.testAPI, "SELECT count(*) FROM courses WHERE language = 'fr'"); n != 1 {
		t.Errorf("%d imported courses in French, want 1", n)
	}
}
