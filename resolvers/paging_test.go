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

// connectionCase is a connection and a plain SQL statement that returns the keys of its rows.
type connectionCase struct {
	name  string
	as    edu.Viewer
	query string // from the root to the connection; PAGE stands for the arguments of the page, ROWS for the selection
	kind  edu.Kind
	sql   string // the keys in order
	args  []any
}

const (
	pageArguments = "first: $first, after: $after, last: $last, before: $before"
	pageRows      = "{ totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor node { id } } nodes { id } }"
)

// document returns the whole query, with variables for the arguments of the page.
func (l connectionCase) document() string {
	q := strings.NewReplacer("PAGE", pageArguments, "ROWS", pageRows).Replace(l.query)
	return "query($first: Int, $after: String, $last: Int, $before: String) { " + q + " }"
}

// findConnection returns the only connection in decoded JSON.
func findConnection(v any) map[string]any {
	m, _ := v.(map[string]any)
	if m["pageInfo"] != nil {
		return m
	}
	for _, below := range m {
		if c := findConnection(below); c != nil {
			return c
		}
	}
	return nil
}

// createTies makes many rows equal in the values that they are sorted by, so that their ids decide.
const createTies = `
	UPDATE courses SET published_at = date_trunc('month', published_at), price = round(price / 40) * 40;
	UPDATE courses SET title = 'Same title' WHERE id % 5 = 0;
	UPDATE enrollments SET enrolled_at = date_trunc('week', enrolled_at), last_accessed_at = date_trunc('week', last_accessed_at);
	UPDATE enrollments SET last_accessed_at = NULL WHERE id % 3 = 0;
	UPDATE reviews SET created_at = date_trunc('month', created_at);
	DELETE FROM reviews WHERE course_id % 4 = 0;
	UPDATE courses SET published = false WHERE id IN (SELECT id FROM courses WHERE instructor_id = 2 AND published ORDER BY id DESC LIMIT 3)`

func TestPaging(t *testing.T) {
	t.Parallel()
	a := setup(t, testdb.NewWithDemo(t))
	a.exec(t, createTies)
	for _, l := range allConnections(t, a) {
		t.Run(l.name, func(t *testing.T) {
			want := a.queryIDs(t, l.kind, l.sql, l.args...)
			if len(want) < 2 {
				t.Fatalf("the list has %d rows, too few to prove anything", len(want))
			}
			if diff := cmp.Diff(want, a.pageForward(t, l, want, nil)); diff != "" {
				t.Errorf("forward (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(want, a.pageBackward(t, l, want)); diff != "" {
				t.Errorf("backward (-want +got):\n%s", diff)
			}
		})
	}
}

// TestEmptyPageHasNoCursors checks that a page without rows has no cursors, but the total count of the list.
func TestEmptyPageHasNoCursors(t *testing.T) {
	t.Parallel()
	a := setup(t, testdb.NewWithDemo(t))
	a.exec(t, createTies) // which also archives courses
	for _, l := range allConnections(t, a) {
		c := findConnection(a.mustExecute(t, l.as, l.document(), map[string]any{"first": 0}))
		if len(c["edges"].([]any)) > 0 || len(c["nodes"].([]any)) > 0 || valueAt(c, "pageInfo", "startCursor") != nil || valueAt(c, "pageInfo", "endCursor") != nil || c["totalCount"] == 0.0 {
			t.Errorf("%s: %v", l.name, c)
		}
	}
}

const testPageSize = 7

// pageForward reads the list page by page from its start and returns its ids. It calls afterPage after each
// page. Pages are checked against all, the ids of the whole list, unless all is nil.
func (a *testAPI) pageForward(t *testing.T, l connectionCase, all []string, afterPage func(page int)) []string {
	t.Helper()
	var got []string
	var after any
	for page := 0; ; page++ {
		c := findConnection(a.mustExecute(t, l.as, l.document(), map[string]any{"first": testPageSize, "after": after}))
		ids := checkPage(t, c)
		got = append(got, ids...)
		if all != nil {
			checkPageInfo(t, c, len(got) < len(all), page > 0, len(all))
		}
		if valueAt(c, "pageInfo", "hasNextPage") != true || page > len(all)+1000 {
			return got
		}
		after = valueAt(c, "pageInfo", "endCursor")
		if afterPage != nil {
			afterPage(page)
		}
	}
}

// pageBackward reads the list page by page from its end and returns its ids. Pages are checked against all.
func (a *testAPI) pageBackward(t *testing.T, l connectionCase, all []string) []string {
	t.Helper()
	var got []string
	var before any
	for page := 0; ; page++ {
		c := findConnection(a.mustExecute(t, l.as, l.document(), map[string]any{"last": testPageSize, "before": before}))
		got = append(checkPage(t, c), got...)
		checkPageInfo(t, c, page > 0, len(got) < len(all), len(all))
		if valueAt(c, "pageInfo", "hasPreviousPage") != true || page > len(all) {
			return got
		}
		before = valueAt(c, "pageInfo", "startCursor")
	}
}

// checkPage checks that the parts of a page agree and returns its ids.
func checkPage(t *testing.T, c map[string]any) []string {
	t.Helper()
	edges, _ := c["edges"].([]any)
	ids := make([]string, len(edges))
	for i := range edges {
		ids[i] = fmt.Sprint(valueAt(edges, i, "node", "id"))
	}
	if nodes := fieldValues(c["nodes"], "id"); !slices.Equal(nodes, ids) {
		t.Errorf("nodes %v, want those of the edges, %v", nodes, ids)
	}
	if len(ids) > testPageSize {
		t.Errorf("%d rows, want at most %d", len(ids), testPageSize)
	}
	if n := len(edges); n > 0 {
		if start, end := valueAt(c, "pageInfo", "startCursor"), valueAt(c, "pageInfo", "endCursor"); start != valueAt(edges, 0, "cursor") || end != valueAt(edges, n-1, "cursor") {
			t.Errorf("the cursors of pageInfo are not those of the first and the last edge")
		}
	}
	return ids
}

// checkPageInfo checks the position and the total count of a page.
func checkPageInfo(t *testing.T, c map[string]any, next, previous bool, total int) {
	t.Helper()
	info := c["pageInfo"]
	if valueAt(info, "hasNextPage") != next || valueAt(info, "hasPreviousPage") != previous {
		t.Errorf("pageInfo %v, want hasNextPage %v and hasPreviousPage %v", info, next, previous)
	}
	if c["totalCount"] != float64(total) {
		t.Errorf("totalCount %v, want %d", c["totalCount"], total)
	}
}

// courseOrderSQL maps each order of courses to the contract's definition of it. Without an order, the
// newest come first.
var courseOrderSQL = map[string]string{
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

// enrollmentOrderSQL maps each order of a user's enrollments to the contract's definition of it.
var enrollmentOrderSQL = map[string]string{
	"": "coalesce(last_accessed_at, enrolled_at) DESC, id DESC",
	"{field: LAST_ACCESSED_AT, direction: ASC}": "coalesce(last_accessed_at, enrolled_at), id",
	"{field: ENROLLED_AT, direction: ASC}":      "enrolled_at, id",
	"{field: ENROLLED_AT}":                      "enrolled_at DESC, id DESC",
	"{field: PROGRESS, direction: ASC}":         "progress, id",
	"{field: PROGRESS}":                         "progress DESC, id DESC",
}

// statusSQL maps each status of an enrollment to the contract's definition of it.
var statusSQL = map[string]string{
	"":            "true",
	"COMPLETED":   "(completed_at IS NOT NULL OR progress = 100)",
	"IN_PROGRESS": "completed_at IS NULL AND progress > 0 AND progress < 100",
	"NOT_STARTED": "completed_at IS NULL AND progress = 0",
}

// extraArgument returns an argument to append to others, "" for an empty value.
func extraArgument(name, value string) string {
	if value == "" {
		return ""
	}
	return ", " + name + ": " + value
}

// allConnections returns all connections in all their orders and filters.
func allConnections(t *testing.T, a *testAPI) []connectionCase {
	t.Helper()
	var lists []connectionCase
	category := queryOne[int64](t, a, "SELECT id FROM categories ORDER BY course_count DESC, id LIMIT 1")
	for order, sql := range courseOrderSQL {
		by := extraArgument("orderBy", order)
		lists = append(lists,
			connectionCase{"courses" + by, anonymous, "courses(PAGE" + by + ") ROWS", edu.KindCourse, "SELECT id FROM courses WHERE published ORDER BY " + sql, nil},
			connectionCase{
				"category" + by, anonymous, fmt.Sprintf("category(id: %q) { courses(PAGE%s) ROWS }", globalID(edu.KindCategory, category), by), edu.KindCourse,
				"SELECT id FROM courses WHERE published AND category_id = $1 ORDER BY " + sql,
				[]any{category},
			})
	}
	for order, sql := range enrollmentOrderSQL {
		for status, where := range statusSQL {
			rest := extraArgument("orderBy", order) + extraArgument("status", status)
			lists = append(lists, connectionCase{
				"enrollments of a user" + rest, student, "viewer { enrollments(PAGE" + rest + ") ROWS }", edu.KindEnrollment,
				"SELECT id FROM enrollments WHERE user_id = 1 AND " + where + " ORDER BY " + sql, nil,
			})
		}
	}
	const firstCourse = "(SELECT id FROM courses WHERE instructor_id = 2 AND published ORDER BY id LIMIT 1)"
	course := fmt.Sprintf("course(id: %q)", a.queryIDs(t, edu.KindCourse, "SELECT "+firstCourse)[0])
	taught := fmt.Sprintf("user(id: %q) { coursesTaught(PAGE) ROWS }", globalID(edu.KindUser, 2))
	const drafts = "SELECT id FROM courses WHERE instructor_id = 2 ORDER BY published_at DESC NULLS FIRST, id DESC"
	for order, sql := range courseOrderSQL {
		for status, where := range map[string]string{"": "true", "PUBLISHED": "published", "DRAFT": "published_at IS NULL", "ARCHIVED": "published_at IS NOT NULL AND NOT published"} {
			rest := extraArgument("orderBy", order) + extraArgument("status", status)
			lists = append(lists, connectionCase{
				"coursesTaught" + rest, instructor, strings.Replace(taught, "PAGE", "PAGE"+rest, 1), edu.KindCourse,
				"SELECT id FROM courses WHERE instructor_id = 2 AND " + where + " ORDER BY " + strings.ReplaceAll(sql, "published_at", "coalesce(published_at, '9999-12-31')"), nil,
			})
		}
	}
	for order, sql := range map[string]string{
		"{field: RATING}": "rating DESC, id DESC", "{field: RATING, direction: ASC}": "rating, id",
		"{field: CREATED_AT, direction: ASC}": "created_at, id", "": "created_at DESC, id DESC",
	} {
		for rating, where := range map[string]string{"": "true", "4": "rating = 4"} {
			rest := extraArgument("orderBy", order) + extraArgument("rating", rating)
			lists = append(lists, connectionCase{
				"reviews" + rest, anonymous, course + " { reviews(PAGE" + rest + ") ROWS }", edu.KindReview,
				"SELECT id FROM reviews WHERE course_id = " + firstCourse + " AND " + where + " ORDER BY " + sql, nil,
			})
		}
	}
	return append(lists,
		connectionCase{"videos", anonymous, course + " { videos(PAGE) ROWS }", edu.KindVideo, "SELECT id FROM videos WHERE course_id = " + firstCourse + " ORDER BY position", nil},
		connectionCase{"certificates", student, "viewer { certificates(PAGE) ROWS }", edu.KindCertificate, "SELECT id FROM certificates WHERE user_id = 1 ORDER BY issued_at DESC, id DESC", nil},
		connectionCase{"enrollments of a course", instructor, course + " { enrollments(PAGE) ROWS }", edu.KindEnrollment, "SELECT id FROM enrollments WHERE course_id = " + firstCourse + " ORDER BY enrolled_at DESC, id DESC", nil},
		connectionCase{"coursesTaught for others", student, taught, edu.KindCourse, "SELECT id FROM courses WHERE published AND instructor_id = 2 ORDER BY published_at DESC, id DESC", nil},
		connectionCase{"coursesTaught for the instructor", instructor, taught, edu.KindCourse, drafts, nil},
		connectionCase{"coursesTaught for an admin", admin, taught, edu.KindCourse, drafts, nil},
	)
}

// TestPagingDuringWrites checks that rows which are added or removed between two pages neither repeat nor
// hide a row that exists all the time.
func TestPagingDuringWrites(t *testing.T) {
	t.Parallel()
	a := setup(t, testdb.NewWithDemo(t))
	l := connectionCase{as: anonymous, query: "courses(PAGE) ROWS", kind: edu.KindCourse}
	before := a.queryIDs(t, l.kind, "SELECT id FROM courses WHERE published ORDER BY published_at DESC, id DESC")
	removed := map[string]bool{}
	got := a.pageForward(t, l, nil, func(page int) {
		a.exec(t, `INSERT INTO courses (slug, title, difficulty, published, published_at, instructor_id, category_id)
			VALUES ($1, 'New', 'beginner', true, now(), 2, 1)`, fmt.Sprint("new-", page))
		// Unpublish the row that the next page starts after, and one from the end of the list.
		for _, i := range []int{page*testPageSize + testPageSize - 1, len(before) - 1 - page} {
			if i > 0 && i < len(before) && !removed[before[i]] {
				a.exec(t, "UPDATE courses SET published = false WHERE id = $1", keyOfID(t, before[i]))
				removed[before[i]] = true
			}
		}
	})
	seen := map[string]int{}
	for _, id := range got {
		seen[id]++
		if seen[id] > 1 {
			t.Errorf("%s was returned twice", id)
		}
	}
	for _, id := range before {
		if !removed[id] && seen[id] == 0 {
			t.Errorf("%s existed all the time and was not returned", id)
		}
	}
	if !slices.IsSortedFunc(got, func(x, y string) int { return slices.Index(before, x) - slices.Index(before, y) }) {
		t.Error("the rows are not in order")
	}
}

func TestFilters(t *testing.T) {
	t.Parallel()
	a := setup(t, testdb.NewWithDemo(t))
	a.exec(t, "DELETE FROM reviews WHERE course_id % 4 = 0; UPDATE courses SET price = 0 WHERE id % 7 = 0")
	type filter struct{ text, sql string }
	filters := []filter{
		{"categoryId: " + fmt.Sprintf("%q", globalID(edu.KindCategory, 2)), "category_id = 2"},
		{"difficulty: BEGINNER", "difficulty = 'beginner'"},
		{"difficulty: INTERMEDIATE", "difficulty = 'intermediate'"},
		{"difficulty: ADVANCED", "difficulty = 'advanced'"},
		{"price: FREE", "price = 0"},
		{"price: PAID", "price <> 0"},
		{"instructorId: " + fmt.Sprintf("%q", globalID(edu.KindUser, 2)), "instructor_id = 2"},
		{"minRating: 4.5", "(SELECT avg(rating) FROM reviews WHERE course_id = courses.id) >= 4.5"},
		{"minRating: 0", "true"},
		{"maxDurationSeconds: 9000", "duration_seconds <= 9000"},
		{`tags: ["web"]`, "'web' = ANY (tags)"},
		{`tags: ["web", "frontend"]`, "'web' = ANY (tags) AND 'frontend' = ANY (tags)"},
		{`tags: []`, "true"},
		{`tags: ["unknown tag"]`, "false"},
		{"difficulty: null, tags: null, categoryId: null", "true"},
		{`difficulty: BEGINNER, price: PAID, maxDurationSeconds: 12000, minRating: 4`, "difficulty = 'beginner' AND price > 0 AND duration_seconds <= 12000 AND coalesce(rating_average, 0) >= 4"},
	}
	for _, f := range filters {
		t.Run(f.text, func(t *testing.T) {
			want := a.queryIDs(t, edu.KindCourse, "SELECT id FROM courses WHERE published AND "+f.sql+" ORDER BY published_at DESC, id DESC")
			l := connectionCase{as: anonymous, query: "courses(PAGE, filter: {" + f.text + "}) ROWS"}
			if diff := cmp.Diff(want, a.pageForward(t, l, want, nil), equalEmpty); diff != "" {
				t.Errorf("courses (-want +got):\n%s", diff)
			}
			// The same filter in a search without words, which is sorted by id only.
			slices.SortFunc(want, func(x, y string) int { return int(keyOfID(t, y) - keyOfID(t, x)) })
			c := findConnection(a.mustExecute(t, anonymous, "{ searchCourses(first: 100, filter: {"+f.text+"}) { totalCount pageInfo { endCursor } nodes { id } } }", nil))
			if diff := cmp.Diff(want[:min(100, len(want))], fieldValues(c["nodes"], "id"), equalEmpty); diff != "" {
				t.Errorf("search (-want +got):\n%s", diff)
			}
			if c["totalCount"] != float64(len(want)) {
				t.Errorf("totalCount of the search %v, want %d", c["totalCount"], len(want))
			}
		})
	}
}

// equalEmpty treats a nil list as equal to an empty one.
var equalEmpty = cmpopts.EquateEmpty()

// keyOfID returns the key of a global id.
func keyOfID(t *testing.T, global string) int64 {
	t.Helper()
	parsed, err := edu.ParseID(global)
	if err != nil {
		t.Fatal(err)
	}
	return parsed.Key
}
