package resolvers_test

import (
	"fmt"
	"maps"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/7p-education/api/edu"
)

const createMutation = `mutation($input: CourseInput!) { createCourse(input: $input) { course {
	id slug title description tags difficulty price { amount currencyCode } durationSeconds thumbnailUrl published publishedAt
	instructor { name } category { id courseCount } videos { totalCount } enrollmentCount rating } userErrors { code message field } } }`

// validateCourse is the input of a course that nothing is wrong with, with changes; nil
// leaves a field out.
func validateCourse(s stage, changes map[string]any) map[string]any {
	c := map[string]any{"title": "Go for Gophers", "description": "", "priceAmount": "49.9", "categoryId": id(edu.KindCategory, s.category(1))}
	maps.Copy(c, changes)
	maps.DeleteFunc(c, func(_ string, v any) bool { return v == nil })
	return c
}

// category is the key of the nth category; the stage has one.
func (s stage) category(n int64) int64 { return n }

func inputOf(fields map[string]any) map[string]any { return map[string]any{"input": fields} }

func TestCreateCourse(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	got := s.ask(t, s.teacher, createMutation, inputOf(validateCourse(s, map[string]any{
		"title": "Cafe\u0301 & <b>Crème brûlée</b>", "description": "One\n\ttwo\r\n", "tags": []string{"Cuisine", "e\u0301te\u0301", "cuisine", "\u00e9t\u00e9"},
		"thumbnailUrl": "https://example.com/a%20b.png?x=1#y", "durationSeconds": 31_536_000,
	})))
	wantRefusals(t, got, "createCourse")
	c := at(got.Data, "createCourse", "course")
	for field, want := range map[string]any{
		"slug": "cafe-b-creme-brulee-b", "title": "Café & <b>Crème brûlée</b>", "description": "One\n\ttwo\r\n", "difficulty": "BEGINNER",
		"durationSeconds": 31_536_000.0, "thumbnailUrl": "https://example.com/a%20b.png?x=1#y", "published": false, "publishedAt": nil,
		"enrollmentCount": 0.0, "rating": nil,
		"tags": []any{"cuisine", "été"}, "price": map[string]any{"amount": "49.90", "currencyCode": "USD"},
		"instructor": map[string]any{"name": "teacher"}, "category": map[string]any{"id": id(edu.KindCategory, 1), "courseCount": 1.0},
	} {
		if fmt.Sprint(at(c, field)) != fmt.Sprint(want) {
			t.Errorf("%s is %v, want %v", field, at(c, field), want)
		}
	}
	// BEGIN, insert, COMMIT – the course – its category, instructor and videos.
	if got.cost.Statements != 7 || got.cost.RoundTrips != 3 || got.cost.Waits != 0 {
		t.Errorf("cost %+v, want 7 statements in 3 round trips", got.cost)
	}
	// What is left out or null has its default.
	got = s.ask(t, s.admin, createMutation, inputOf(map[string]any{
		"title": "x", "description": "", "priceAmount": "0", "categoryId": id(edu.KindCategory, 1), "tags": nil, "difficulty": "ADVANCED", "thumbnailUrl": nil, "durationSeconds": nil,
	}))
	c = at(got.Data, "createCourse", "course")
	if at(c, "difficulty") != "ADVANCED" || at(c, "durationSeconds") != 0.0 || at(c, "thumbnailUrl") != nil || len(at(c, "tags").([]any)) != 0 || at(c, "price", "amount") != "0.00" {
		t.Errorf("answered %s", got.body)
	}
}

// Each rule of a course's fields, at its limit and beyond it.
func TestCourseRules(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	many := func(n int) []string {
		tags := make([]string, n)
		for i := range tags {
			tags[i] = fmt.Sprint("t", i)
		}
		return tags
	}
	address := func(n int) string { return "http://a.example/" + strings.Repeat("é", n-len("http://a.example/")) }
	for name, c := range map[string]struct {
		field string
		value any
		want  string // where it is refused, "" for nowhere
	}{
		"title":                  {"title", strings.Repeat("é", 200), ""},
		"title too long":         {"title", strings.Repeat("é", 201), "INVALID input.title"},
		"title decomposed":       {"title", strings.Repeat("e\u0301", 200), ""},
		"title empty":            {"title", "", "INVALID input.title"},
		"title blank":            {"title", " \u00a0 ", "INVALID input.title"},
		"title of two lines":     {"title", "a\nb", "INVALID input.title"},
		"title with NUL":         {"title", "a\x00b", "INVALID input.title"},
		"title with escape":      {"title", "a\x1b[2Jb", "INVALID input.title"},
		"title of another":       {"title", "Программирование", ""},
		"description":            {"description", strings.Repeat("é\n", 10_000), ""},
		"description too long":   {"description", strings.Repeat("é", 20_001), "INVALID input.description"},
		"description controlled": {"description", "a\u0085b", "INVALID input.description"},
		"tags":                   {"tags", many(20), ""},
		"too many tags":          {"tags", many(21), "INVALID input.tags"},
		"tag":                    {"tags", []string{strings.Repeat("é", 50)}, ""},
		"tag too long":           {"tags", []string{"a", strings.Repeat("é", 51)}, "INVALID input.tags.1"},
		"tag blank":              {"tags", []string{"a", "b", " "}, "INVALID input.tags.2"},
		"tag of two lines":       {"tags", []string{"a\tb"}, "INVALID input.tags.0"},
		"price of nothing":       {"priceAmount", "0.00", ""},
		"price":                  {"priceAmount", "99999999.99", ""},
		"price padded":           {"priceAmount", "00000000000049.", ""},
		"price too high":         {"priceAmount", "100000000", "INVALID input.priceAmount"},
		"price below zero":       {"priceAmount", "-0.01", "INVALID input.priceAmount"},
		"price of three places":  {"priceAmount", "1.000", "INVALID input.priceAmount"},
		"duration":               {"durationSeconds", 31_536_000, ""},
		"duration too long":      {"durationSeconds", 31_536_001, "INVALID input.durationSeconds"},
		"duration below zero":    {"durationSeconds", -1, "INVALID input.durationSeconds"},
		"address":                {"thumbnailUrl", address(2000), ""},
		"address too long":       {"thumbnailUrl", address(2001), "INVALID input.thumbnailUrl"},
		"address in capitals":    {"thumbnailUrl", "HTTPS://EXAMPLE.COM", ""},
		"address of a script":    {"thumbnailUrl", "javascript:alert(1)", "INVALID input.thumbnailUrl"},
		"address of data":        {"thumbnailUrl", "data:image/png;base64,AA", "INVALID input.thumbnailUrl"},
		"address without host":   {"thumbnailUrl", "https:///a.png", "INVALID input.thumbnailUrl"},
		"address of a port":      {"thumbnailUrl", "https://:443/a.png", "INVALID input.thumbnailUrl"},
		"address relative":       {"thumbnailUrl", "//example.com/a.png", "INVALID input.thumbnailUrl"},
		"address with password":  {"thumbnailUrl", "https://u:p@example.com/", "INVALID input.thumbnailUrl"},
		"address with blank":     {"thumbnailUrl", "https://example.com/a b", "INVALID input.thumbnailUrl"},
		"address with line end":  {"thumbnailUrl", "https://example.com/\n", "INVALID input.thumbnailUrl"},
		"address empty":          {"thumbnailUrl", "", "INVALID input.thumbnailUrl"},
		"no category":            {"categoryId", id(edu.KindCategory, 99), "NOT_FOUND input.categoryId"},
		"category of a kind":     {"categoryId", id(edu.KindCourse, s.course), "INVALID input.categoryId"},
		"category of nonsense":   {"categoryId", "nonsense", "INVALID input.categoryId"},
	} {
		t.Run(name, func(t *testing.T) {
			var want []string
			if c.want != "" {
				want = []string{c.want}
			}
			before := s.count(t, "courses")
			got := s.ask(t, s.teacher, createMutation, inputOf(validateCourse(s, map[string]any{c.field: c.value})))
			wantRefusals(t, got, "createCourse", want...)
			if made := s.count(t, "courses") - before; (c.want == "") != (made == 1) {
				t.Errorf("%d courses were made", made)
			}
			update := map[string]any{"id": id(edu.KindCourse, s.draft), c.field: c.value}
			wantRefusals(t, s.ask(t, s.teacher, updateMutation, inputOf(update)), "updateCourse", want...)
			wantImport := strings.ReplaceAll(c.want, "input.", "input.courses.1.")
			want = want[:0]
			if wantImport != "" {
				want = []string{wantImport}
			}
			got = s.ask(t, s.teacher, importMutation, courseList(validateCourse(s, nil), validateCourse(s, map[string]any{c.field: c.value})))
			wantRefusals(t, got, "importCourses", want...)
		})
	}
}

// All problems are told at once.
func TestCourseProblems(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	got := s.ask(t, s.teacher, createMutation, inputOf(validateCourse(s, map[string]any{"title": "", "priceAmount": "-1", "tags": []string{"", ""}})))
	wantRefusals(t, got, "createCourse", "INVALID input.title", "INVALID input.tags.0", "INVALID input.tags.1", "INVALID input.priceAmount")
}

// count is how many rows a table has.
func (a *api) count(t *testing.T, table string) int {
	t.Helper()
	return one[int](t, a, "SELECT count(*)::int FROM "+table)
}

// 32 courses of one title, made at once, have 32 slugs; one the plain one.
func TestSlugsAtOnce(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	slugs := make(chan string, 32)
	var wait sync.WaitGroup
	for range 32 {
		wait.Go(func() {
			got := s.ask(t, s.teacher, createMutation, inputOf(validateCourse(s, map[string]any{"title": "Übung macht den Meister"})))
			wantRefusals(t, got, "createCourse")
			slugs <- fmt.Sprint(at(got.Data, "createCourse", "course", "slug"))
		})
	}
	wait.Wait()
	close(slugs)
	seen := map[string]bool{}
	suffixed := regexp.MustCompile(`^ubung-macht-den-meister-[a-z2-7]{6}$`)
	for slug := range slugs {
		seen[slug] = true
		if slug != "ubung-macht-den-meister" && !suffixed.MatchString(slug) {
			t.Errorf("a slug is %q", slug)
		}
	}
	if len(seen) != 32 || !seen["ubung-macht-den-meister"] {
		t.Errorf("%d different slugs, want 32, the plain one among them", len(seen))
	}
}

const updateMutation = `mutation($input: UpdateCourseInput!) { updateCourse(input: $input) { course {
	slug title description tags difficulty price { amount } durationSeconds thumbnailUrl updatedAt category { name courseCount } } userErrors { code message field } } }`

func TestUpdateCourse(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	other := one[int64](t, s.api, "INSERT INTO categories (name, slug) VALUES ('Other', 'other') RETURNING id")
	s.exec(t, "UPDATE courses SET updated_at = '2026-01-01', thumbnail_url = 'https://example.com'")
	update := func(as edu.Viewer, fields map[string]any) any {
		t.Helper()
		fields["id"] = id(edu.KindCourse, s.course)
		got := s.ask(t, as, updateMutation, inputOf(fields))
		wantRefusals(t, got, "updateCourse")
		return at(got.Data, "updateCourse", "course")
	}
	// Nothing, and what is as it was, change nothing.
	for _, same := range []map[string]any{
		{},
		{"title": nil, "description": nil, "tags": nil, "difficulty": nil, "priceAmount": nil, "durationSeconds": nil, "categoryId": nil},
		{"title": "Secrets of open", "tags": []string{"hidden"}, "priceAmount": "0", "durationSeconds": 60, "difficulty": "BEGINNER", "thumbnailUrl": "https://example.com"},
	} {
		s.exec(t, "UPDATE courses SET duration_seconds = 60")
		if c := update(s.teacher, same); at(c, "updatedAt") != "2026-01-01T00:00:00Z" || at(c, "title") != "Secrets of open" || at(c, "thumbnailUrl") == nil {
			t.Errorf("%v made it %v", same, c)
		}
	}
	c := update(s.teacher, map[string]any{"title": "Open secrets", "tags": []string{}, "categoryId": id(edu.KindCategory, other)})
	if at(c, "slug") != "open" || at(c, "title") != "Open secrets" || len(at(c, "tags").([]any)) != 0 || at(c, "updatedAt") == "2026-01-01T00:00:00Z" ||
		at(c, "category", "name") != "Other" || at(c, "category", "courseCount") != 1.0 || at(c, "thumbnailUrl") == nil || at(c, "description") != "All of it" {
		t.Errorf("it became %v", c)
	}
	if n := one[int](t, s.api, "SELECT course_count FROM categories WHERE id = 1"); n != 0 {
		t.Errorf("the first category counts %d", n)
	}
	c = update(s.admin, map[string]any{"thumbnailUrl": nil, "description": "", "difficulty": "ADVANCED", "priceAmount": "12", "durationSeconds": 61})
	if at(c, "thumbnailUrl") != nil || at(c, "description") != "" || at(c, "difficulty") != "ADVANCED" || at(c, "price", "amount") != "12.00" || at(c, "durationSeconds") != 61.0 {
		t.Errorf("it became %v", c)
	}
	// Search and suggestions follow the title.
	found := s.data(t, s.nobody, `{ searchCourses(query: "open secrets") { nodes { slug } } searchSuggestions(prefix: "open sec") }`, nil)
	if at(found, "searchCourses", "nodes", 0, "slug") != "open" || fmt.Sprint(found["searchSuggestions"]) != "[Open secrets]" {
		t.Errorf("a search found %v", found)
	}
}

// What a client's code leaves undefined is left out, and is no null.
func TestUpdateCourseOfVariables(t *testing.T) {
	t.Parallel()
	s := newStage(t)
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
		c.variables["id"] = id(edu.KindCourse, s.course)
		if got := s.data(t, s.teacher, mutation, c.variables); fmt.Sprint(at(got, "updateCourse", "course")) != c.want {
			t.Errorf("%v made it %v, want %s", c.variables, at(got, "updateCourse", "course"), c.want)
		}
	}
	got := s.data(t, s.teacher, fmt.Sprintf(`mutation { a: updateCourse(input: {id: %[1]q, tags: ["x"]}) { course { tags } } b: updateCourse(input: {id: %[1]q, tags: []}) { course { tags } } }`, id(edu.KindCourse, s.course)), nil)
	if fmt.Sprint(got) != "map[a:map[course:map[tags:[x]]] b:map[course:map[tags:[]]]]" {
		t.Errorf("answered %v", got)
	}
}

// Who may change what: the course's instructor and admins. For others a draft is
// not there, and a published course is not theirs.
func TestAuthoringPolicy(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	for name, m := range map[string]struct{ mutation, argument string }{
		"updateCourse":    {`mutation($id: ID!) { updateCourse(input: {id: $id, title: "Mine"}) { course { id } userErrors { code message field } } }`, "input.id"},
		"publishCourse":   {`mutation($id: ID!) { publishCourse(id: $id) { course { id } userErrors { code message field } } }`, "id"},
		"unpublishCourse": {`mutation($id: ID!) { unpublishCourse(id: $id) { course { id } userErrors { code message field } } }`, "id"},
		"addVideo":        {`mutation($id: ID!) { addVideo(input: {courseId: $id, title: "Mine", durationSeconds: 1}) { video { id } userErrors { code message field } } }`, "input.courseId"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			const state = "SELECT string_agg(c::text, ' ' ORDER BY id) || (SELECT count(*) FROM videos) FROM courses c"
			before := one[string](t, s.api, state)
			wantRefusal(t, s.ask(t, s.nobody, m.mutation, courseID(s.course)), edu.Unauthenticated)
			wantRefusal(t, s.ask(t, s.student, m.mutation, courseID(s.course)), edu.Forbidden)
			wantRefusals(t, s.ask(t, s.otherTeacher, m.mutation, courseID(s.course)), name, "FORBIDDEN "+m.argument)
			wantRefusals(t, s.ask(t, s.otherTeacher, m.mutation, courseID(s.draft)), name, "NOT_FOUND "+m.argument)
			wantRefusals(t, s.ask(t, s.admin, m.mutation, courseID(99)), name, "NOT_FOUND "+m.argument)
			wantRefusals(t, s.ask(t, s.teacher, m.mutation, map[string]any{"id": id(edu.KindVideo, s.video)}), name, "INVALID "+m.argument)
			wantRefusals(t, s.ask(t, s.teacher, m.mutation, map[string]any{"id": "?"}), name, "INVALID "+m.argument)
			if after := one[string](t, s.api, state); after != before {
				t.Errorf("refused, and yet it wrote:\n%s\n%s", before, after)
			}
			for _, as := range []edu.Viewer{s.teacher, s.admin} {
				wantRefusals(t, s.ask(t, as, m.mutation, courseID(s.draft)), name)
			}
		})
	}
	for name, variables := range map[string]map[string]any{createMutation: inputOf(validateCourse(s, nil)), importMutation: courseList(validateCourse(s, nil))} {
		wantRefusal(t, s.ask(t, s.nobody, name, variables), edu.Unauthenticated)
		wantRefusal(t, s.ask(t, s.student, name, variables), edu.Forbidden)
	}
}

const publishMutation = `mutation($id: ID!) { publishCourse(id: $id) { course { published publishedAt updatedAt category { courseCount } } userErrors { code message field } } }`

// All lists, searches and counts follow, and the time is that of the first time.
func TestPublishCourse(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	const lists = `{ courses { totalCount nodes { slug } } category(slug: "only") { courseCount courses { nodes { slug } } }
		searchCourses(query: "draft") { nodes { slug } } course(slug: "draft") { title } searchSuggestions(prefix: "draft") }`
	shown := func() string { return fmt.Sprint(s.data(t, s.nobody, lists, nil)) }
	hidden := shown()
	if strings.Contains(hidden, "draft") {
		t.Fatalf("a draft is shown: %s", hidden)
	}
	got := s.ask(t, s.teacher, publishMutation, courseID(s.draft))
	c := at(got.Data, "publishCourse", "course")
	first := at(c, "publishedAt")
	if at(c, "published") != true || first == nil || at(c, "category", "courseCount") != 2.0 {
		t.Errorf("answered %s", got.body)
	}
	// BEGIN, lock – publish, COMMIT – the course – its category.
	if got.cost.Statements != 6 || got.cost.RoundTrips != 4 {
		t.Errorf("cost %+v, want 6 statements in 4 round trips", got.cost)
	}
	const want = "map[category:map[courseCount:2 courses:map[nodes:[map[slug:draft] map[slug:open]]]] course:map[title:Secrets of draft] " +
		"courses:map[nodes:[map[slug:draft] map[slug:open]] totalCount:2] searchCourses:map[nodes:[map[slug:draft]]] searchSuggestions:[Secrets of draft]]"
	if shown() != want {
		t.Errorf("it is shown as %s", shown())
	}
	again := s.ask(t, s.teacher, publishMutation, courseID(s.draft))
	if fmt.Sprint(again.Data) != fmt.Sprint(got.Data) {
		t.Errorf("the second time answered %s, want %s", again.body, got.body)
	}
	unpublish := strings.ReplaceAll(publishMutation, "publishCourse", "unpublishCourse")
	for range 2 {
		got = s.ask(t, s.teacher, unpublish, courseID(s.draft))
		c = at(got.Data, "unpublishCourse", "course")
		if at(c, "published") != false || at(c, "publishedAt") != first || at(c, "category", "courseCount") != 1.0 {
			t.Errorf("answered %s", got.body)
		}
	}
	if shown() != hidden {
		t.Errorf("hidden again, it is shown as %s", shown())
	}
	if got := s.data(t, s.admin, publishMutation, courseID(s.draft)); at(got, "publishCourse", "course", "publishedAt") != first {
		t.Errorf("published again, it is of %v, want %v", got, first)
	}
	// A course that nobody ever published is hidden already.
	made := s.data(t, s.teacher, createMutation, inputOf(validateCourse(s, nil)))
	never := s.ask(t, s.teacher, unpublish, map[string]any{"id": at(made, "createCourse", "course", "id")})
	wantRefusals(t, never, "unpublishCourse")
	if at(never.Data, "unpublishCourse", "course", "publishedAt") != nil {
		t.Errorf("answered %s", never.body)
	}
}

// Fields after a write, in the same document, see it.
func TestAuthoringInOneDocument(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	const document = `mutation($id: ID!, $input: CourseInput!) {
		before: updateCourse(input: {id: $id}) { course { ...All } }
		addVideo(input: {courseId: $id, title: "Two", durationSeconds: 40}) { video { position course { ...All } } }
		publishCourse(id: $id) { course { ...All } }
		createCourse(input: $input) { course { instructor { coursesTaught { totalCount nodes { slug } } } } }
		importCourses(input: {courses: [$input]}) { importedCount }
	} fragment All on Course { published durationSeconds videos { totalCount nodes { title } } category { courseCount } instructor { coursesTaught { nodes { slug } } } }`
	got := s.data(t, s.teacher, document, map[string]any{"id": id(edu.KindCourse, s.draft), "input": validateCourse(s, nil)})
	const taught = " instructor:map[coursesTaught:map[nodes:[map[slug:draft] map[slug:open]]]]"
	for field, want := range map[string]string{
		"before":        "map[course:map[category:map[courseCount:1] durationSeconds:0" + taught + " published:false videos:map[nodes:[map[title:One]] totalCount:1]]]",
		"addVideo":      "map[video:map[course:map[category:map[courseCount:1] durationSeconds:100" + taught + " published:false videos:map[nodes:[map[title:One] map[title:Two]] totalCount:2]] position:2]]",
		"publishCourse": "map[course:map[category:map[courseCount:2] durationSeconds:100" + taught + " published:true videos:map[nodes:[map[title:One] map[title:Two]] totalCount:2]]]",
		"createCourse":  "map[course:map[instructor:map[coursesTaught:map[nodes:[map[slug:go-for-gophers] map[slug:draft] map[slug:open]] totalCount:3]]]]",
		"importCourses": "map[importedCount:1]",
	} {
		if fmt.Sprint(got[field]) != want {
			t.Errorf("%s answered %v, want %s", field, got[field], want)
		}
	}
}
