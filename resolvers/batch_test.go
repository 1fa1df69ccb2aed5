package resolvers_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/testdb"
)

// TestBrowseTree compares the widest operation with the result of one plain SQL statement on the same tables.
func TestBrowseTree(t *testing.T) {
	t.Parallel()
	a := setup(t, testdb.NewWithDemo(t))
	a.exec(t, createTies)
	const global = "translate(rtrim(encode((KIND || ':' || KEY)::bytea, 'base64'), '='), '+/', '-_')"
	gid := func(kind, key string) string {
		return strings.NewReplacer("KIND", "'"+kind+"'", "KEY", key).Replace(global)
	}
	want := queryOne[string](t, a, `SELECT jsonb_build_object('categories', jsonb_agg(jsonb_build_object(
		'id', `+gid("Category", "k.id")+`, 'name', k.name,
		'courseCount', (SELECT count(*) FROM courses WHERE published AND category_id = k.id),
		'courses', jsonb_build_object('nodes', coalesce((SELECT jsonb_agg(jsonb_build_object(
			'id', `+gid("Course", "c.id")+`, 'title', c.title, 'rating', c.rating_average,
			'instructor', (SELECT jsonb_build_object('id', `+gid("User", "u.id")+`, 'name', u.name) FROM users u WHERE u.id = c.instructor_id),
			'reviews', jsonb_build_object('nodes', coalesce((SELECT jsonb_agg(jsonb_build_object('rating', r.rating, 'author',
				(SELECT jsonb_build_object('id', `+gid("User", "u.id")+`, 'name', u.name) FROM users u WHERE u.id = r.user_id)) ORDER BY r.created_at DESC, r.id DESC)
				FROM (SELECT * FROM reviews WHERE course_id = c.id ORDER BY created_at DESC, id DESC LIMIT 3) r), '[]'))) ORDER BY c.published_at DESC, c.id DESC)
			FROM (SELECT * FROM courses WHERE published AND category_id = k.id ORDER BY published_at DESC, id DESC LIMIT 10) c), '[]'))) ORDER BY k.name, k.id))::text
		FROM categories k`)
	for _, as := range []edu.Viewer{anonymous, student} {
		var expected map[string]any
		if err := json.Unmarshal([]byte(want), &expected); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(expected, a.mustExecute(t, as, readOperation(t, "browse-tree"), nil)); diff != "" {
			t.Errorf("%s (-want +got):\n%.3000s", viewerName(as), diff)
		}
	}
}

// TestAliasesKeepArgumentsApart checks that a field under several aliases uses the arguments of each.
func TestAliasesKeepArgumentsApart(t *testing.T) {
	t.Parallel()
	a := setup(t, testdb.NewWithDemo(t))
	got := a.execute(t, anonymous, `{ categories { courseCount
		two: courses(first: 2) { nodes { id } }
		one: courses(first: 1) { totalCount nodes { id } }
		last: courses(last: 1) { nodes { id } }
		cheap: courses(first: 1, orderBy: { field: PRICE, direction: ASC }) { nodes { id description } }
		expensive: courses(first: 1, orderBy: { field: PRICE }) { nodes { id } }
		again: courses(first: 1) { nodes { id description } } } }`, nil)
	if len(got.Errors) > 0 {
		t.Fatalf("response %.500s", got.body)
	}
	if want := (cost{7, 2, 0}); got.cost != want {
		t.Errorf("cost %+v, want %+v", got.cost, want)
	}
	order := map[string]string{"last": "published_at, id", "cheap": "price, id", "expensive": "price DESC, id DESC"}
	for i, k := range got.At("categories").([]any) {
		key := queryOne[int64](t, a, "SELECT id FROM categories ORDER BY name, id OFFSET $1 LIMIT 1", i)
		for name, n := range map[string]int{"two": 2, "one": 1, "last": 1, "cheap": 1, "expensive": 1, "again": 1} {
			by, ok := order[name]
			if !ok {
				by = "published_at DESC, id DESC"
			}
			want := a.queryIDs(t, edu.KindCourse, "SELECT id FROM courses WHERE published AND category_id = $1 ORDER BY "+by+" LIMIT $2", key, n)
			if diff := cmp.Diff(want, fieldValues(valueAt(k, name, "nodes"), "id")); diff != "" {
				t.Errorf("%s of category %d (-want +got):\n%s", name, key, diff)
			}
		}
		for _, name := range []string{"cheap", "again"} {
			if valueAt(k, name, "nodes", 0, "description") == "" {
				t.Errorf("%s of category %d has an empty description", name, key)
			}
		}
		if valueAt(k, "one", "totalCount") != valueAt(k, "courseCount") {
			t.Errorf("totalCount %v, want courseCount %v", valueAt(k, "one", "totalCount"), valueAt(k, "courseCount"))
		}
	}
}

// TestSameEntityWithDifferentColumns checks that a course which an operation reaches by several paths, with
// its texts selected on some of them, has its texts on all of these.
func TestSameEntityWithDifferentColumns(t *testing.T) {
	t.Parallel()
	a := setup(t, testdb.NewWithDemo(t))
	a.exec(t, "SELECT refresh_related(ARRAY(SELECT id FROM courses))")
	course := globalID(edu.KindCourse, 24)
	got := a.mustExecute(t, student, fmt.Sprintf(`query($lean: [ID!]!, $yes: Boolean = true, $no: Boolean = false) {
		lean: nodes(ids: $lean) { ... on Course { title } }
		full: nodes(ids: $lean) { ...Texts }
		skipped: course(id: %[1]q) { title description @skip(if: $yes) }
		included: course(id: %[1]q) { title description @include(if: $yes) }
		viaNode: node(id: %[1]q) { ... on Node { ... on Course { description tags @include(if: $yes) body: description @skip(if: $no) } } }
		loop: course(id: %[1]q) {
			title
			relatedCourses(first: 3) { title relatedCourses(first: 3) { description } }
			instructor { a: coursesTaught(first: 30) { nodes { title } } b: coursesTaught(first: 30) { edges { node { tags } } nodes { title } } }
			reviews(first: 2) { nodes { course { description } } edges { node { body course { title } } } }
			videos(first: 2) { nodes { course { title } } edges { node { course { tags description } } } }
			viewerEnrollment { course { description } again: course { title } }
		}
		viewer { enrollments(first: 50) { nodes { course { title } } edges { node { course { description } } } } }
		courses(first: 50) { nodes { title } edges { node { description } } }
	}
	fragment Texts on Node { id ...CourseTexts }
	fragment CourseTexts on Course { description tags }`, course), map[string]any{"lean": []string{course, globalID(edu.KindCourse, 1), course}})
	n := 0
	walkJSON(got, "", func(path string, v any) {
		if name := path[strings.LastIndex(path, ".")+1:]; name == "description" || name == "body" || name == "tags" {
			n++
			if list, ok := v.([]any); v == "" || ok && len(list) == 0 {
				t.Errorf("%s is empty", path)
			}
		}
	})
	if n < 100 {
		t.Errorf("the response has only %d texts, too few to prove anything", n)
	}
	if _, ok := valueAt(got, "skipped").(map[string]any)["description"]; ok {
		t.Error("the response has a skipped field")
	}
}

// walkJSON calls visit for each value of decoded JSON, with its path of names.
func walkJSON(v any, path string, visit func(string, any)) {
	visit(path, v)
	switch v := v.(type) {
	case map[string]any:
		for name, below := range v {
			walkJSON(below, path+"."+name, visit)
		}
	case []any:
		for _, below := range v {
			walkJSON(below, path, visit)
		}
	}
}

// TestDepthCostsOneRoundTripPerLevel checks that a query costs one round trip per level and no wait,
// regardless of its width.
func TestDepthCostsOneRoundTripPerLevel(t *testing.T) {
	t.Parallel()
	a := setup(t, testdb.NewWithDemo(t))
	const query = `{ category(slug: "web-development") { courses(first: SIZE) { nodes { title instructor { name
		coursesTaught(first: SIZE) { totalCount nodes { slug category { name } reviews(first: SIZE) { totalCount nodes { rating author { name coursesTaught(first: 1) { totalCount } } } } } } } } } } }`
	for _, size := range []string{"2", "20"} {
		got := a.execute(t, anonymous, strings.ReplaceAll(query, "SIZE", size), nil)
		if want := (cost{9, 5, 0}); got.cost != want || len(got.Errors) > 0 {
			t.Errorf("pages of %s cost %+v, want %+v; errors %v", size, got.cost, want, got.Errors)
		}
		walkJSON(got.At(), "", func(path string, v any) {
			if v == nil {
				t.Errorf("%s is null", path)
			}
		})
	}
}

// TestNestedEdgesArePrefetched checks a chain of edges with many rows on each level. An edge that is not
// prefetched waits for keys, one parent after the other.
func TestNestedEdgesArePrefetched(t *testing.T) {
	t.Parallel()
	a := setup(t, testdb.NewWithDemo(t))
	got := a.execute(t, student, `{ viewer { enrollments(first: 50) { nodes { course { videos(first: 50) { nodes { viewerProgress { video { course { title } } } } } } } } } }`, nil)
	if want := (cost{6, 5, 0}); got.cost != want || len(got.Errors) > 0 {
		t.Errorf("cost %+v, want %+v; errors %v", got.cost, want, got.Errors)
	}
}

// TestRepeatedIDsAreReadOnce checks that 100 equal ids cost as many statements as one.
func TestRepeatedIDsAreReadOnce(t *testing.T) {
	t.Parallel()
	a := setup(t, testdb.NewWithDemo(t))
	course := globalID(edu.KindCourse, 24)
	got := a.execute(t, anonymous, fmt.Sprintf(`{ nodes(ids: [%s]) { id ... on Course { instructor { name } category { name } } } }`, strings.Repeat(fmt.Sprintf("%q,", course), 100)), nil)
	if want := (cost{3, 2, 0}); got.cost != want || len(got.Errors) > 0 {
		t.Errorf("cost %+v, want %+v; errors %v", got.cost, want, got.Errors)
	}
}
