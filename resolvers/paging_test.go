package resolvers_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/testdb"
)

// list is a connection, and what its rows must be by one plain statement.
type list struct {
	name  string
	as    edu.Viewer
	field string // from the root to the connection; PAGE stands for its page's arguments, ROWS for its selection
	kind  edu.Kind
	sql   string // the keys in order
	args  []any
}

const (
	pageArguments = "first: $first, after: $after, last: $last, before: $before"
	pageRows      = "{ totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor node { id } } nodes { id } }"
)

func (l list) query() string {
	q := strings.NewReplacer("PAGE", pageArguments, "ROWS", pageRows).Replace(l.field)
	return "query($first: Int, $after: String, $last: Int, $before: String) { " + q + " }"
}

// collectConnection finds the one connection in an answer.
func collectConnection(v any) map[string]any {
	m, _ := v.(map[string]any)
	if m["pageInfo"] != nil {
		return m
	}
	for _, below := range m {
		if c := collectConnection(below); c != nil {
			return c
		}
	}
	return nil
}

// inTies makes many rows equal in what they are ordered by, so that ties decide.
const inTies = `
	UPDATE courses SET published_at = date_trunc('month', published_at), price = round(price / 40) * 40;
	UPDATE courses SET title = 'Same title' WHERE id % 5 = 0;
	UPDATE enrollments SET enrolled_at = date_trunc('week', enrolled_at), last_accessed_at = date_trunc('week', last_accessed_at);
	UPDATE enrollments SET last_accessed_at = NULL WHERE id % 3 = 0;
	UPDATE reviews SET created_at = date_trunc('month', created_at);
	DELETE FROM reviews WHERE course_id % 4 = 0`

func TestPaging(t *testing.T) {
	t.Parallel()
	a := setup(t, testdb.NewWithDemo(t))
	a.exec(t, inTies)
	for _, l := range allLists(t, a) {
		t.Run(l.name, func(t *testing.T) {
			want := a.ids(t, l.kind, l.sql, l.args...)
			if len(want) < 2 {
				t.Fatalf("the list has %d rows: too few to prove anything", len(want))
			}
			if diff := cmp.Diff(want, a.forward(t, l, want, nil)); diff != "" {
				t.Errorf("forward (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(want, a.backward(t, l, want)); diff != "" {
				t.Errorf("backward (-want +got):\n%s", diff)
			}
		})
	}
}

// A page without rows has no cursors, whatever the list holds.
func TestEmptyPages(t *testing.T) {
	t.Parallel()
	a := setup(t, testdb.NewWithDemo(t))
	for _, l := range allLists(t, a) {
		c := collectConnection(a.data(t, l.as, l.query(), map[string]any{"first": 0}))
		if len(c["edges"].([]any)) > 0 || len(c["nodes"].([]any)) > 0 || at(c, "pageInfo", "startCursor") != nil || at(c, "pageInfo", "endCursor") != nil || c["totalCount"] == 0.0 {
			t.Errorf("%s: %v", l.name, c)
		}
	}
}

const pageOf = 7

// forward walks the list from its start and returns its ids; between is called
// after each page. Pages are checked against all ids, unless that is nil.
func (a *api) forward(t *testing.T, l list, all []string, between func(page int)) []string {
	t.Helper()
	var got []string
	var after any
	for page := 0; ; page++ {
		c := collectConnection(a.data(t, l.as, l.query(), map[string]any{"first": pageOf, "after": after}))
		ids := checkPage(t, c)
		got = append(got, ids...)
		if all != nil {
			checkPlace(t, c, len(got) < len(all), page > 0, len(all))
		}
		if at(c, "pageInfo", "hasNextPage") != true || page > len(all)+1000 {
			return got
		}
		after = at(c, "pageInfo", "endCursor")
		if between != nil {
			between(page)
		}
	}
}

// backward walks the list from its end.
func (a *api) backward(t *testing.T, l list, all []string) []string {
	t.Helper()
	var got []string
	var before any
	for page := 0; ; page++ {
		c := collectConnection(a.data(t, l.as, l.query(), map[string]any{"last": pageOf, "before": before}))
		got = append(checkPage(t, c), got...)
		checkPlace(t, c, page > 0, len(got) < len(all), len(all))
		if at(c, "pageInfo", "hasPreviousPage") != true || page > len(all) {
			return got
		}
		before = at(c, "pageInfo", "startCursor")
	}
}

// checkPage checks a page by itself and returns its ids.
func checkPage(t *testing.T, c map[string]any) []string {
	t.Helper()
	edges, _ := c["edges"].([]any)
	ids := make([]string, len(edges))
	for i := range edges {
		ids[i] = fmt.Sprint(at(edges, i, "node", "id"))
	}
	if nodes := each(c["nodes"], "id"); !slices.Equal(nodes, ids) {
		t.Errorf("nodes %v, but edges %v", nodes, ids)
	}
	if len(ids) > pageOf {
		t.Errorf("%d rows, asked for %d", len(ids), pageOf)
	}
	if n := len(edges); n > 0 {
		if start, end := at(c, "pageInfo", "startCursor"), at(c, "pageInfo", "endCursor"); start != at(edges, 0, "cursor") || end != at(edges, n-1, "cursor") {
			t.Errorf("the cursors of pageInfo are not those of the first and the last edge")
		}
	}
	return ids
}

func checkPlace(t *testing.T, c map[string]any, next, previous bool, total int) {
	t.Helper()
	info := c["pageInfo"]
	if at(info, "hasNextPage") != next || at(info, "hasPreviousPage") != previous {
		t.Errorf("pageInfo %v, want hasNextPage %v and hasPreviousPage %v", info, next, previous)
	}
	if c["totalCount"] != float64(total) {
		t.Errorf("totalCount %v, want %d", c["totalCount"], total)
	}
}

// courseOrders are the orders of courses by the contract; without one, the
// newest come first.
var courseOrders = map[string]string{
	"":                                      "published_at DESC, id DESC",
	"{field: PUBLISHED_AT}":                 "published_at DESC, id DESC",
	"{field: PUBLISHED_AT, direction: ASC}": "published_at, id",
	"{field: TITLE, direction: ASC}":        "title, id",
	"{field: TITLE, direction: DESC}":       "title DESC, id DESC",
	"{field: PRICE, direction: ASC}":        "price, id",
	"{field: PRICE, direction: DESC}":       "price DESC, id DESC",
	"{field: RATING, direction: ASC}":       "coalesce(rating_average, 0), id",
	"{field: RATING, direction: DESC}":      "coalesce(rating_average, 0) DESC, id DESC",
	"{field: ENROLLMENTS, direction: ASC}":  "enrollment_count, id",
	"{field: ENROLLMENTS, direction: DESC}": "enrollment_count DESC, id DESC",
}

// enrollmentOrders are those of a user's enrollments.
var enrollmentOrders = map[string]string{
	"": "coalesce(last_accessed_at, enrolled_at) DESC, id DESC",
	"{field: LAST_ACCESSED_AT, direction: ASC}": "coalesce(last_accessed_at, enrolled_at), id",
	"{field: ENROLLED_AT, direction: ASC}":      "enrolled_at, id",
	"{field: ENROLLED_AT}":                      "enrolled_at DESC, id DESC",
	"{field: PROGRESS, direction: ASC}":         "progress, id",
	"{field: PROGRESS}":                         "progress DESC, id DESC",
}

// statuses are the states of an enrollment by the contract.
var statuses = map[string]string{
	"":            "true",
	"COMPLETED":   "(completed_at IS NOT NULL OR progress = 100)",
	"IN_PROGRESS": "completed_at IS NULL AND progress > 0 AND progress < 100",
	"NOT_STARTED": "completed_at IS NULL AND progress = 0",
}

func argument(name, value string) string {
	if value == "" {
		return ""
	}
	return ", " + name + ": " + value
}

func allLists(t *testing.T, a *api) []list {
	t.Helper()
	var lists []list
	category := one[int64](t, a, "SELECT id FROM categories ORDER BY course_count DESC, id LIMIT 1")
	for order, sql := range courseOrders {
		by := argument("orderBy", order)
		lists = append(lists,
			list{"courses" + by, anonymous, "courses(PAGE" + by + ") ROWS", edu.KindCourse, "SELECT id FROM courses WHERE published ORDER BY " + sql, nil},
			list{
				"category" + by, anonymous, fmt.Sprintf("category(id: %q) { courses(PAGE%s) ROWS }", id(edu.KindCategory, category), by), edu.KindCourse,
				"SELECT id FROM courses WHERE published AND category_id = $1 ORDER BY " + sql,
				[]any{category},
			})
	}
	for order, sql := range enrollmentOrders {
		for status, where := range statuses {
			rest := argument("orderBy", order) + argument("status", status)
			lists = append(lists, list{
				"enrollments of a user" + rest, student, "viewer { enrollments(PAGE" + rest + ") ROWS }", edu.KindEnrollment,
				"SELECT id FROM enrollments WHERE user_id = 1 AND " + where + " ORDER BY " + sql, nil,
			})
		}
	}
	const taken = "(SELECT id FROM courses WHERE instructor_id = 2 AND published ORDER BY id LIMIT 1)"
	course := fmt.Sprintf("course(id: %q)", a.ids(t, edu.KindCourse, "SELECT "+taken)[0])
	taught := fmt.Sprintf("user(id: %q) { coursesTaught(PAGE) ROWS }", id(edu.KindUser, 2))
	const drafts = "SELECT id FROM courses WHERE instructor_id = 2 ORDER BY published_at DESC NULLS FIRST, id DESC"
	return append(lists,
		list{"videos", anonymous, course + " { videos(PAGE) ROWS }", edu.KindVideo, "SELECT id FROM videos WHERE course_id = " + taken + " ORDER BY position", nil},
		list{"reviews", anonymous, course + " { reviews(PAGE) ROWS }", edu.KindReview, "SELECT id FROM reviews WHERE course_id = " + taken + " ORDER BY created_at DESC, id DESC", nil},
		list{"enrollments of a course", instructor, course + " { enrollments(PAGE) ROWS }", edu.KindEnrollment, "SELECT id FROM enrollments WHERE course_id = " + taken + " ORDER BY enrolled_at DESC, id DESC", nil},
		list{"taught, to others", student, taught, edu.KindCourse, "SELECT id FROM courses WHERE published AND instructor_id = 2 ORDER BY published_at DESC, id DESC", nil},
		list{"taught, to the instructor", instructor, taught, edu.KindCourse, drafts, nil},
		list{"taught, to an admin", admin, taught, edu.KindCourse, drafts, nil},
	)
}

// Rows that come and go between two pages neither repeat nor hide a row that was
// there all along.
func TestPagingIsStable(t *testing.T) {
	t.Parallel()
	a := setup(t, testdb.NewWithDemo(t))
	l := list{as: anonymous, field: "courses(PAGE) ROWS", kind: edu.KindCourse}
	before := a.ids(t, l.kind, "SELECT id FROM courses WHERE published ORDER BY published_at DESC, id DESC")
	gone := map[string]bool{}
	got := a.forward(t, l, nil, func(page int) {
		a.exec(t, `INSERT INTO courses (slug, title, difficulty, published, published_at, instructor_id, category_id)
			VALUES ($1, 'New', 'beginner', true, now(), 2, 1)`, fmt.Sprint("new-", page))
		// The row that the next page would start after, and one far ahead.
		for _, i := range []int{page*pageOf + pageOf - 1, len(before) - 1 - page} {
			if i > 0 && i < len(before) && !gone[before[i]] {
				a.exec(t, "UPDATE courses SET published = false WHERE id = $1", keyOf(t, before[i]))
				gone[before[i]] = true
			}
		}
	})
	seen := map[string]int{}
	for _, id := range got {
		seen[id]++
		if seen[id] > 1 {
			t.Errorf("%s came twice", id)
		}
	}
	for _, id := range before {
		if !gone[id] && seen[id] == 0 {
			t.Errorf("%s was there all along and never came", id)
		}
	}
	if !slices.IsSortedFunc(got, func(x, y string) int { return slices.Index(before, x) - slices.Index(before, y) }) {
		t.Error("the rows came out of order")
	}
}

func TestFilters(t *testing.T) {
	t.Parallel()
	a := setup(t, testdb.NewWithDemo(t))
	a.exec(t, "DELETE FROM reviews WHERE course_id % 4 = 0; UPDATE courses SET price = 0 WHERE id % 7 = 0")
	type filter struct{ text, sql string }
	filters := []filter{
		{"categoryId: " + fmt.Sprintf("%q", id(edu.KindCategory, 2)), "category_id = 2"},
		{"difficulty: BEGINNER", "difficulty = 'beginner'"},
		{"difficulty: INTERMEDIATE", "difficulty = 'intermediate'"},
		{"difficulty: ADVANCED", "difficulty = 'advanced'"},
		{"price: FREE", "price = 0"},
		{"price: PAID", "price <> 0"},
		{"instructorId: " + fmt.Sprintf("%q", id(edu.KindUser, 2)), "instructor_id = 2"},
		{"minRating: 4.5", "(SELECT avg(rating) FROM reviews WHERE course_id = courses.id) >= 4.5"},
		{"minRating: 0", "true"},
		{"maxDurationSeconds: 9000", "duration_seconds <= 9000"},
		{`tags: ["web"]`, "'web' = ANY (tags)"},
		{`tags: ["web", "frontend"]`, "'web' = ANY (tags) AND 'frontend' = ANY (tags)"},
		{`tags: []`, "true"},
		{`tags: ["no such tag"]`, "false"},
		{"difficulty: null, tags: null, categoryId: null", "true"},
		{`difficulty: BEGINNER, price: PAID, maxDurationSeconds: 12000, minRating: 4`, "difficulty = 'beginner' AND price > 0 AND duration_seconds <= 12000 AND coalesce(rating_average, 0) >= 4"},
	}
	for _, f := range filters {
		t.Run(f.text, func(t *testing.T) {
			want := a.ids(t, edu.KindCourse, "SELECT id FROM courses WHERE published AND "+f.sql+" ORDER BY published_at DESC, id DESC")
			l := list{as: anonymous, field: "courses(PAGE, filter: {" + f.text + "}) ROWS"}
			if diff := cmp.Diff(want, a.forward(t, l, want, nil), equalEmpty); diff != "" {
				t.Errorf("courses (-want +got):\n%s", diff)
			}
			// The same filter of a search without words, which orders by id alone.
			slices.SortFunc(want, func(x, y string) int { return int(keyOf(t, y) - keyOf(t, x)) })
			c := collectConnection(a.data(t, anonymous, "{ searchCourses(first: 100, filter: {"+f.text+"}) { totalCount pageInfo { endCursor } nodes { id } } }", nil))
			if diff := cmp.Diff(want[:min(100, len(want))], each(c["nodes"], "id"), equalEmpty); diff != "" {
				t.Errorf("search (-want +got):\n%s", diff)
			}
			if c["totalCount"] != float64(len(want)) {
				t.Errorf("totalCount of the search %v, want %d", c["totalCount"], len(want))
			}
		})
	}
}

// equalEmpty takes no list for an empty one.
var equalEmpty = cmpopts.EquateEmpty()

func keyOf(t *testing.T, global string) int64 {
	t.Helper()
	parsed, err := edu.ParseID(global)
	if err != nil {
		t.Fatal(err)
	}
	return parsed.Key
}
