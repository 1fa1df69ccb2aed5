package resolvers_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/graph"
	"github.com/7p-education/api/internal/gql"
	"github.com/7p-education/api/internal/gql/limits"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

// TestFieldsArePrefetched selects every field of the schema that has a resolver, first alone and then with
// all fields of the objects that it returns. A loader that waits for keys proves that a field is not
// prefetched. The test finds fields by itself, so a new field cannot be forgotten; a new type needs a line
// in newPrefetchQueries.
func TestFieldsArePrefetched(t *testing.T) {
	t.Parallel()
	a, viewer := setupPrefetch(t)
	queries, selections := newPrefetchQueries(t, a, viewer), newSelectionBuilder(t)
	selectField := func(t *testing.T, typ string, f *ast.FieldDefinition, depth int) response {
		arguments, isRoot := queries.rootArguments[f.Name]
		if typ != "Query" && typ != "Subscription" || !isRoot {
			arguments = pageArgument(f)
		}
		query := strings.Replace(queries.parents[typ], "FIELD", "tested: "+f.Name+arguments+selections.allFields(f.Type.Name(), depth, false), 1)
		if typ == "Subscription" || typ == "CourseProgress" {
			return a.execute(t, viewer, "subscription { "+query+" }", nil)
		}
		return a.execute(t, viewer, "{ "+query+" }", nil)
	}
	eachField := func(depth int, check func(t *testing.T, name string, got response)) {
		for typ, fields := range selections.resolvers {
			if typ == "Mutation" { // see TestPayloadsArePrefetched
				continue
			}
			if queries.parents[typ] == "" {
				t.Errorf("the new type %s needs a line in newPrefetchQueries: a query that returns an object of it", typ)
				continue
			}
			for _, f := range fields {
				name := typ + "." + f.Name
				t.Run(fmt.Sprintf("%s depth %d", name, depth), func(t *testing.T) { check(t, name, selectField(t, typ, f, depth)) })
			}
		}
	}
	eachField(0, func(t *testing.T, name string, got response) {
		if checkNoErrors(t, got); got.cost.Waits > 0 {
			t.Errorf("%s is not prefetched: add its case to resolvers/prefetch_edges.go", name)
		}
		walkJSON(got.At(), "", func(path string, v any) {
			if list, isList := v.([]any); strings.HasSuffix(path, ".tested") && (v == nil || isList && len(list) == 0) {
				t.Errorf("%s is null or empty, which proves nothing: insert rows in setupPrefetch", name)
			}
		})
	})
	if t.Failed() { // each failure would repeat below
		return
	}
	eachField(1, func(t *testing.T, name string, got response) {
		if checkNoErrors(t, got); got.cost.Waits > 0 {
			t.Errorf("the fields below %s are not prefetched: walk its rows in resolvers/prefetch_edges.go, or in the resolver of a root field", name)
		}
	})
}

// prefetchQueries reach the fields that TestFieldsArePrefetched selects. The objects that they return have
// no null fields.
type prefetchQueries struct {
	// parents maps each type to a query that returns an object of it. FIELD stands for the selection on
	// the object.
	parents map[string]string
	// rootArguments maps fields of Query to their required arguments.
	rootArguments map[string]string
}

// newPrefetchQueries returns queries for the objects of setupPrefetch.
func newPrefetchQueries(t *testing.T, a *testAPI, viewer edu.Viewer) prefetchQueries {
	t.Helper()
	course := queryOne[int64](t, a, "SELECT min(id) FROM courses WHERE instructor_id = $1", viewer.ID)
	node := func(kind edu.Kind, sql string) string {
		return fmt.Sprintf("%q", globalID(kind, queryOne[int64](t, a, sql, course, viewer.ID)))
	}
	courseID, userID := fmt.Sprintf("%q", globalID(edu.KindCourse, course)), fmt.Sprintf("%q", globalID(edu.KindUser, viewer.ID))
	categoryID := node(edu.KindCategory, "SELECT category_id FROM courses WHERE id = $1 AND $2 > 0")
	videoID := node(edu.KindVideo, "SELECT min(v.id) FROM videos v JOIN video_progress p ON p.video_id = v.id WHERE v.course_id = $1 AND p.user_id = $2")
	enrollmentID := node(edu.KindEnrollment, "SELECT id FROM enrollments WHERE course_id = $1 AND user_id = $2")
	sectionID := node(edu.KindSection, "SELECT min(id) FROM sections WHERE course_id = $1 AND $2 > 0")
	reviewID := node(edu.KindReview, "SELECT min(id) FROM reviews WHERE course_id = $1 AND $2 > 0")
	parents := map[string]string{
		"Query":               "FIELD",
		"Subscription":        "FIELD",
		"CourseProgress":      "courseProgress(courseId: " + courseID + ") { FIELD }",
		"InstructorProfile":   "viewer { instructorProfile { FIELD } }",
		"WishlistItem":        "viewer { wishlist { nodes { FIELD } } }",
		"Certificate":         "viewer { certificates { nodes { FIELD } } }",
		"Category":            "category(id: " + categoryID + ") { FIELD }",
		"Course":              "course(id: " + courseID + ") { FIELD }",
		"Dashboard":           "viewer { dashboard { FIELD } }",
		"Enrollment":          "node(id: " + enrollmentID + ") { ... on Enrollment { FIELD } }",
		"InstructorDashboard": "instructorDashboard { FIELD }",
		"PlatformDashboard":   "platformDashboard { FIELD }",
		"Review":              "node(id: " + reviewID + ") { ... on Review { FIELD } }",
		"ReviewReply":         "node(id: " + reviewID + ") { ... on Review { reply { FIELD } } }",
		"User":                "user(id: " + userID + ") { FIELD }",
		"Section":             "node(id: " + sectionID + ") { ... on Section { FIELD } }",
		"Video":               "node(id: " + videoID + ") { ... on Video { FIELD } }",
		"VideoProgress":       "node(id: " + videoID + ") { ... on Video { viewerProgress { FIELD } } }",
	}
	rootArguments := map[string]string{
		"category": "(id: " + categoryID + ")", "course": "(id: " + courseID + ")", "user": "(id: " + userID + ")", "node": "(id: " + courseID + ")",
		"nodes":             "(ids: [" + strings.Join([]string{categoryID, courseID, userID, videoID, enrollmentID, reviewID, sectionID}, ", ") + "])",
		"searchSuggestions": `(prefix: "a")`, "suggest": `(prefix: "d", first: 20)`,
		"userBySlug": `(slug: "viewer")`, "certificate": "(code: \"" + certificateCode + "\")",
		"courseUpdated": "(id: " + courseID + ")", "courseProgress": "(courseId: " + courseID + ")", "enrollmentUpdated": "(id: " + enrollmentID + ")",
	}
	return prefetchQueries{parents, rootArguments}
}

// TestPayloadsArePrefetched executes every mutation with all fields of the objects in its payload, as the
// first viewer that it does not reject, and checks that no loader waits for keys. All viewers are admins,
// who may read every field.
func TestPayloadsArePrefetched(t *testing.T) {
	t.Parallel()
	a, selections := setupSessions(t, testdb.New(t)).testAPI, newSelectionBuilder(t)
	for i, m := range mutationCases {
		t.Run(m.mutation, func(t *testing.T) {
			payload := selections.schema.Mutation.Fields.ForName(m.mutation).Type.Name()
			document := strings.Replace(mutationDocument(m.mutation), "{ userErrors { code field } }", selections.allFields(payload, 1, false), 1)
			for j, column := range viewerColumns {
				s := insertFixture(t, a, fmt.Sprintf("-%d-%d", i, j))
				viewer := column.viewer(s.viewerSet)
				if viewer.SignedIn() {
					viewer.Role = edu.RoleAdmin
				}
				got := s.execute(t, viewer, document, m.arguments(t, s, s.course, s.video))
				if problems, _ := got.At(m.mutation, "userErrors").([]any); len(got.Errors) == 0 && len(problems) == 0 {
					if got.cost.Waits > 0 {
						t.Errorf("the fields below the payload of %s are not prefetched: walk its selection in the resolver, or see TestFieldsArePrefetched", m.mutation)
					}
					return
				}
			}
			t.Error("every viewer is rejected")
		})
	}
}

// checkNoErrors checks that a response has no errors.
func checkNoErrors(t *testing.T, got response) {
	t.Helper()
	if len(got.Errors) > 0 {
		t.Fatalf("response %.1000s", got.body)
	}
}

// setupPrefetch returns an API on the demo data without limits, and a viewer who may read everything and
// has rows in every list: an admin who teaches a course and is enrolled in it.
func setupPrefetch(t *testing.T) (*testAPI, edu.Viewer) {
	t.Helper()
	dsn := testdb.NewWithDemo(t)
	s, err := store.Open(t.Context(), store.Config{URL: dsn, MaxConns: 4})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	l := limits.Defaults()
	l.Aliases, l.Cost, l.Fields = 1_000, 1<<40, 1<<40
	a := &testAPI{db: testdb.OpenPool(t, dsn), store: s, handler: gql.New(gql.Options{
		Store: s, Media: testSigner, Streams: streamOptions(t), Log: newLog(t), Limits: l, Now: func() time.Time { return testdb.Now },
	})}
	viewer := edu.Viewer{ID: student.ID, Role: edu.RoleAdmin}
	a.exec(t, `UPDATE courses SET instructor_id = $1 WHERE id = (SELECT min(e.course_id) FROM enrollments e JOIN courses c ON c.id = e.course_id
		JOIN videos v ON v.course_id = c.id JOIN video_progress p ON p.video_id = v.id AND p.user_id = e.user_id
		WHERE e.user_id = $1 AND c.published AND c.review_count > 0)`, viewer.ID)
	a.exec(t, `UPDATE reviews SET reply = 'Thanks', replied_at = now(), reply_updated_at = now(), replied_by = $1 WHERE id IN (
		SELECT min(r.id) FROM reviews r JOIN courses c ON c.id = r.course_id WHERE c.instructor_id = $1 GROUP BY c.id)`, viewer.ID)
	a.exec(t, "UPDATE users SET role = 'admin', slug = 'viewer' WHERE id = $1", viewer.ID)
	a.exec(t, "UPDATE enrollments SET completed_at = now() WHERE user_id = $1 AND course_id IN (SELECT id FROM courses WHERE instructor_id = $1)", viewer.ID)
	a.exec(t, "UPDATE certificates SET code = $2::text::uuid WHERE id = (SELECT min(id) FROM certificates WHERE user_id = $1)", viewer.ID, certificateCode)
	a.exec(t, "INSERT INTO reviews (course_id, user_id, rating) SELECT id, $1, 5 FROM courses WHERE instructor_id = $1 ON CONFLICT DO NOTHING", viewer.ID)
	a.exec(t, "UPDATE videos SET is_preview = false") // a preview needs no reads
	a.exec(t, "SELECT refresh_related(ARRAY(SELECT id FROM courses))")
	a.exec(t, "UPDATE users SET email_verified_at = now()")
	a.exec(t, "WITH s AS (INSERT INTO sessions (user_id) VALUES ($1) RETURNING id) INSERT INTO refresh_tokens SELECT sha256('1'), id, now(), now() + interval '1 day' FROM s", viewer.ID)
	return a, viewer
}

// selectionBuilder builds selection sets from the schema.
type selectionBuilder struct {
	schema    *ast.Schema
	resolvers map[string][]*ast.FieldDefinition // the fields that have a resolver, by type
}

// newSelectionBuilder returns a selectionBuilder. It finds the resolvers in the interfaces that gqlgen generates.
func newSelectionBuilder(t *testing.T) selectionBuilder {
	t.Helper()
	b := selectionBuilder{gql.ExecutableSchema().Schema(), map[string][]*ast.FieldDefinition{}}
	root := reflect.TypeFor[graph.ResolverRoot]()
	for i := range root.NumMethod() {
		typ := root.Method(i)
		fields, resolver := b.schema.Types[typ.Name].Fields, typ.Type.Out(0)
		for j := range resolver.NumMethod() {
			method := resolver.Method(j).Name
			k := slices.IndexFunc(fields, func(f *ast.FieldDefinition) bool { return strings.EqualFold(f.Name, method) })
			if k < 0 {
				t.Fatalf("the resolver %s.%s belongs to no field", typ.Name, method)
			}
			b.resolvers[typ.Name] = append(b.resolvers[typ.Name], fields[k])
		}
	}
	return b
}

// allFields returns a selection set with all fields of a type. At depth 0 it omits the fields that have
// resolvers; below a type with resolvers, the depth is one less. With alias, the fields get aliases that
// keep the types of an interface apart.
func (b selectionBuilder) allFields(typ string, depth int, alias bool) string {
	definition, resolvers := b.schema.Types[typ], b.resolvers[typ]
	if definition.IsLeafType() {
		return ""
	}
	set := " { __typename"
	if definition.IsAbstractType() {
		for _, possible := range b.schema.GetPossibleTypes(definition) {
			set += " ... on " + possible.Name + b.allFields(possible.Name, depth, true)
		}
		return set + " }"
	}
	below := depth
	if len(resolvers) > 0 {
		below--
	}
	for _, f := range definition.Fields {
		if below < 0 && slices.Contains(resolvers, f) {
			continue
		}
		set += " "
		if alias {
			set += typ + "_" + f.Name + ": "
		}
		set += f.Name + pageArgument(f) + b.allFields(f.Type.Name(), max(below, 0), false)
	}
	return set + " }"
}

// pageArgument returns an argument that keeps a list short, "" for a field without pages.
func pageArgument(f *ast.FieldDefinition) string {
	if f.Arguments.ForName("first") == nil {
		return ""
	}
	return "(first: 3)"
}
