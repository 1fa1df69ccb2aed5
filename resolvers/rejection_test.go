package resolvers_test

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/testdb"
)

// What a caller gets wrong is answered with a clear BAD_USER_INPUT, and never
// with a word of the inside.
func TestRefusals(t *testing.T) {
	t.Parallel()
	a := setup(t, testdb.NewWithDemo(t))
	cursors := a.cursors(t)
	course, user := id(edu.KindCourse, 24), id(edu.KindUser, 1)
	for name, query := range map[string]string{
		"first below zero":                `{ courses(first: -1) { nodes { id } } }`,
		"first above the most":            `{ courses(first: 101) { nodes { id } } }`,
		"first beyond 32 bits":            `{ courses(first: 4294967297) { nodes { id } } }`,
		"last below zero":                 `{ courses(last: -1) { nodes { id } } }`,
		"last above the most":             `{ courses(last: 101) { nodes { id } } }`,
		"first and last":                  `{ courses(first: 1, last: 1) { nodes { id } } }`,
		"first and last of a category":    `{ categories { courses(first: 1, last: 1) { nodes { id } } } }`,
		"first and last of videos":        `{ course(id: "` + course + `") { videos(first: 1, last: 1) { nodes { id } } } }`,
		"first and last of reviews":       `{ course(id: "` + course + `") { reviews(first: 101) { nodes { id } } } }`,
		"first above the most of a user":  `{ user(id: "` + user + `") { coursesTaught(last: 101) { nodes { id } } } }`,
		"first above the most of search":  `{ searchCourses(first: 101) { totalCount } }`,
		"first below zero of search":      `{ searchCourses(first: -1) { totalCount } }`,
		"first of related":                `{ course(id: "` + course + `") { relatedCourses(first: 0) { id } } }`,
		"first of suggestions":            `{ searchSuggestions(prefix: "a", first: 0) }`,
		"first of suggestions too high":   `{ searchSuggestions(prefix: "a", first: 101) }`,
		"cursor of nothing":               `{ courses(after: "") { nodes { id } } }`,
		"cursor that is text":             `{ courses(after: "abc") { nodes { id } } }`,
		"cursor of another order":         `{ courses(after: "` + cursors["courses by title"] + `") { nodes { id } } }`,
		"cursor of another direction":     `{ courses(orderBy: {field: TITLE, direction: ASC}, after: "` + cursors["courses by title"] + `") { nodes { id } } }`,
		"cursor of another list":          `{ courses(after: "` + cursors["reviews"] + `") { nodes { id } } }`,
		"before of another list":          `{ courses(before: "` + cursors["reviews"] + `") { nodes { id } } }`,
		"cursor of courses in a search":   `{ searchCourses(after: "` + cursors["courses"] + `") { totalCount } }`,
		"cursor of another sort":          `{ searchCourses(sort: NEWEST, after: "` + cursors["search"] + `") { totalCount } }`,
		"cursor of courses in reviews":    `{ course(id: "` + course + `") { reviews(after: "` + cursors["courses"] + `") { nodes { id } } } }`,
		"id that is text":                 `{ node(id: "nonsense") { id } }`,
		"id that is empty":                `{ node(id: "") { id } }`,
		"id that is a number":             `{ node(id: 24) { id } }`,
		"id of no kind":                   `{ node(id: "` + raw("Money:1") + `") { id } }`,
		"id of key zero":                  `{ node(id: "` + raw("Course:0") + `") { id } }`,
		"id below zero":                   `{ node(id: "` + raw("Course:-1") + `") { id } }`,
		"id beyond 64 bits":               `{ node(id: "` + raw("Course:9223372036854775808") + `") { id } }`,
		"id with spaces":                  `{ node(id: "` + raw("Course: 1") + `") { id } }`,
		"id with padding":                 `{ node(id: "` + base64.URLEncoding.EncodeToString([]byte("Course:1")) + `") { id } }`,
		"id with a line break":            `{ node(id: "Q291cnNlOj\nI0") { id } }`,
		"id of another kind for a user":   `{ user(id: "` + course + `") { id } }`,
		"id of another kind for a course": `{ course(id: "` + user + `") { id } }`,
		"category of a filter":            `{ courses(filter: {categoryId: "` + course + `"}) { nodes { id } } }`,
		"instructor of a filter":          `{ courses(filter: {instructorId: "x"}) { nodes { id } } }`,
		"category of a search":            `{ searchCourses(filter: {categoryId: "x"}) { totalCount } }`,
		"both id and slug":                `{ course(id: "` + course + `", slug: "a") { id } }`,
		"neither id nor slug":             `{ course { id } }`,
		"both of a category":              `{ category(id: "` + id(edu.KindCategory, 1) + `", slug: "a") { id } }`,
		"neither of a category":           `{ category { id } }`,
		"a text too long":                 `{ searchCourses(query: "` + strings.Repeat("a", 201) + `") { totalCount } }`,
		"a prefix too long":               `{ searchSuggestions(prefix: "` + strings.Repeat("a", 201) + `") }`,
		"a NUL in a search":               `{ searchCourses(query: "a\u0000") { totalCount } }`,
		"a NUL in a prefix":               `{ searchSuggestions(prefix: "\u0000") }`,
		"a NUL in a tag":                  `{ courses(filter: {tags: ["\u0000"]}) { nodes { id } } }`,
		"a NUL in a tag of a search":      `{ searchCourses(filter: {tags: ["\u0000"]}) { totalCount } }`,
		"too many tags":                   `{ courses(filter: {tags: ["` + strings.Repeat(`a","`, 20) + `a"]}) { nodes { id } } }`,
		"duration beyond 32 bits":         `{ courses(filter: {maxDurationSeconds: 4294967296}) { nodes { id } } }`,
		"duration of a search":            `{ searchCourses(filter: {maxDurationSeconds: 4294967296}) { totalCount } }`,
		"101 ids":                         `{ nodes(ids: [` + strings.Repeat(`"`+course+`", `, 101) + `]) { id } }`,
	} {
		t.Run(name, func(t *testing.T) {
			wantRefusal(t, a.ask(t, anonymous, query, nil), edu.BadUserInput)
		})
	}
}

// The same of what a dashboard and an owner may ask.
func TestRefusalsOfDashboards(t *testing.T) {
	t.Parallel()
	a := setup(t, testdb.NewWithDemo(t))
	for name, query := range map[string]string{
		"days of none":                  `{ viewer { dashboard { watchTimeSeconds(days: 0) } } }`,
		"days below zero":               `{ viewer { dashboard { recentActivity(days: -1) { id } } } }`,
		"days above the most":           `{ viewer { dashboard { watchTimeSeconds(days: 3651) } } }`,
		"days of activity":              `{ viewer { dashboard { recentActivity(days: 100000) { id } } } }`,
		"first of activity":             `{ viewer { dashboard { recentActivity(first: 101) { id } } } }`,
		"last of none":                  `{ viewer { dashboard { watchTime(last: 0) { at } } } }`,
		"last above the most":           `{ viewer { dashboard { watchTime(interval: MONTH, last: 367) { at } } } }`,
		"first of recommendations":      `{ viewer { dashboard { recommendedCourses(first: 51) { id } } } }`,
		"first of a viewer's":           `{ viewer { enrollments(first: 101) { totalCount } } }`,
		"cursor of a viewer's":          `{ viewer { enrollments(after: "x") { totalCount } } }`,
		"days of the platform":          `{ platformDashboard { activeUsersCount(days: 0) } }`,
		"first of the platform":         `{ platformDashboard { topCourses(first: 0) { id } } }`,
		"categories of the platform":    `{ platformDashboard { topCategories(first: 51) { id } } }`,
		"last of the platform":          `{ platformDashboard { enrollmentsOverTime(last: 0) { at } } }`,
		"first of an instructor":        `{ instructorDashboard { topCourses(first: -1) { id } } }`,
		"last of an instructor":         `{ instructorDashboard { enrollmentsOverTime(last: 1000) { at } } }`,
		"cursor of course's enrollment": `{ course(id: "` + id(edu.KindCourse, 24) + `") { enrollments(before: "x") { totalCount } } }`,
	} {
		t.Run(name, func(t *testing.T) {
			wantRefusal(t, a.ask(t, admin, query, nil), edu.BadUserInput)
		})
	}
}

// raw is what an id with this text would look like.
func raw(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

// cursors returns a cursor of several lists.
func (a *api) cursors(t *testing.T) map[string]string {
	t.Helper()
	cursors := map[string]string{}
	for name, field := range map[string]string{
		"courses":          `courses(first: 1) ROWS`,
		"courses by title": `courses(first: 1, orderBy: {field: TITLE}) ROWS`,
		"reviews":          `course(id: "` + id(edu.KindCourse, 24) + `") { reviews(first: 1) ROWS }`,
		"search":           `searchCourses(first: 1) ROWS`,
	} {
		c := collectConnection(a.data(t, anonymous, "{"+strings.ReplaceAll(field, "ROWS", "{ pageInfo { endCursor } }")+"}", nil))
		cursors[name] = at(c, "pageInfo", "endCursor").(string)
	}
	return cursors
}

// A slug that PostgreSQL could not even hold names nothing or is refused; it is
// no failure of the server.
func TestSlugOfNothing(t *testing.T) {
	t.Parallel()
	a := setup(t, testdb.NewWithDemo(t))
	for _, field := range []string{"course", "category"} {
		for _, slug := range []string{"", "a\u0000b", "no-such", strings.Repeat("x", 5000), "'; DROP TABLE users; --", "%", "\U0001F9D1"} {
			t.Run(fmt.Sprintf("%s %.10q", field, slug), func(t *testing.T) {
				got := a.ask(t, anonymous, "query($slug: String) { "+field+"(slug: $slug) { id } }", map[string]any{"slug": slug})
				if len(got.Errors) > 0 {
					wantRefusal(t, got, edu.BadUserInput)
				} else if at(got.Data, field) != nil {
					t.Errorf("found %s", got.body)
				}
			})
		}
	}
}

// Every way to damage a cursor is noticed.
func TestDamagedCursors(t *testing.T) {
	t.Parallel()
	a := setup(t, testdb.NewWithDemo(t))
	good := a.cursors(t)["courses"]
	damaged := []string{good + "A", good + "=", good + "\n", "\n" + good, good + " ", strings.ToUpper(good), "\x00"}
	for i := range good {
		damaged = append(damaged, good[:i], good[:i]+good[i+1:])
		for _, c := range []string{"A", "-", "z"} {
			if good[i:i+1] != c {
				damaged = append(damaged, good[:i]+c+good[i+1:])
			}
		}
	}
	for _, cursor := range damaged {
		got := a.ask(t, anonymous, "query($after: String) { courses(first: 1, after: $after) { nodes { id } } }", map[string]any{"after": cursor})
		if len(got.Errors) != 1 || got.Errors[0].code() != string(edu.BadUserInput) {
			t.Errorf("after: %q answered %s", cursor, got.body)
		}
	}
}

// Enum values are taken to the letter wherever they come from.
func TestEnumsOfVariables(t *testing.T) {
	t.Parallel()
	a := setup(t, testdb.NewWithDemo(t))
	for _, c := range []struct {
		query     string
		variables map[string]any
	}{
		{"query($v: CourseOrder) { courses(orderBy: $v) { nodes { id } } }", map[string]any{"field": "title"}},
		{"query($v: CourseOrder) { courses(orderBy: $v) { nodes { id } } }", map[string]any{"field": "TITLE", "direction": "asc"}},
		{"query($v: CourseOrder) { categories { courses(orderBy: $v) { nodes { id } } } }", map[string]any{"field": "title"}},
		{"query($v: CourseOrder) { category(slug: \"web-development\") { courses(orderBy: $v) { nodes { id } } } }", map[string]any{"field": "TITLE", "direction": "asc"}},
		{"query($v: EnrollmentOrder) { viewer { enrollments(orderBy: $v) { nodes { id } } } }", map[string]any{"field": "progress"}},
		{"query($v: EnrollmentOrder) { viewer { enrollments(orderBy: $v) { nodes { id } } } }", map[string]any{"field": "PROGRESS", "direction": "Desc"}},
		{"query($v: CourseFilter) { courses(filter: $v) { nodes { id } } }", map[string]any{"difficulty": "beginner"}},
		{"query($v: CourseFilter) { courses(filter: $v) { nodes { id } } }", map[string]any{"price": "free"}},
		{"query($v: CourseFilter) { searchCourses(filter: $v) { totalCount } }", map[string]any{"price": "Paid"}},
	} {
		t.Run(fmt.Sprint(c.query, c.variables), func(t *testing.T) {
			wantRefusal(t, a.ask(t, student, c.query, map[string]any{"v": c.variables}), edu.BadUserInput)
		})
	}
	for query, value := range map[string]string{
		"query($v: Interval!) { viewer { dashboard { watchTime(interval: $v) { at value } } } }":                         "day",
		"query($v: Interval!) { instructorDashboard { enrollmentsOverTime(interval: $v) { at } } }":                      "Week",
		"query($v: Interval!) { platformDashboard { enrollmentsOverTime(interval: $v) { at } } }":                        "month",
		"query($v: EnrollmentStatus) { viewer { enrollments(status: $v) { totalCount } } }":                              "completed",
		"query($v: SearchSort!) { searchCourses(sort: $v) { totalCount } }":                                              "rating",
		"query($v: SearchSort!) { searchCourses(sort: $v) { nodes { id } totalCount } }":                                 "",
		"query($v: Difficulty) { courses(filter: {difficulty: $v}) { nodes { id } } }":                                   "Beginner",
		"query($v: OrderDirection!) { courses(orderBy: {field: TITLE, direction: $v}) { nodes { id } } }":                "asc",
		"query($v: CourseOrderField!) { categories { courses(orderBy: {field: $v}) { nodes { id } } } }":                 "price",
		"query($v: EnrollmentOrderField!) { viewer { enrollments(orderBy: {field: $v}) { nodes { id } } } }":             "enrolled_at",
		"query($v: OrderDirection!) { categories { courses(orderBy: {field: TITLE, direction: $v}) { nodes { id } } } }": "desc",
	} {
		t.Run(query, func(t *testing.T) {
			wantRefusal(t, a.ask(t, admin, query, map[string]any{"v": value}), edu.BadUserInput)
		})
	}
}

// One bad id among good ones spoils only its own place.
func TestNodesWithOneBadID(t *testing.T) {
	t.Parallel()
	a := setup(t, testdb.NewWithDemo(t))
	ids := []string{id(edu.KindCourse, 24), "bad", id(edu.KindUser, 1), id(edu.KindCourse, 24), id(edu.KindVideo, 1<<40)}
	got := a.ask(t, anonymous, "query($ids: [ID!]!) { nodes(ids: $ids) { id } }", map[string]any{"ids": ids})
	want := []any{map[string]any{"id": ids[0]}, nil, map[string]any{"id": ids[2]}, map[string]any{"id": ids[0]}, nil}
	if fmt.Sprint(got.Data["nodes"]) != fmt.Sprint(want) {
		t.Errorf("nodes %v, want %v", got.Data["nodes"], want)
	}
	if len(got.Errors) != 1 || !slices.Equal(got.Errors[0].Path, []any{"nodes", float64(1)}) {
		t.Errorf("errors %+v, want one at nodes, 1", got.Errors)
	}
	wantRefusal(t, got, edu.BadUserInput)
}

func TestNodesAtTheirLimits(t *testing.T) {
	t.Parallel()
	a := setup(t, testdb.NewWithDemo(t))
	ids := a.ids(t, edu.KindUser, "SELECT id FROM users ORDER BY id DESC LIMIT 100")
	got := a.data(t, anonymous, "query($ids: [ID!]!) { nodes(ids: $ids) { id } }", map[string]any{"ids": ids})
	if !slices.Equal(each(got["nodes"], "id"), ids) {
		t.Errorf("100 ids came back as %v", got["nodes"])
	}
	got = a.data(t, anonymous, "{ nodes(ids: []) { id } }", nil)
	if list, ok := got["nodes"].([]any); !ok || len(list) != 0 {
		t.Errorf("no ids came back as %v", got["nodes"])
	}
}
