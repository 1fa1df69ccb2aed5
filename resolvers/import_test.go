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

// courseListVariables returns the variables of importMutation.
func courseListVariables(list ...map[string]any) map[string]any {
	return map[string]any{"courses": list}
}

func TestImportCourses(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	const n = 300
	list := make([]map[string]any, n)
	for i := range list {
		list[i] = newCourse(s, map[string]any{"title": fmt.Sprint("Zymurgy ", i)})
	}
	list[7] = newCourse(s, map[string]any{
		"title": "Cafe\u0301", "description": "a\n\"b\"\\ \u2028 é", "tags": []string{"Two words", "{x,\"y\"}", "NULL"}, "difficulty": "INTERMEDIATE",
		"priceAmount": "12345678.9", "durationSeconds": 60, "thumbnailUrl": "https://example.com/é",
	})
	got := s.execute(t, s.instructor, importMutation, courseListVariables(list...))
	wantUserErrors(t, got, "importCourses")
	if got.At("importCourses", "importedCount") != float64(n) {
		t.Errorf("response %s", got.body)
	}
	// Round trips: BEGIN, categories, table – COPY – insert, drop the table, COMMIT.
	if got.cost.Statements != 7 || got.cost.RoundTrips != 3 {
		t.Errorf("cost %+v, want 7 statements in 3 round trips, however many courses", got.cost)
	}
	slugs := queryColumn[string](t, s.testAPI, "SELECT slug FROM courses WHERE id > $1 ORDER BY id", s.draft)
	if len(slugs) != n || slugs[0] != "zymurgy-0" || slugs[7] != "cafe" || slugs[n-1] != fmt.Sprint("zymurgy-", n-1) {
		t.Errorf("%d slugs in the wrong order: %v", len(slugs), slugs)
	}
	const query = `query($slug: String!) { course(slug: $slug) { title description tags difficulty price { amount currencyCode } durationSeconds thumbnailUrl published publishedAt instructor { name } category { courseCount } } }`
	want := map[string]any{
		"title": "Café", "description": "a\n\"b\"\\ \u2028 é", "tags": []any{"two words", `{x,"y"}`, "null"}, "difficulty": "INTERMEDIATE",
		"price": map[string]any{"amount": "12345678.90", "currencyCode": "USD"}, "durationSeconds": 60.0, "thumbnailUrl": "https://example.com/é",
		"published": false, "publishedAt": nil, "instructor": map[string]any{"name": "teacher"}, "category": map[string]any{"courseCount": 1.0},
	}
	if c := s.mustExecute(t, s.instructor, query, map[string]any{"slug": "cafe"}); fmt.Sprint(c["course"]) != fmt.Sprint(want) {
		t.Errorf("the course is %v, want %v", c["course"], want)
	}
	// A published one is counted, and didYouMean offers its words.
	s.exec(t, "UPDATE courses SET published = true, published_at = now() WHERE slug = 'zymurgy-1'")
	found := s.mustExecute(t, s.anonymous, `{ searchCourses(query: "zymurgx") { didYouMean } category(slug: "only") { courseCount } }`, nil)
	if valueAt(found, "searchCourses", "didYouMean") != "zymurgy" || valueAt(found, "category", "courseCount") != 2.0 {
		t.Errorf("response %v, want didYouMean zymurgy and 2 courses", found)
	}
}

// TestImportedSlugs checks that slugs are unique within an import, against existing courses, and between
// concurrent imports on reused connections.
func TestImportedSlugs(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	list := make([]map[string]any, 20)
	for i := range list {
		list[i] = newCourse(s, map[string]any{"title": []string{"Open", "Twice", "Не латиница", "Open open"}[i%4]})
	}
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			wantUserErrors(t, s.execute(t, s.instructor, importMutation, courseListVariables(list...)), "importCourses")
		})
	}
	wait.Wait()
	plain := queryColumn[string](t, s.testAPI, "SELECT slug FROM courses WHERE slug !~ '-[a-z2-7]{6}$' ORDER BY slug")
	if want := []string{"draft", "ne-latinitsa", "open", "open-open", "twice"}; !slices.Equal(plain, want) {
		t.Errorf("slugs without a suffix are %v, want %v", plain, want)
	}
	if n := s.countRows(t, "courses"); n != 2+8*20 {
		t.Errorf("%d courses, want %d", n, 2+8*20)
	}
	if n := queryOne[int](t, s.testAPI, "SELECT count(*)::int FROM courses WHERE slug !~ '^[a-z0-9]+(-[a-z0-9]+)*$' OR length(slug) > 80"); n != 0 {
		t.Errorf("%d slugs are invalid", n)
	}
}

// TestImportRejectsInput checks that one invalid course prevents the whole import, and that at most the
// first hundred problems are reported.
func TestImportRejectsInput(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	valid, repeat := newCourse(s, nil), func(n int, c map[string]any) []map[string]any { return slices.Repeat([]map[string]any{c}, n) }
	unknownCategory := newCourse(s, map[string]any{"categoryId": globalID(edu.KindCategory, 99)})
	firstHundred := func(format string) []string {
		list := make([]string, 100)
		for i := range list {
			list[i] = fmt.Sprintf(format, i)
		}
		return list
	}
	for name, c := range map[string]struct {
		courses []map[string]any
		want    []string
	}{
		"no courses":                             {repeat(0, nil), []string{"INVALID input.courses"}},
		"10,001 courses":                         {repeat(10_001, valid), []string{"INVALID input.courses"}},
		"an invalid title in the last course":    {append(repeat(99, valid), newCourse(s, map[string]any{"title": ""})), []string{"INVALID input.courses.99.title"}},
		"an invalid title in all courses":        {repeat(1000, newCourse(s, map[string]any{"title": " "})), firstHundred("INVALID input.courses.%d.title")},
		"an unknown category in all courses":     {repeat(1000, unknownCategory), firstHundred("NOT_FOUND input.courses.%d.categoryId")},
		"invalid fields, which are found first":  {[]map[string]any{valid, newCourse(s, map[string]any{"title": "", "priceAmount": "0.001"}), unknownCategory}, []string{"INVALID input.courses.1.title", "INVALID input.courses.1.priceAmount"}},
		"an unknown category in the last course": {append(repeat(18, valid), unknownCategory), []string{"NOT_FOUND input.courses.18.categoryId"}},
		"a category id of another kind":          {[]map[string]any{newCourse(s, map[string]any{"categoryId": globalID(edu.KindUser, 1)})}, []string{"INVALID input.courses.0.categoryId"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := s.execute(t, s.instructor, importMutation, courseListVariables(c.courses...))
			wantUserErrors(t, got, "importCourses", c.want...)
			if got.At("importCourses", "importedCount") != 0.0 {
				t.Errorf("response %s", got.body)
			}
		})
	}
	// A value of the wrong type is a top-level error, not a user error.
	wantError(t, s.execute(t, s.instructor, importMutation, courseListVariables(valid, newCourse(s, map[string]any{"title": nil}))), edu.BadUserInput)
	wantError(t, s.execute(t, s.instructor, importMutation, courseListVariables(valid, newCourse(s, map[string]any{"priceAmount": 49.9}))), edu.BadUserInput)
	if n := s.countRows(t, "courses"); n != 2 {
		t.Errorf("%d courses, want only the 2 of the fixture", n)
	}
}

// TestLargestRequests checks that the largest inputs that the mutations allow fit into a request body.
func TestLargestRequests(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	post := func(as edu.Viewer, query string, variables map[string]any) (response, int) {
		body, err := json.MarshalIndent(map[string]any{"query": query, "variables": variables}, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		return s.post(t, as, string(body)), len(body)
	}
	// 500 events with the longest ids and times, as indented JSON, sent by a student.
	list := make([]map[string]any, 500)
	for i := range list {
		list[i] = map[string]any{"videoId": globalID(edu.KindVideo, 1<<62), "progressSeconds": 1, "watchedAt": "2026-11-01T11:00:00.123456789+00:00"}
	}
	got, size := post(s.student, recordMutation, eventVariables(list...))
	if problems := userErrors(got, "recordVideoProgress"); len(problems) == 0 || !strings.HasPrefix(problems[0], "NOT_FOUND") {
		t.Errorf("response to %d bytes: %d %.300s", size, got.Status, got.body)
	}
	// 10,000 courses of 1,000 bytes.
	courses := slices.Repeat([]map[string]any{newCourse(s, map[string]any{"description": strings.Repeat("so it is ", 110)})}, 10_000)
	got, size = post(s.instructor, importMutation, courseListVariables(courses...))
	if got.At("importCourses", "importedCount") != 10_000.0 {
		t.Errorf("response to %d bytes: %d %.300s", size, got.Status, got.body)
	}
	got, _ = post(s.student, importMutation, courseListVariables(courses...))
	wantError(t, got, "PAYLOAD_TOO_LARGE")
	if n := s.countRows(t, "courses"); n != 10_002 {
		t.Errorf("%d courses, want 10,002", n)
	}
}
