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

// The widest operation is what one plain statement builds of the same tables.
func TestBrowseTree(t *testing.T) {
	t.Parallel()
	a := setup(t, testdb.NewWithDemo(t))
	a.exec(t, inTies)
	const global = "translate(rtrim(encode((KIND || ':' || KEY)::bytea, 'base64'), '='), '+/', '-_')"
	gid := func(kind, key string) string {
		return strings.NewReplacer("KIND", "'"+kind+"'", "KEY", key).Replace(global)
	}
	want := one[string](t, a, `SELECT jsonb_build_object('categories', jsonb_agg(jsonb_build_object(
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
		if diff := cmp.Diff(expected, a.data(t, as, operation(t, "browse-tree"), nil)); diff != "" {
			t.Errorf("%s (-want +got):\n%.3000s", name(as), diff)
		}
	}
}

// The same field under several names keeps its arguments apart.
func TestAliases(t *testing.T) {
	t.Parallel()
	a := setup(t, testdb.NewWithDemo(t))
	got := a.ask(t, anonymous, `{ categories { courseCount
		two: courses(first: 2) { nodes { id } }
		one: courses(first: 1) { totalCount nodes { id } }
		last: courses(last: 1) { nodes { id } }
		cheap: courses(first: 1, orderBy: { field: PRICE, direction: ASC }) { nodes { id description } }
		dear: courses(first: 1, orderBy: { field: PRICE }) { nodes { id } }
		again: courses(first: 1) { nodes { id description } } } }`, nil)
	if len(got.Errors) > 0 {
		t.Fatalf("answered %.500s", got.body)
	}
	if want := (cost{7, 2, 0}); got.cost != want {
		t.Errorf("cost %+v, want %+v", got.cost, want)
	}
	order := map[string]string{"last": "published_at, id", "cheap": "price, id", "dear": "price DESC, id DESC"}
	for i, k := range at(got.Data, "categories").([]any) {
		key := one[int64](t, a, "SELECT id FROM categories ORDER BY name, id OFFSET $1 LIMIT 1", i)
		for name, n := range map[string]int{"two": 2, "one": 1, "last": 1, "cheap": 1, "dear": 1, "again": 1} {
			by, ok := order[name]
			if !ok {
				by = "published_at DESC, id DESC"
			}
			want := a.ids(t, edu.KindCourse, "SELECT id FROM courses WHERE published AND category_id = $1 ORDER BY "+by+" LIMIT $2", key, n)
			if diff := cmp.Diff(want, each(at(k, name, "nodes"), "id")); diff != "" {
				t.Errorf("%s of category %d (-want +got):\n%s", name, key, diff)
			}
		}
		for _, name := range []string{"cheap", "again"} {
			if at(k, name, "nodes", 0, "description") == "" {
				t.Errorf("%s of category %d has an empty description", name, key)
			}
		}
		if at(k, "one", "totalCount") != at(k, "courseCount") {
			t.Errorf("totalCount %v of %v courses", at(k, "one", "totalCount"), at(k, "courseCount"))
		}
	}
}

// A course that is reached by several paths, with its texts and without, has
// them wherever they are asked for.
func TestLeanAndFullRows(t *testing.T) {
	t.Parallel()
	a := setup(t, testdb.NewWithDemo(t))
	a.exec(t, "SELECT refresh_related(ARRAY(SELECT id FROM courses))")
	course := id(edu.KindCourse, 24)
	got := a.data(t, student, fmt.Sprintf(`query($lean: [ID!]!, $yes: Boolean = true, $no: Boolean = false) {
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
	fragment CourseTexts on Course { description tags }`, course), map[string]any{"lean": []string{course, id(edu.KindCourse, 1), course}})
	n := 0
	walkAll(got, "", func(path string, v any) {
		if name := path[strings.LastIndex(path, ".")+1:]; name == "description" || name == "body" || name == "tags" {
			n++
			if list, ok := v.([]any); v == "" || ok && len(list) == 0 {
				t.Errorf("%s is empty", path)
			}
		}
	})
	if n < 100 {
		t.Errorf("only %d texts were answered: the query proves little", n)
	}
	if _, ok := at(got, "skipped").(map[string]any)["description"]; ok {
		t.Error("what is skipped was answered")
	}
}

func walkAll(v any, path string, visit func(string, any)) {
	visit(path, v)
	switch v := v.(type) {
	case map[string]any:
		for name, below := range v {
			walkAll(below, path+"."+name, visit)
		}
	case []any:
		for _, below := range v {
			walkAll(below, path, visit)
		}
	}
}

// Depth costs a round trip a level and no wait, whatever the width.
func TestDeepQuery(t *testing.T) {
	t.Parallel()
	a := setup(t, testdb.NewWithDemo(t))
	const query = `{ category(slug: "web-development") { courses(first: SIZE) { nodes { title instructor { name
		coursesTaught(first: SIZE) { totalCount nodes { slug category { name } reviews(first: SIZE) { totalCount nodes { rating author { name coursesTaught(first: 1) { totalCount } } } } } } } } } } }`
	for _, size := range []string{"2", "20"} {
		got := a.ask(t, anonymous, strings.ReplaceAll(query, "SIZE", size), nil)
		if want := (cost{9, 5, 0}); got.cost != want || len(got.Errors) > 0 {
			t.Errorf("pages of %s cost %+v, want %+v; errors %v", size, got.cost, want, got.Errors)
		}
		walkAll(got.Data, "", func(path string, v any) {
			if v == nil {
				t.Errorf("%s is null", path)
			}
		})
	}
}

// Reading ahead knows every edge: one that it did not know would wait for keys,
// one parent after the other.
func TestEveryEdgeIsPlanned(t *testing.T) {
	t.Parallel()
	a := setup(t, testdb.NewWithDemo(t))
	got := a.ask(t, student, `{ viewer { enrollments(first: 50) { nodes { course { videos(first: 50) { nodes { viewerProgress { video { course { title } } } } } } } } } }`, nil)
	if want := (cost{6, 5, 0}); got.cost != want || len(got.Errors) > 0 {
		t.Errorf("cost %+v, want %+v; errors %v", got.cost, want, got.Errors)
	}
}

// The same thing by the same id, many times and under many roots, is read once.
func TestSharedReads(t *testing.T) {
	t.Parallel()
	a := setup(t, testdb.NewWithDemo(t))
	course := id(edu.KindCourse, 24)
	got := a.ask(t, anonymous, fmt.Sprintf(`{ nodes(ids: [%s]) { id ... on Course { instructor { name } category { name } } } }`, strings.Repeat(fmt.Sprintf("%q,", course), 100)), nil)
	if want := (cost{3, 2, 0}); got.cost != want || len(got.Errors) > 0 {
		t.Errorf("cost %+v, want %+v; errors %v", got.cost, want, got.Errors)
	}
}
