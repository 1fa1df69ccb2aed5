package resolvers_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/7p-education/api/edu"
)

const importMutation = `mutation($courses: [CourseInput!]!) { importCourses(input: {courses: $courses}) { importedCount userErrors { code message field } } }`

func courseList(list ...map[string]any) map[string]any { return map[string]any{"courses": list} }

func TestImportCourses(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	const n = 300
	list := make([]map[string]any, n)
	for i := range list {
		list[i] = validateCourse(s, map[string]any{"title": fmt.Sprint("Zymurgy ", i)})
	}
	list[7] = validateCourse(s, map[string]any{
		"title": "Cafe\u0301", "description": "a\n\"b\"\\ \u2028 é", "tags": []string{"Two words", "{x,\"y\"}", "NULL"}, "difficulty": "INTERMEDIATE",
		"priceAmount": "12345678.9", "durationSeconds": 60, "thumbnailUrl": "https://example.com/é",
	})
	got := s.ask(t, s.teacher, importMutation, courseList(list...))
	wantRefusals(t, got, "importCourses")
	if at(got.Data, "importCourses", "importedCount") != float64(n) {
		t.Errorf("answered %s", got.body)
	}
	// BEGIN, categories, table – COPY – insert, drop the table, COMMIT.
	if got.cost.Statements != 7 || got.cost.RoundTrips != 3 {
		t.Errorf("cost %+v, want 7 statements in 3 round trips, however many courses", got.cost)
	}
	slugs := connectionSelection[string](t, s.api, "SELECT slug FROM courses WHERE id > $1 ORDER BY id", s.draft)
	if len(slugs) != n || slugs[0] != "zymurgy-0" || slugs[7] != "cafe" || slugs[n-1] != fmt.Sprint("zymurgy-", n-1) {
		t.Errorf("%d slugs in the wrong order: %v", len(slugs), slugs)
	}
	const query = `query($slug: String!) { course(slug: $slug) { title description tags difficulty price { amount currencyCode } durationSeconds thumbnailUrl published publishedAt instructor { name } category { courseCount } } }`
	want := map[string]any{
		"title": "Café", "description": "a\n\"b\"\\ \u2028 é", "tags": []any{"two words", `{x,"y"}`, "null"}, "difficulty": "INTERMEDIATE",
		"price": map[string]any{"amount": "12345678.90", "currencyCode": "USD"}, "durationSeconds": 60.0, "thumbnailUrl": "https://example.com/é",
		"published": false, "publishedAt": nil, "instructor": map[string]any{"name": "teacher"}, "category": map[string]any{"courseCount": 1.0},
	}
	if c := s.data(t, s.teacher, query, map[string]any{"slug": "cafe"}); fmt.Sprint(c["course"]) != fmt.Sprint(want) {
		t.Errorf("became %v, want %v", c["course"], want)
	}
	// What is published of them is found, counted, and corrected to.
	s.exec(t, "UPDATE courses SET published = true, published_at = now() WHERE slug = 'zymurgy-1'")
	found := s.data(t, s.nobody, `{ searchCourses(query: "zymurgx") { didYouMean } category(slug: "only") { courseCount } }`, nil)
	if at(found, "searchCourses", "didYouMean") != "zymurgy" || at(found, "category", "courseCount") != 2.0 {
		t.Errorf("found %v", found)
	}
}

// Slugs are unique within an import, with those that are there, and between
// imports at the same time, on connections that were used before.
func TestImportedSlugs(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	list := make([]map[string]any, 20)
	for i := range list {
		list[i] = validateCourse(s, map[string]any{"title": []string{"Open", "Twice", "Не латиница", "Open open"}[i%4]})
	}
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() { wantRefusals(t, s.ask(t, s.teacher, importMutation, courseList(list...)), "importCourses") })
	}
	wait.Wait()
	plain := connectionSelection[string](t, s.api, "SELECT slug FROM courses WHERE slug !~ '-[a-z2-7]{6}$' ORDER BY slug")
	if want := []string{"course", "draft", "open", "open-open", "twice"}; !slices.Equal(plain, want) {
		t.Errorf("slugs without a suffix are %v, want %v", plain, want)
	}
	if n := s.count(t, "courses"); n != 2+8*20 {
		t.Errorf("%d courses, want %d", n, 2+8*20)
	}
	if n := one[int](t, s.api, "SELECT count(*)::int FROM courses WHERE slug !~ '^[a-z0-9]+(-[a-z0-9]+)*$' OR length(slug) > 80"); n != 0 {
		t.Errorf("%d slugs are none", n)
	}
}

// One wrong course, wherever it is, and there is none; of thousands of problems the
// first hundred are told.
func TestImportRefuses(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	good, many := validateCourse(s, nil), func(n int, c map[string]any) []map[string]any { return slices.Repeat([]map[string]any{c}, n) }
	noCategory := validateCourse(s, map[string]any{"categoryId": id(edu.KindCategory, 99)})
	hundred := func(told string) []string {
		list := make([]string, 100)
		for i := range list {
			list[i] = fmt.Sprintf(told, i)
		}
		return list
	}
	for name, c := range map[string]struct {
		courses []map[string]any
		want    []string
	}{
		"none":               {many(0, nil), []string{"INVALID input.courses"}},
		"too many":           {many(10_001, good), []string{"INVALID input.courses"}},
		"the last":           {append(many(99, good), validateCourse(s, map[string]any{"title": ""})), []string{"INVALID input.courses.99.title"}},
		"all titles":         {many(1000, validateCourse(s, map[string]any{"title": " "})), hundred("INVALID input.courses.%d.title")},
		"all categories":     {many(1000, noCategory), hundred("NOT_FOUND input.courses.%d.categoryId")},
		"of two kinds":       {[]map[string]any{good, validateCourse(s, map[string]any{"title": "", "priceAmount": "0.001"}), noCategory}, []string{"INVALID input.courses.1.title", "INVALID input.courses.1.priceAmount"}},
		"the last category":  {append(many(18, good), noCategory), []string{"NOT_FOUND input.courses.18.categoryId"}},
		"another's category": {[]map[string]any{validateCourse(s, map[string]any{"categoryId": id(edu.KindUser, 1)})}, []string{"INVALID input.courses.0.categoryId"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := s.ask(t, s.teacher, importMutation, courseList(c.courses...))
			wantRefusals(t, got, "importCourses", c.want...)
			if at(got.Data, "importCourses", "importedCount") != 0.0 {
				t.Errorf("answered %s", got.body)
			}
		})
	}
	// What does not fit its type is no user error, as everywhere.
	wantRefusal(t, s.ask(t, s.teacher, importMutation, courseList(good, validateCourse(s, map[string]any{"title": nil}))), edu.BadUserInput)
	wantRefusal(t, s.ask(t, s.teacher, importMutation, courseList(good, validateCourse(s, map[string]any{"priceAmount": 49.9}))), edu.BadUserInput)
	if n := s.count(t, "courses"); n != 2 {
		t.Errorf("%d courses, want the 2 that were there", n)
	}
}

// The largest requests that the limits of the mutations allow fit into a body.
func TestLargestRequests(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	post := func(as edu.Viewer, query string, variables map[string]any) (answer, int) {
		body, err := json.MarshalIndent(map[string]any{"query": query, "variables": variables}, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		return s.post(t, as, body), len(body)
	}
	// 500 events of the longest ids and times, by a student, neatly indented.
	list := make([]map[string]any, 500)
	for i := range list {
		list[i] = map[string]any{"videoId": id(edu.KindVideo, 1<<62), "progressSeconds": 1, "watchedAt": "2026-11-01T11:00:00.123456789+00:00"}
	}
	got, size := post(s.student, recordMutation, events(list...))
	if told := refusals(got, "recordVideoProgress"); len(told) == 0 || !strings.HasPrefix(told[0], "NOT_FOUND") {
		t.Errorf("%d bytes answered %d %.300s", size, got.status, got.body)
	}
	// 10,000 courses of 1,000 bytes.
	courses := slices.Repeat([]map[string]any{validateCourse(s, map[string]any{"description": strings.Repeat("so it is ", 110)})}, 10_000)
	got, size = post(s.teacher, importMutation, courseList(courses...))
	if at(got.Data, "importCourses", "importedCount") != 10_000.0 {
		t.Errorf("%d bytes answered %d %.300s", size, got.status, got.body)
	}
	got, _ = post(s.student, importMutation, courseList(courses...))
	wantRefusal(t, got, "PAYLOAD_TOO_LARGE")
	if n := s.count(t, "courses"); n != 10_002 {
		t.Errorf("%d courses, want 10,002", n)
	}
}
