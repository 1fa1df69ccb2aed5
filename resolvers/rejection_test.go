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

// TestInvalidArguments checks that each invalid argument gets BAD_USER_INPUT with a message without
// internalWords.
func TestInvalidArguments(t *testing.T) {
	t.Parallel()
	a := setup(t, testdb.NewWithDemo(t))
	cursors := a.exampleCursors(t)
	course, user := globalID(edu.KindCourse, 24), globalID(edu.KindUser, 1)
	for name, query := range map[string]string{
		"negative first":                                `{ courses(first: -1) { nodes { id } } }`,
		"first above the maximum":                       `{ courses(first: 101) { nodes { id } } }`,
		"negative last":                                 `{ courses(last: -1) { nodes { id } } }`,
		"last above the maximum":                        `{ courses(last: 101) { nodes { id } } }`,
		"first and last":                                `{ courses(first: 1, last: 1) { nodes { id } } }`,
		"first and last of a category":                  `{ categories { courses(first: 1, last: 1) { nodes { id } } } }`,
		"first and last of videos":                      `{ course(id: "` + course + `") { videos(first: 1, last: 1) { nodes { id } } } }`,
		"first above the maximum of reviews":            `{ course(id: "` + course + `") { reviews(first: 101) { nodes { id } } } }`,
		"last above the maximum of coursesTaught":       `{ user(id: "` + user + `") { coursesTaught(last: 101) { nodes { id } } } }`,
		"first above the maximum of search":             `{ searchCourses(first: 101) { totalCount } }`,
		"negative first of search":                      `{ searchCourses(first: -1) { totalCount } }`,
		"first of 0 related courses":                    `{ course(id: "` + course + `") { relatedCourses(first: 0) { id } } }`,
		"first of 0 suggestions":                        `{ searchSuggestions(prefix: "a", first: 0) }`,
		"first above the maximum of suggestions":        `{ searchSuggestions(prefix: "a", first: 101) }`,
		"first of 0 typed suggestions":                  `{ suggest(prefix: "a", first: 0) { text } }`,
		"21 typed suggestions":                          `{ suggest(prefix: "a", first: 21) { text } }`,
		"typed prefix of 201 characters":                `{ suggest(prefix: "` + strings.Repeat("a", 201) + `") { text } }`,
		"NUL in a typed prefix":                         `{ suggest(prefix: "\u0000") { text } }`,
		"empty cursor":                                  `{ courses(after: "") { nodes { id } } }`,
		"cursor that is not one":                        `{ courses(after: "abc") { nodes { id } } }`,
		"cursor of another order":                       `{ courses(after: "` + cursors["courses by title"] + `") { nodes { id } } }`,
		"cursor of another direction":                   `{ courses(orderBy: {field: TITLE, direction: ASC}, after: "` + cursors["courses by title"] + `") { nodes { id } } }`,
		"cursor of another list":                        `{ courses(after: "` + cursors["reviews"] + `") { nodes { id } } }`,
		"before with a cursor of another list":          `{ courses(before: "` + cursors["reviews"] + `") { nodes { id } } }`,
		"cursor of courses in a search":                 `{ searchCourses(after: "` + cursors["courses"] + `") { totalCount } }`,
		"cursor of another sort of search":              `{ searchCourses(sort: NEWEST, after: "` + cursors["search"] + `") { totalCount } }`,
		"cursor of courses in reviews":                  `{ course(id: "` + course + `") { reviews(after: "` + cursors["courses"] + `") { nodes { id } } } }`,
		"id that is not one":                            `{ node(id: "invalid") { id } }`,
		"empty id":                                      `{ node(id: "") { id } }`,
		"id that is a number":                           `{ node(id: 24) { id } }`,
		"id of an unknown kind":                         `{ node(id: "` + encodeID("Money:1") + `") { id } }`,
		"id of key zero":                                `{ node(id: "` + encodeID("Course:0") + `") { id } }`,
		"id of a negative key":                          `{ node(id: "` + encodeID("Course:-1") + `") { id } }`,
		"id beyond 64 bits":                             `{ node(id: "` + encodeID("Course:9223372036854775808") + `") { id } }`,
		"id with spaces":                                `{ node(id: "` + encodeID("Course: 1") + `") { id } }`,
		"id with padding":                               `{ node(id: "` + base64.URLEncoding.EncodeToString([]byte("Course:1")) + `") { id } }`,
		"id with a line break":                          `{ node(id: "Q291cnNlOj\nI0") { id } }`,
		"id of another kind for a user":                 `{ user(id: "` + course + `") { id } }`,
		"id of another kind for a course":               `{ course(id: "` + user + `") { id } }`,
		"category of a filter by an id of another kind": `{ courses(filter: {categoryId: "` + course + `"}) { nodes { id } } }`,
		"instructor of a filter by an invalid id":       `{ courses(filter: {instructorId: "x"}) { nodes { id } } }`,
		"category of a search by an invalid id":         `{ searchCourses(filter: {categoryId: "x"}) { totalCount } }`,
		"category and categories of a filter":           `{ courses(filter: {categoryId: "` + globalID(edu.KindCategory, 1) + `", categoryIds: ["` + globalID(edu.KindCategory, 1) + `"]}) { nodes { id } } }`,
		"21 categories of a search":                     `{ searchCourses(filter: {categoryIds: ["` + strings.Repeat(globalID(edu.KindCategory, 1)+`","`, 20) + globalID(edu.KindCategory, 1) + `"]}) { totalCount } }`,
		"instructors by an id of another kind":          `{ courses(filter: {instructorIds: ["` + course + `"]}) { nodes { id } } }`,
		"language that is none":                         `{ courses(filter: {languages: ["english"]}) { nodes { id } } }`,
		"language of a search that is none":             `{ searchCourses(filter: {languages: ["en_US"]}) { totalCount } }`,
		"empty language":                                `{ courses(filter: {languages: [""]}) { nodes { id } } }`,
		"orderBy and sort of a search":                  `{ searchCourses(orderBy: {field: RATING}, sort: NEWEST) { totalCount } }`,
		"first and last of a search":                    `{ searchCourses(first: 20, last: 1) { totalCount } }`,
		"last above the maximum of a search":            `{ searchCourses(last: 101) { totalCount } }`,
		"before with a cursor of another order":         `{ searchCourses(orderBy: {field: RATING}, last: 1, before: "` + cursors["search"] + `") { totalCount } }`,
		"both id and slug":                              `{ course(id: "` + course + `", slug: "a") { id } }`,
		"neither id nor slug":                           `{ course { id } }`,
		"both id and slug of a category":                `{ category(id: "` + globalID(edu.KindCategory, 1) + `", slug: "a") { id } }`,
		"neither id nor slug of a category":             `{ category { id } }`,
		"search text of 201 characters":                 `{ searchCourses(query: "` + strings.Repeat("a", 201) + `") { totalCount } }`,
		"prefix of 201 characters":                      `{ searchSuggestions(prefix: "` + strings.Repeat("a", 201) + `") }`,
		"NUL in a search":                               `{ searchCourses(query: "a\u0000") { totalCount } }`,
		"NUL in a prefix":                               `{ searchSuggestions(prefix: "\u0000") }`,
		"NUL in a tag":                                  `{ courses(filter: {tags: ["\u0000"]}) { nodes { id } } }`,
		"NUL in a tag of a search":                      `{ searchCourses(filter: {tags: ["\u0000"]}) { totalCount } }`,
		"21 tags":                                       `{ courses(filter: {tags: ["` + strings.Repeat(`a","`, 20) + `a"]}) { nodes { id } } }`,
		"101 ids":                                       `{ nodes(ids: [` + strings.Repeat(`"`+course+`", `, 101) + `]) { id } }`,
	} {
		t.Run(name, func(t *testing.T) {
			wantError(t, a.execute(t, anonymous, query, nil), edu.BadUserInput)
		})
	}
}

// TestInvalidDashboardArguments checks the same for dashboards and lists that only their owners see.
func TestInvalidDashboardArguments(t *testing.T) {
	t.Parallel()
	a := setup(t, testdb.NewWithDemo(t))
	for name, query := range map[string]string{
		"days of 0":                                             `{ viewer { dashboard { watchTimeSeconds(days: 0) } } }`,
		"negative days":                                         `{ viewer { dashboard { recentActivity(days: -1) { id } } } }`,
		"days above the maximum":                                `{ viewer { dashboard { watchTimeSeconds(days: 3651) } } }`,
		"days above the maximum of activity":                    `{ viewer { dashboard { recentActivity(days: 100000) { id } } } }`,
		"first above the maximum of activity":                   `{ viewer { dashboard { recentActivity(first: 101) { id } } } }`,
		"last of 0 points":                                      `{ viewer { dashboard { watchTime(last: 0) { at } } } }`,
		"last above the maximum of points":                      `{ viewer { dashboard { watchTime(interval: MONTH, last: 367) { at } } } }`,
		"first above the maximum of recommendations":            `{ viewer { dashboard { recommendedCourses(first: 51) { id } } } }`,
		"first above the maximum of enrollments":                `{ viewer { enrollments(first: 101) { totalCount } } }`,
		"invalid cursor of enrollments":                         `{ viewer { enrollments(after: "x") { totalCount } } }`,
		"days of 0 of the platform":                             `{ platformDashboard { activeUsersCount(days: 0) } }`,
		"first of 0 courses of the platform":                    `{ platformDashboard { topCourses(first: 0) { id } } }`,
		"first above the maximum of categories of the platform": `{ platformDashboard { topCategories(first: 51) { id } } }`,
		"last of 0 points of the platform":                      `{ platformDashboard { enrollmentsOverTime(last: 0) { at } } }`,
		"negative first of an instructor":                       `{ instructorDashboard { topCourses(first: -1) { id } } }`,
		"last above the maximum of points of an instructor":     `{ instructorDashboard { enrollmentsOverTime(last: 1000) { at } } }`,
		"invalid cursor of a course's enrollments":              `{ course(id: "` + globalID(edu.KindCourse, 24) + `") { enrollments(before: "x") { totalCount } } }`,
	} {
		t.Run(name, func(t *testing.T) {
			wantError(t, a.execute(t, admin, query, nil), edu.BadUserInput)
		})
	}
}

// encodeID returns a text in the encoding of global ids.
func encodeID(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

// exampleCursors returns a cursor of each of several lists, by name.
func (a *testAPI) exampleCursors(t *testing.T) map[string]string {
	t.Helper()
	cursors := map[string]string{}
	for name, field := range map[string]string{
		"courses":          `courses(first: 1) ROWS`,
		"courses by title": `courses(first: 1, orderBy: {field: TITLE}) ROWS`,
		"reviews":          `course(id: "` + globalID(edu.KindCourse, 24) + `") { reviews(first: 1) ROWS }`,
		"search":           `searchCourses(first: 1) ROWS`,
	} {
		c := findConnection(a.mustExecute(t, anonymous, "{"+strings.ReplaceAll(field, "ROWS", "{ pageInfo { endCursor } }")+"}", nil))
		cursors[name] = valueAt(c, "pageInfo", "endCursor").(string)
	}
	return cursors
}

// TestUnknownSlugs checks that unknown slugs return null or BAD_USER_INPUT, even slugs that PostgreSQL
// cannot store.
func TestUnknownSlugs(t *testing.T) {
	t.Parallel()
	a := setup(t, testdb.NewWithDemo(t))
	for _, field := range []string{"course", "category"} {
		for _, slug := range []string{"", "a\u0000b", "unknown", strings.Repeat("x", 5000), "'; DROP TABLE users; --", "%", "\U0001F9D1"} {
			t.Run(fmt.Sprintf("%s %.10q", field, slug), func(t *testing.T) {
				got := a.execute(t, anonymous, "query($slug: String) { "+field+"(slug: $slug) { id } }", map[string]any{"slug": slug})
				if len(got.Errors) > 0 {
					wantError(t, got, edu.BadUserInput)
				} else if got.At(field) != nil {
					t.Errorf("response %s, want null", got.body)
				}
			})
		}
	}
}

// TestDamagedCursors checks that a cursor with any character added, removed or replaced is rejected.
func TestDamagedCursors(t *testing.T) {
	t.Parallel()
	a := setup(t, testdb.NewWithDemo(t))
	valid := a.exampleCursors(t)["courses"]
	damaged := []string{valid + "A", valid + "=", valid + "\n", "\n" + valid, valid + " ", strings.ToUpper(valid), "\x00"}
	for i := range valid {
		damaged = append(damaged, valid[:i], valid[:i]+valid[i+1:])
		for _, c := range []string{"A", "-", "z"} {
			if valid[i:i+1] != c {
				damaged = append(damaged, valid[:i]+c+valid[i+1:])
			}
		}
	}
	for _, cursor := range damaged {
		got := a.execute(t, anonymous, "query($after: String) { courses(first: 1, after: $after) { nodes { id } } }", map[string]any{"after": cursor})
		if len(got.Errors) != 1 || got.Errors[0].Code() != string(edu.BadUserInput) {
			t.Errorf("after: %q, response %s, want BAD_USER_INPUT", cursor, got.body)
		}
	}
}

// TestInvalidEnumValues checks that enum values of variables in another case are rejected.
func TestInvalidEnumValues(t *testing.T) {
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
			wantError(t, a.execute(t, student, c.query, map[string]any{"v": c.variables}), edu.BadUserInput)
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
			wantError(t, a.execute(t, admin, query, map[string]any{"v": value}), edu.BadUserInput)
		})
	}
}

// TestNodesWithInvalidID checks that an invalid id fails only its own element.
func TestNodesWithInvalidID(t *testing.T) {
	t.Parallel()
	a := setup(t, testdb.NewWithDemo(t))
	ids := []string{globalID(edu.KindCourse, 24), "bad", globalID(edu.KindUser, 1), globalID(edu.KindCourse, 24), globalID(edu.KindVideo, 1<<40)}
	got := a.execute(t, anonymous, "query($ids: [ID!]!) { nodes(ids: $ids) { id } }", map[string]any{"ids": ids})
	want := []any{map[string]any{"id": ids[0]}, nil, map[string]any{"id": ids[2]}, map[string]any{"id": ids[0]}, nil}
	if fmt.Sprint(got.At("nodes")) != fmt.Sprint(want) {
		t.Errorf("nodes %v, want %v", got.At("nodes"), want)
	}
	if len(got.Errors) != 1 || !slices.Equal(got.Errors[0].Path, []any{"nodes", float64(1)}) {
		t.Errorf("errors %+v, want one at nodes, 1", got.Errors)
	}
	wantError(t, got, edu.BadUserInput)
}

func TestNodesLimits(t *testing.T) {
	t.Parallel()
	a := setup(t, testdb.NewWithDemo(t))
	ids := a.queryIDs(t, edu.KindUser, "SELECT id FROM users ORDER BY id DESC LIMIT 100")
	got := a.mustExecute(t, anonymous, "query($ids: [ID!]!) { nodes(ids: $ids) { id } }", map[string]any{"ids": ids})
	if !slices.Equal(fieldValues(got["nodes"], "id"), ids) {
		t.Errorf("100 ids returned %v", got["nodes"])
	}
	got = a.mustExecute(t, anonymous, "{ nodes(ids: []) { id } }", nil)
	if list, ok := got["nodes"].([]any); !ok || len(list) != 0 {
		t.Errorf("no ids returned %v, want an empty list", got["nodes"])
	}
}
