package resolvers_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/7p-education/api/edu"
)

const createMutation = `mutation($input: CourseInput!) { createCourse(input: $input) { course {
	id slug title description tags learningOutcomes requirements difficulty price { amount currencyCode } durationSeconds thumbnailUrl published publishedAt
	instructor { name } category { id courseCount } videos { totalCount } enrollmentCount rating } userErrors { code message field } } }`

// newCourse returns a valid CourseInput with changes to its fields. A change to nil removes a field.
func newCourse(s fixture, changes map[string]any) map[string]any {
	c := map[string]any{"title": "Go for Gophers", "description": "", "priceAmount": "49.9", "categoryId": globalID(edu.KindCategory, 1)}
	maps.Copy(c, changes)
	maps.DeleteFunc(c, func(_ string, v any) bool { return v == nil })
	return c
}

// variablesOf returns an argument named input.
func variablesOf(fields map[string]any) map[string]any { return map[string]any{"input": fields} }

func TestCreateCourse(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	got := s.execute(t, s.instructor, createMutation, variablesOf(newCourse(s, map[string]any{
		"title": "Cafe\u0301 & <b>Crème brûlée</b>", "description": "One\n\ttwo\r\n", "tags": []string{"Cuisine", "e\u0301te\u0301", "cuisine", "\u00e9t\u00e9"},
		"thumbnailUrl": "https://example.com/a%20b.png?x=1#y", "durationSeconds": 31_536_000,
		"learningOutcomes": []string{" Cook\u00a0", "Cook"}, "requirements": []string{"A kitchen"},
	})))
	wantUserErrors(t, got, "createCourse")
	c := got.At("createCourse", "course")
	for field, want := range map[string]any{
		"slug": "cafe-b-creme-brulee-b", "title": "Café & <b>Crème brûlée</b>", "description": "One\n\ttwo\r\n", "difficulty": "BEGINNER",
		"durationSeconds": 31_536_000.0, "thumbnailUrl": "https://example.com/a%20b.png?x=1#y", "published": false, "publishedAt": nil,
		"enrollmentCount": 0.0, "rating": nil,
		"tags": []any{"cuisine", "été"}, "learningOutcomes": []any{"Cook", "Cook"}, "requirements": []any{"A kitchen"}, "price": map[string]any{"amount": "49.90", "currencyCode": "USD"},
		"instructor": map[string]any{"name": "teacher"}, "category": map[string]any{"id": globalID(edu.KindCategory, 1), "courseCount": 1.0},
	} {
		if fmt.Sprint(valueAt(c, field)) != fmt.Sprint(want) {
			t.Errorf("%s is %v, want %v", field, valueAt(c, field), want)
		}
	}
	// Round trips: BEGIN, insert, COMMIT – the course – its category, instructor and videos.
	if got.cost.Statements != 7 || got.cost.RoundTrips != 3 || got.cost.Waits != 0 {
		t.Errorf("cost %+v, want 7 statements in 3 round trips", got.cost)
	}
	// Omitted and null fields get their defaults.
	got = s.execute(t, s.admin, createMutation, variablesOf(map[string]any{
		"title": "x", "description": "", "priceAmount": "0", "categoryId": globalID(edu.KindCategory, 1), "tags": nil, "difficulty": "ADVANCED", "thumbnailUrl": nil, "durationSeconds": nil,
	}))
	c = got.At("createCourse", "course")
	if valueAt(c, "difficulty") != "ADVANCED" || valueAt(c, "durationSeconds") != 0.0 || valueAt(c, "thumbnailUrl") != nil || len(valueAt(c, "tags").([]any)) != 0 || valueAt(c, "price", "amount") != "0.00" {
		t.Errorf("response %s", got.body)
	}
}

// TestCourseValidation checks each rule of a course's fields at its limit and beyond, for createCourse,
// updateCourse and importCourses.
func TestCourseValidation(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	numberedTags := func(n int) []string {
		tags := make([]string, n)
		for i := range tags {
			tags[i] = fmt.Sprint("t", i)
		}
		return tags
	}
	urlOfLength := func(n int) string { return "http://a.example/" + strings.Repeat("é", n-len("http://a.example/")) }
	for name, c := range map[string]struct {
		field string
		value any
		want  string // the user error, "" for none
	}{
		"accepts a title of 200 characters":              {"title", strings.Repeat("é", 200), ""},
		"rejects a title of 201 characters":              {"title", strings.Repeat("é", 201), "INVALID input.title"},
		"counts decomposed characters of a title once":   {"title", strings.Repeat("e\u0301", 200), ""},
		"rejects an empty title":                         {"title", "", "INVALID input.title"},
		"rejects a blank title":                          {"title", " \u00a0 ", "INVALID input.title"},
		"rejects a title of two lines":                   {"title", "a\nb", "INVALID input.title"},
		"rejects a title with NUL":                       {"title", "a\x00b", "INVALID input.title"},
		"rejects a title with an escape sequence":        {"title", "a\x1b[2Jb", "INVALID input.title"},
		"accepts a title of another script":              {"title", "Программирование", ""},
		"accepts a description of 20,000 characters":     {"description", strings.Repeat("é\n", 10_000), ""},
		"rejects a description of 20,001 characters":     {"description", strings.Repeat("é", 20_001), "INVALID input.description"},
		"rejects a description with a control character": {"description", "a\u0085b", "INVALID input.description"},
		"accepts 20 tags":                                {"tags", numberedTags(20), ""},
		"rejects 21 tags":                                {"tags", numberedTags(21), "INVALID input.tags"},
		"accepts a tag of 50 characters":                 {"tags", []string{strings.Repeat("é", 50)}, ""},
		"rejects a tag of 51 characters":                 {"tags", []string{"a", strings.Repeat("é", 51)}, "INVALID input.tags.1"},
		"rejects a blank tag":                            {"tags", []string{"a", "b", " "}, "INVALID input.tags.2"},
		"rejects a tag with a tab":                       {"tags", []string{"a\tb"}, "INVALID input.tags.0"},
		"accepts 20 outcomes of 200 characters":          {"learningOutcomes", slices.Repeat([]string{strings.Repeat("é", 200)}, 20), ""},
		"rejects 21 outcomes":                            {"learningOutcomes", slices.Repeat([]string{"a"}, 21), "INVALID input.learningOutcomes"},
		"rejects an outcome of 201 characters":           {"learningOutcomes", []string{"a", strings.Repeat("é", 201)}, "INVALID input.learningOutcomes.1"},
		"rejects a blank outcome":                        {"learningOutcomes", []string{"a", "b", " "}, "INVALID input.learningOutcomes.2"},
		"accepts 20 requirements":                        {"requirements", slices.Repeat([]string{"a"}, 20), ""},
		"rejects 21 requirements":                        {"requirements", slices.Repeat([]string{"a"}, 21), "INVALID input.requirements"},
		"rejects a requirement of two lines":             {"requirements", []string{"a\nb"}, "INVALID input.requirements.0"},
		"accepts a price of 0":                           {"priceAmount", "0.00", ""},
		"accepts the maximum price":                      {"priceAmount", "99999999.99", ""},
		"accepts a price with leading zeros":             {"priceAmount", "00000000000049.0", ""},
		"rejects a price above the maximum":              {"priceAmount", "100000000", "INVALID input.priceAmount"},
		"rejects a negative price":                       {"priceAmount", "-0.01", "INVALID input.priceAmount"},
		"rejects a price with three decimals":            {"priceAmount", "1.000", "INVALID input.priceAmount"},
		"accepts a duration of a year":                   {"durationSeconds", 31_536_000, ""},
		"rejects a duration above a year":                {"durationSeconds", 31_536_001, "INVALID input.durationSeconds"},
		"rejects a negative duration":                    {"durationSeconds", -1, "INVALID input.durationSeconds"},
		"accepts a URL of 2,000 characters":              {"thumbnailUrl", urlOfLength(2000), ""},
		"rejects a URL of 2,001 characters":              {"thumbnailUrl", urlOfLength(2001), "INVALID input.thumbnailUrl"},
		"accepts a URL in capitals":                      {"thumbnailUrl", "HTTPS://EXAMPLE.COM", ""},
		"rejects a javascript URL":                       {"thumbnailUrl", "javascript:alert(1)", "INVALID input.thumbnailUrl"},
		"rejects a data URL":                             {"thumbnailUrl", "data:image/png;base64,AA", "INVALID input.thumbnailUrl"},
		"rejects a URL without a host":                   {"thumbnailUrl", "https:///a.png", "INVALID input.thumbnailUrl"},
		"rejects a URL with a port but no host":          {"thumbnailUrl", "https://:443/a.png", "INVALID input.thumbnailUrl"},
		"rejects a relative URL":                         {"thumbnailUrl", "//example.com/a.png", "INVALID input.thumbnailUrl"},
		"rejects a URL with a password":                  {"thumbnailUrl", "https://u:p@example.com/", "INVALID input.thumbnailUrl"},
		"rejects a URL with a space":                     {"thumbnailUrl", "https://example.com/a b", "INVALID input.thumbnailUrl"},
		"rejects a URL with a line end":                  {"thumbnailUrl", "https://example.com/\n", "INVALID input.thumbnailUrl"},
		"rejects an empty URL":                           {"thumbnailUrl", "", "INVALID input.thumbnailUrl"},
		"rejects an unknown category":                    {"categoryId", globalID(edu.KindCategory, 99), "NOT_FOUND input.categoryId"},
		"rejects a category id of another kind":          {"categoryId", globalID(edu.KindCourse, s.course), "INVALID input.categoryId"},
		"rejects an invalid category id":                 {"categoryId", "invalid", "INVALID input.categoryId"},
	} {
		t.Run(name, func(t *testing.T) {
			s.checkCourseField(t, c.field, c.value, c.want)
		})
	}
}

// checkCourseField writes a course with a value of one field by createCourse, updateCourse and importCourses, and checks
// that the only problem is problem, none if it is "".
func (s fixture) checkCourseField(t *testing.T, field string, value any, problem string) {
	t.Helper()
	var want []string
	if problem != "" {
		want = []string{problem}
	}
	before := s.countRows(t, "courses")
	got := s.execute(t, s.instructor, createMutation, variablesOf(newCourse(s, map[string]any{field: value})))
	wantUserErrors(t, got, "createCourse", want...)
	if created := s.countRows(t, "courses") - before; (problem == "") != (created == 1) {
		t.Errorf("%d courses were created", created)
	}
	update := map[string]any{"id": globalID(edu.KindCourse, s.draft), field: value}
	wantUserErrors(t, s.execute(t, s.instructor, updateMutation, variablesOf(update)), "updateCourse", want...)
	wantImport := strings.ReplaceAll(problem, "input.", "input.courses.1.")
	want = want[:0]
	if wantImport != "" {
		want = []string{wantImport}
	}
	got = s.execute(t, s.instructor, importMutation, courseListVariables(newCourse(s, nil), newCourse(s, map[string]any{field: value})))
	wantUserErrors(t, got, "importCourses", want...)
}

// TestCourseProblemsAreReportedTogether checks that all problems of an input are in one response.
func TestCourseProblemsAreReportedTogether(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	got := s.execute(t, s.instructor, createMutation, variablesOf(newCourse(s, map[string]any{"title": "", "priceAmount": "-1", "tags": []string{"", ""}})))
	wantUserErrors(t, got, "createCourse", "INVALID input.title", "INVALID input.tags.0", "INVALID input.tags.1", "INVALID input.priceAmount")
}

// countRows returns the number of rows of a table.
func (a *testAPI) countRows(t *testing.T, table string) int {
	t.Helper()
	return queryOne[int](t, a, "SELECT count(*)::int FROM "+table)
}

// TestConcurrentSlugs checks that 32 courses with the same title, created concurrently, have 32 different
// slugs, one of them without a suffix.
func TestConcurrentSlugs(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	slugs := make(chan string, 32)
	var wait sync.WaitGroup
	for range 32 {
		wait.Go(func() {
			got := s.execute(t, s.instructor, createMutation, variablesOf(newCourse(s, map[string]any{"title": "Übung macht den Meister"})))
			wantUserErrors(t, got, "createCourse")
			slugs <- fmt.Sprint(got.At("createCourse", "course", "slug"))
		})
	}
	wait.Wait()
	close(slugs)
	seen := map[string]bool{}
	suffixed := regexp.MustCompile(`^ubung-macht-den-meister-[a-z2-7]{6}$`)
	for slug := range slugs {
		seen[slug] = true
		if slug != "ubung-macht-den-meister" && !suffixed.MatchString(slug) {
			t.Errorf("slug %q has a wrong suffix", slug)
		}
	}
	if len(seen) != 32 || !seen["ubung-macht-den-meister"] {
		t.Errorf("%d different slugs, want 32, including the one without a suffix", len(seen))
	}
}

const updateMutation = `mutation($input: UpdateCourseInput!) { updateCourse(input: $input) { course {
	slug title description tags difficulty price { amount } durationSeconds thumbnailUrl updatedAt category { name courseCount } } userErrors { code message field } } }`

func TestUpdateCourse(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	other := queryOne[int64](t, s.testAPI, "INSERT INTO categories (name, slug) VALUES ('Other', 'other') RETURNING id")
	s.exec(t, "UPDATE courses SET updated_at = '2026-01-01', thumbnail_url = 'https://example.com'")
	update := func(as edu.Viewer, fields map[string]any) any {
		t.Helper()
		fields["id"] = globalID(edu.KindCourse, s.course)
		got := s.execute(t, as, updateMutation, variablesOf(fields))
		wantUserErrors(t, got, "updateCourse")
		return got.At("updateCourse", "course")
	}
	// No fields, null fields and unchanged values change nothing.
	for _, unchanged := range []map[string]any{
		{},
		{"title": nil, "description": nil, "tags": nil, "difficulty": nil, "priceAmount": nil, "durationSeconds": nil, "categoryId": nil},
		{"title": "Secrets of open", "tags": []string{"hidden"}, "priceAmount": "0", "durationSeconds": 60, "difficulty": "BEGINNER", "thumbnailUrl": "https://example.com"},
	} {
		s.exec(t, "UPDATE courses SET duration_seconds = 60")
		if c := update(s.instructor, unchanged); valueAt(c, "updatedAt") != "2026-01-01T00:00:00Z" || valueAt(c, "title") != "Secrets of open" || valueAt(c, "thumbnailUrl") == nil {
			t.Errorf("after %v the course is %v, want it unchanged", unchanged, c)
		}
	}
	c := update(s.instructor, map[string]any{"title": "Open secrets", "tags": []string{}, "categoryId": globalID(edu.KindCategory, other)})
	if valueAt(c, "slug") != "open" || valueAt(c, "title") != "Open secrets" || len(valueAt(c, "tags").([]any)) != 0 || valueAt(c, "updatedAt") == "2026-01-01T00:00:00Z" ||
		valueAt(c, "category", "name") != "Other" || valueAt(c, "category", "courseCount") != 1.0 || valueAt(c, "thumbnailUrl") == nil || valueAt(c, "description") != "All of it" {
		t.Errorf("the course is %v", c)
	}
	if n := queryOne[int](t, s.testAPI, "SELECT course_count FROM categories WHERE id = 1"); n != 0 {
		t.Errorf("the first category has course_count %d, want 0", n)
	}
	c = update(s.admin, map[string]any{"thumbnailUrl": nil, "description": "", "difficulty": "ADVANCED", "priceAmount": "12", "durationSeconds": 61})
	if valueAt(c, "thumbnailUrl") != nil || valueAt(c, "description") != "" || valueAt(c, "difficulty") != "ADVANCED" || valueAt(c, "price", "amount") != "12.00" || valueAt(c, "durationSeconds") != 61.0 {
		t.Errorf("the course is %v", c)
	}
	// Search and suggestions use the new title.
	found := s.mustExecute(t, s.anonymous, `{ searchCourses(query: "open secrets") { nodes { slug } } searchSuggestions(prefix: "open sec") }`, nil)
	if valueAt(found, "searchCourses", "nodes", 0, "slug") != "open" || fmt.Sprint(found["searchSuggestions"]) != "[Open secrets]" {
		t.Errorf("search and suggestions return %v, want the course by its new title", found)
	}
}

// TestUpdateCourseOmittedVariables checks that an input field whose variable is omitted counts as omitted,
// not as null.
func TestUpdateCourseOmittedVariables(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	s.exec(t, "UPDATE courses SET thumbnail_url = 'https://example.com'")
	const mutation = `mutation($id: ID!, $t: String, $tags: [String!]) { updateCourse(input: {id: $id, thumbnailUrl: $t, tags: $tags}) { course { thumbnailUrl tags } userErrors { field } } }`
	for _, c := range []struct {
		variables map[string]any
		want      string
	}{
		{map[string]any{}, "map[tags:[hidden] thumbnailUrl:https://example.com]"},
		{map[string]any{"tags": nil}, "map[tags:[hidden] thumbnailUrl:https://example.com]"},
		{map[string]any{"t": nil, "tags": []string{}}, "map[tags:[] thumbnailUrl:<nil>]"},
	} {
		c.variables["id"] = globalID(edu.KindCourse, s.course)
		if got := s.mustExecute(t, s.instructor, mutation, c.variables); fmt.Sprint(valueAt(got, "updateCourse", "course")) != c.want {
			t.Errorf("after %v the course is %v, want %s", c.variables, valueAt(got, "updateCourse", "course"), c.want)
		}
	}
	got := s.mustExecute(t, s.instructor, fmt.Sprintf(`mutation { a: updateCourse(input: {id: %[1]q, tags: ["x"]}) { course { tags } } b: updateCourse(input: {id: %[1]q, tags: []}) { course { tags } } }`, globalID(edu.KindCourse, s.course)), nil)
	if fmt.Sprint(got) != "map[a:map[course:map[tags:[x]]] b:map[course:map[tags:[]]]]" {
		t.Errorf("response %v", got)
	}
}

// TestAuthoringPolicy checks that only the course's instructor and admins may change a course. Other
// instructors get NOT_FOUND for a draft and FORBIDDEN for a published course.
func TestAuthoringPolicy(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	for name, m := range map[string]struct{ mutation, argument string }{
		"updateCourse":    {`mutation($id: ID!) { updateCourse(input: {id: $id, title: "Mine"}) { course { id } userErrors { code message field } } }`, "input.id"},
		"publishCourse":   {`mutation($id: ID!) { publishCourse(id: $id) { course { id } userErrors { code message field } } }`, "id"},
		"unpublishCourse": {`mutation($id: ID!) { unpublishCourse(id: $id) { course { id } userErrors { code message field } } }`, "id"},
		"addVideo":        {`mutation($id: ID!) { addVideo(input: {courseId: $id, title: "Mine", durationSeconds: 1}) { video { id } userErrors { code message field } } }`, "input.courseId"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newFixture(t)
			const state = "SELECT string_agg(c::text, ' ' ORDER BY id) || (SELECT count(*) FROM videos) FROM courses c"
			before := queryOne[string](t, s.testAPI, state)
			wantError(t, s.execute(t, s.anonymous, m.mutation, courseVariables(s.course)), edu.Unauthenticated)
			wantError(t, s.execute(t, s.student, m.mutation, courseVariables(s.course)), edu.Forbidden)
			wantUserErrors(t, s.execute(t, s.otherInstructor, m.mutation, courseVariables(s.course)), name, "FORBIDDEN "+m.argument)
			wantUserErrors(t, s.execute(t, s.otherInstructor, m.mutation, courseVariables(s.draft)), name, "NOT_FOUND "+m.argument)
			wantUserErrors(t, s.execute(t, s.admin, m.mutation, courseVariables(99)), name, "NOT_FOUND "+m.argument)
			wantUserErrors(t, s.execute(t, s.instructor, m.mutation, map[string]any{"id": globalID(edu.KindVideo, s.video)}), name, "INVALID "+m.argument)
			wantUserErrors(t, s.execute(t, s.instructor, m.mutation, map[string]any{"id": "?"}), name, "INVALID "+m.argument)
			if after := queryOne[string](t, s.testAPI, state); after != before {
				t.Errorf("a rejected mutation changed the database from\n%s\nto\n%s", before, after)
			}
			for _, as := range []edu.Viewer{s.instructor, s.admin} {
				wantUserErrors(t, s.execute(t, as, m.mutation, courseVariables(s.draft)), name)
			}
		})
	}
	for name, variables := range map[string]map[string]any{createMutation: variablesOf(newCourse(s, nil)), importMutation: courseListVariables(newCourse(s, nil))} {
		wantError(t, s.execute(t, s.anonymous, name, variables), edu.Unauthenticated)
		wantError(t, s.execute(t, s.student, name, variables), edu.Forbidden)
	}
}

const publishMutation = `mutation($id: ID!) { publishCourse(id: $id) { course { published publishedAt updatedAt category { courseCount } } userErrors { code message field } } }`

// TestPublishCourse checks that all lists, searches and counts follow, and that publishedAt is the time of
// the first publication.
func TestPublishCourse(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	const lists = `{ courses { totalCount nodes { slug } } category(slug: "only") { courseCount courses { nodes { slug } } }
		searchCourses(query: "draft") { nodes { slug } } course(slug: "draft") { title } searchSuggestions(prefix: "draft") }`
	visible := func() string { return fmt.Sprint(s.mustExecute(t, s.anonymous, lists, nil)) }
	before := visible()
	if strings.Contains(before, "draft") {
		t.Fatalf("a draft is visible: %s", before)
	}
	got := s.execute(t, s.instructor, publishMutation, courseVariables(s.draft))
	c := got.At("publishCourse", "course")
	first := valueAt(c, "publishedAt")
	if valueAt(c, "published") != true || first == nil || valueAt(c, "category", "courseCount") != 2.0 {
		t.Errorf("response %s", got.body)
	}
	// Round trips: BEGIN, lock – publish, COMMIT – the course – its category.
	if got.cost.Statements != 6 || got.cost.RoundTrips != 4 {
		t.Errorf("cost %+v, want 6 statements in 4 round trips", got.cost)
	}
	const want = "map[category:map[courseCount:2 courses:map[nodes:[map[slug:draft] map[slug:open]]]] course:map[title:Secrets of draft] " +
		"courses:map[nodes:[map[slug:draft] map[slug:open]] totalCount:2] searchCourses:map[nodes:[map[slug:draft]]] searchSuggestions:[Secrets of draft]]"
	if visible() != want {
		t.Errorf("after publishing, lists and search return %s, want %s", visible(), want)
	}
	again := s.execute(t, s.instructor, publishMutation, courseVariables(s.draft))
	if fmt.Sprint(again.At()) != fmt.Sprint(got.At()) {
		t.Errorf("second response %s, want %s", again.body, got.body)
	}
	unpublish := strings.ReplaceAll(publishMutation, "publishCourse", "unpublishCourse")
	for range 2 {
		got = s.execute(t, s.instructor, unpublish, courseVariables(s.draft))
		c = got.At("unpublishCourse", "course")
		if valueAt(c, "published") != false || valueAt(c, "publishedAt") != first || valueAt(c, "category", "courseCount") != 1.0 {
			t.Errorf("response %s", got.body)
		}
	}
	if visible() != before {
		t.Errorf("after unpublishing, lists and search return %s, want %s", visible(), before)
	}
	if got := s.mustExecute(t, s.admin, publishMutation, courseVariables(s.draft)); valueAt(got, "publishCourse", "course", "publishedAt") != first {
		t.Errorf("published again: response %v, want publishedAt %v", got, first)
	}
	// A course that was never published can be unpublished.
	created := s.mustExecute(t, s.instructor, createMutation, variablesOf(newCourse(s, nil)))
	never := s.execute(t, s.instructor, unpublish, map[string]any{"id": valueAt(created, "createCourse", "course", "id")})
	wantUserErrors(t, never, "unpublishCourse")
	if never.At("unpublishCourse", "course", "publishedAt") != nil {
		t.Errorf("response %s", never.body)
	}
}

// TestAuthoringInOneDocument checks that later fields of the same document see a write.
func TestAuthoringInOneDocument(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	const document = `mutation($id: ID!, $input: CourseInput!) {
		before: updateCourse(input: {id: $id}) { course { ...All } }
		addVideo(input: {courseId: $id, title: "Two", durationSeconds: 40}) { video { position course { ...All } } }
		publishCourse(id: $id) { course { ...All } }
		createCourse(input: $input) { course { instructor { coursesTaught { totalCount nodes { slug } } } } }
		importCourses(input: {courses: [$input]}) { importedCount }
	} fragment All on Course { published durationSeconds videos { totalCount nodes { title } } category { courseCount } instructor { coursesTaught { nodes { slug } } } }`
	got := s.mustExecute(t, s.instructor, document, map[string]any{"id": globalID(edu.KindCourse, s.draft), "input": newCourse(s, nil)})
	const taught = " instructor:map[coursesTaught:map[nodes:[map[slug:draft] map[slug:open]]]]"
	for field, want := range map[string]string{
		"before":        "map[course:map[category:map[courseCount:1] durationSeconds:0" + taught + " published:false videos:map[nodes:[map[title:One]] totalCount:1]]]",
		"addVideo":      "map[video:map[course:map[category:map[courseCount:1] durationSeconds:100" + taught + " published:false videos:map[nodes:[map[title:One] map[title:Two]] totalCount:2]] position:2]]",
		"publishCourse": "map[course:map[category:map[courseCount:2] durationSeconds:100" + taught + " published:true videos:map[nodes:[map[title:One] map[title:Two]] totalCount:2]]]",
		"createCourse":  "map[course:map[instructor:map[coursesTaught:map[nodes:[map[slug:go-for-gophers] map[slug:draft] map[slug:open]] totalCount:3]]]]",
		"importCourses": "map[importedCount:1]",
	} {
		if fmt.Sprint(got[field]) != want {
			t.Errorf("%s is %v, want %s", field, got[field], want)
		}
	}
}
