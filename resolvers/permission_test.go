package resolvers_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql"
	"github.com/7p-education/api/internal/testdb"
)

// permissionsDoc documents the permissions of each viewer. It is the golden file of these tests.
var permissionsDoc = filepath.Join("..", "docs", "permissions.md")

// fieldCase is a row of the document's table of fields: a query, and the path to the value in question.
type fieldCase struct {
	name, query string
	path        []any
}

// fieldCases returns all fields that are not public, and all paths to a course that is not published.
func fieldCases(s fixture) []fieldCase {
	user := func(field, selection string) fieldCase {
		return fieldCase{"`User." + field + "`", fmt.Sprintf("user(id: %q) { id %s %s }", globalID(edu.KindUser, s.student.ID), field, selection), []any{"user", field}}
	}
	course := func(field, selection string) fieldCase {
		return fieldCase{"`Course." + field + "`", fmt.Sprintf("course(id: %q) { id %s %s }", globalID(edu.KindCourse, s.course), field, selection), []any{"course", field}}
	}
	node := func(name string, kind edu.Kind, key int64, selection string, below ...any) fieldCase {
		return fieldCase{name, fmt.Sprintf("node(id: %q) { id ... on %s", globalID(kind, key), selection), append([]any{"node"}, below...)}
	}
	draft := globalID(edu.KindCourse, s.draft)
	authors := []any{"course", "reviews", "nodes", 0, "author"}
	return []fieldCase{
		{"`Query.viewer`", "viewer { id }", []any{"viewer"}},
		user("email", ""), user("plan", ""), user("preferences", "{ locale }"), user("lastLogin", ""), user("emailVerifiedAt", ""),
		user("enrollments", "{ totalCount }"), user("dashboard", "{ enrolledCoursesCount recentActivity { id } }"),
		user("continueLearning", "{ id }"), user("sessions", "{ id }"), user("wishlist", "{ totalCount }"), user("certificates", "{ totalCount }"),
		{"`Query.userBySlug`, of an instructor", `userBySlug(slug: "teacher") { name instructorProfile { headline } }`, []any{"userBySlug", "instructorProfile"}},
		user("instructorProfile", "{ headline }"),
		{"`Query.certificate`", fmt.Sprintf("certificate(code: %q) { courseTitle recipient { name } }", certificateCode), []any{"certificate"}},
		node("a certificate by `Query.node`", edu.KindCertificate, 1, "Certificate { code } }"),
		{"the course of a certificate, which is not published", fmt.Sprintf("certificate(code: %q) { course { title } }", certificateCode), []any{"certificate", "course"}},
		node("`Enrollment.certificate`", edu.KindEnrollment, s.draftEnrollment, "Enrollment { certificate { code } } }", "certificate"),
		{"`User.email` of a review's author", course("reviews", "{ nodes { author { name email } } }").query, append(authors, "email")},
		course("enrollments", "{ nodes { user { name } } }"),
		node("`User.email` of the student of an enrollment", edu.KindEnrollment, s.enrollment, "Enrollment { user { id email } } }", "user", "email"),
		course("analytics", "{ totalEnrollments }"),
		course("viewerEnrollment", "{ progress }"), course("viewerReview", "{ rating }"),
		course("viewerHasWishlisted", ""), course("viewerCanUpdate", ""), course("viewerCanEnroll", ""), course("viewerCanReview", ""),
		{"`Video.viewerProgress`", fmt.Sprintf("course(id: %q) { videos { nodes { id viewerProgress { progressSeconds } } } }", globalID(edu.KindCourse, s.course)), []any{"course", "videos", "nodes", 0, "viewerProgress"}},
		node("`Video.playback`", edu.KindVideo, s.video, "Video { playback { url } } }", "playback"),
		{"… of a preview", fmt.Sprintf("course(id: %q) { videos(last: 1) { nodes { playback { url } } } }", globalID(edu.KindCourse, s.course)), []any{"course", "videos", "nodes", 0, "playback"}},
		{"… of a video of an unpublished course, by the enrollment in it", fmt.Sprintf("node(id: %q) { ... on Enrollment { course { videos { nodes { playback { url } } } } } }", globalID(edu.KindEnrollment, s.draftEnrollment)), []any{"node", "course", "videos", "nodes", 0, "playback"}},
		node("… of that video", edu.KindVideo, s.draftVideo, "Video { playback { url } } }", "playback"),
		{"`Query.instructorDashboard`", "instructorDashboard { coursesCount }", []any{"instructorDashboard"}},
		{"`Query.platformDashboard`", "platformDashboard { usersCount }", []any{"platformDashboard"}},
		{"an unpublished course by `Query.course(id:)`", fmt.Sprintf("course(id: %q) { title videos { nodes { id } } reviews { nodes { id } } }", draft), []any{"course"}},
		{"… by `Query.course(slug:)`", `course(slug: "draft") { title }`, []any{"course"}},
		node("… by `Query.node`", edu.KindCourse, s.draft, "Course { title description } }"),
		{"… by `Query.nodes`", fmt.Sprintf("nodes(ids: [%q]) { id ... on Course { title } }", draft), []any{"nodes", 0}},
		{"… in `User.coursesTaught`", fmt.Sprintf("user(id: %q) { coursesTaught { nodes { slug } } }", globalID(edu.KindUser, s.instructor.ID)), []any{"user", "coursesTaught", "nodes", 1}},
		{"… in `Query.courses`", "courses { nodes { slug } }", []any{"courses", "nodes", 1}},
		{"… in `Query.searchCourses`", "searchCourses { nodes { slug } }", []any{"searchCourses", "nodes", 1}},
		{"… in `Category.courses`", "categories { courses { nodes { slug } } }", []any{"categories", 0, "courses", "nodes", 1}},
		node("… by the enrollment in it", edu.KindEnrollment, s.draftEnrollment, "Enrollment { course { title } } }", "course"),
		node("its video", edu.KindVideo, s.draftVideo, "Video { title course { title } } }"),
		node("its section", edu.KindSection, s.draftSection, "Section { title course { title } videos { title } } }"),
		node("its review", edu.KindReview, s.draftReview, "Review { body course { title } } }"),
		node("an enrollment in it", edu.KindEnrollment, s.draftEnrollment, "Enrollment { progress user { name } } }"),
		node("an enrollment in a published course", edu.KindEnrollment, s.enrollment, "Enrollment { progress user { name } } }"),
		{"`Subscription.courseUpdated`", fmt.Sprintf("subscription { courseUpdated(id: %q) { title } }", globalID(edu.KindCourse, s.course)), []any{"courseUpdated"}},
		{"… of an unpublished course", fmt.Sprintf("subscription { courseUpdated(id: %q) { title } }", draft), []any{"courseUpdated"}},
		{"`Subscription.courseProgress`", fmt.Sprintf("subscription { courseProgress(courseId: %q) { enrolledCount } }", globalID(edu.KindCourse, s.course)), []any{"courseProgress"}},
		{"`Subscription.dashboardUpdated`", "subscription { dashboardUpdated { enrolledCoursesCount } }", []any{"dashboardUpdated"}},
		{"`Subscription.enrollmentUpdated`", fmt.Sprintf("subscription { enrollmentUpdated(id: %q) { progress } }", globalID(edu.KindEnrollment, s.enrollment)), []any{"enrollmentUpdated"}},
	}
}

// TestPermissionsOfFields checks the permissions to read against the document.
func TestPermissionsOfFields(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	s.exec(t, "INSERT INTO video_progress (user_id, video_id, progress_seconds, watched_at) VALUES ($1, $2, 54, now())", s.student.ID, s.video)
	s.exec(t, "INSERT INTO wishlist_items (user_id, course_id) VALUES ($1, $2)", s.student.ID, s.course)
	s.exec(t, "INSERT INTO certificates (user_id, course_id, course_title, code) VALUES ($1, $2, 'Secrets', $3::text::uuid)", s.student.ID, s.draft, certificateCode)
	s.exec(t, "UPDATE users SET email_verified_at = now()")
	s.exec(t, "UPDATE videos SET media = '"+videoMedia+"'")
	s.exec(t, "INSERT INTO videos (course_id, title, position, duration_seconds, is_preview, media) VALUES ($1, 'Preview', 2, 60, true, '"+videoMedia+"')", s.course)
	var table [][]string
	for _, r := range fieldCases(s) {
		row := []string{r.name}
		for column, as := range s.all() {
			t.Run(r.name+" for "+column, func(t *testing.T) {
				row = append(row, readOutcome(t, s, as, r))
			})
		}
		table = append(table, row)
	}
	compareWithDoc(t, "fields", table)
}

// readOutcome executes the query of a field and returns the document's word for the outcome. An error must
// affect only the field.
func readOutcome(t *testing.T, s fixture, as edu.Viewer, r fieldCase) string {
	t.Helper()
	query, isStream := r.query, strings.HasPrefix(r.query, "subscription")
	if !isStream {
		query = "{ __typename " + r.query + " }"
	}
	got := s.execute(t, as, query, nil)
	switch {
	case len(got.Errors) == 0 && got.At(r.path...) == nil:
		return "null"
	case len(got.Errors) == 0:
		if value, isBool := got.At(r.path...).(bool); isBool {
			return fmt.Sprint(value)
		}
		return "ok"
	}
	if len(got.Errors) != 1 || fmt.Sprint(got.Errors[0].Path) != fmt.Sprint(r.path) {
		t.Fatalf("response %s, want exactly one error, at %v", got.body, r.path)
	}
	if isStream { // the only field: there is no stream
		return got.Errors[0].Code()
	}
	if n := nullableDepth(r.path); n == 0 {
		if got.At() != nil {
			t.Errorf("response %s, want an error without data", got.body)
		}
	} else if got.At("__typename") == nil || got.At(r.path[:n]...) != nil || n > 1 && got.At(r.path[:n-1]...) == nil {
		t.Errorf("response %s, want null at %v and all other data", got.body, r.path[:n])
	}
	return got.Errors[0].Code()
}

// nullableDepth returns the length of the path to the value that is null if the field at path fails: the
// field itself, or its nearest nullable ancestor.
func nullableDepth(path []any) int {
	schema := gql.ExecutableSchema().Schema()
	typ, depth := ast.NonNullNamedType(schema.Query.Name, nil), 0
	for i, step := range path {
		if field, named := step.(string); named {
			for _, def := range schema.GetPossibleTypes(schema.Types[typ.NamedType]) {
				if f := def.Fields.ForName(field); f != nil {
					typ = f.Type
					break
				}
			}
		} else {
			typ = typ.Elem
		}
		if !typ.NonNull {
			depth = i + 1
		}
	}
	return depth
}

// TestPermissionsOfMutations checks the permissions to write against the document, and that a rejected
// mutation writes nothing. Each cell has its own viewers and courses.
func TestPermissionsOfMutations(t *testing.T) {
	t.Parallel()
	a := setupSessions(t, testdb.New(t)).testAPI
	var table [][]string
	for _, w := range mutationCases {
		for _, published := range []bool{true, false} {
			name := "`" + w.mutation + "`"
			if !published {
				name += " of an unpublished course"
			}
			if !published && !w.onCourse {
				continue
			}
			row := []string{name}
			for i, column := range viewerColumns {
				t.Run(name+" by "+column.name, func(t *testing.T) {
					s := insertFixture(t, a, fmt.Sprintf("-%d-%d", len(table), i))
					course, video := s.course, s.video
					if !published {
						course, video = s.draft, s.draftVideo
					}
					outcome, changed := writeOutcome(t, s, column.viewer(s.viewerSet), w.mutation, w.arguments(t, s, course, video))
					if want := outcome == "ok" && !writesNothing[name]; changed != want {
						t.Errorf("outcome %s, database changed: %v, want %v", outcome, changed, want)
					}
					row = append(row, outcome)
				})
			}
			table = append(table, row)
		}
	}
	compareWithDoc(t, "mutations", table)
}

// TestViewerCan checks that the fields viewerCan… say beforehand which mutations succeed.
func TestViewerCan(t *testing.T) {
	t.Parallel()
	a := setupSessions(t, testdb.New(t)).testAPI
	writes := map[string]string{"enroll": "viewerCanEnroll", "reviewCourse": "viewerCanReview", "updateCourse": "viewerCanUpdate", "publishCourse": "viewerCanUpdate"}
	for _, w := range mutationCases {
		field := writes[w.mutation]
		if field == "" {
			continue
		}
		for _, published := range []bool{true, false} {
			for i, column := range viewerColumns {
				s := insertFixture(t, a, fmt.Sprintf("-%s-%t-%d", w.mutation, published, i))
				course, video := s.course, s.video
				if !published {
					course, video = s.draft, s.draftVideo
				}
				as := column.viewer(s.viewerSet)
				can := s.execute(t, as, fmt.Sprintf("{ course(id: %q) { %s } }", globalID(edu.KindCourse, course), field), nil).At("course", field) == true
				outcome, _ := writeOutcome(t, s, as, w.mutation, w.arguments(t, s, course, video))
				if can != (outcome == "ok") {
					t.Errorf("%s by %s, published %t: %s, but %s is %t", w.mutation, column.name, published, outcome, field, can)
				}
			}
		}
	}
}

// writeOutcome executes a mutation and returns the document's word for the outcome, and whether the database
// changed.
func writeOutcome(t *testing.T, s fixture, as edu.Viewer, mutation string, variables map[string]any) (outcome string, changed bool) {
	t.Helper()
	before := databaseHash(t, s.testAPI)
	got := s.execute(t, as, mutationDocument(mutation), variables)
	changed = databaseHash(t, s.testAPI) != before
	problems := userErrors(got, mutation)
	switch {
	case len(got.Errors) == 0 && len(problems) == 0:
		return "ok", changed
	case len(got.Errors) == 0 && len(problems) == 1:
		return "*" + strings.Fields(problems[0])[0] + "*", changed
	case len(got.Errors) == 1 && got.At() == nil && fmt.Sprint(got.Errors[0].Path) == "["+mutation+"]":
		return got.Errors[0].Code(), changed
	}
	t.Fatalf("response %s, want one error at the mutation or one userError", got.body)
	return "", false
}

// mutationDocument returns a document with one mutation, whose variables are the mutation's arguments.
func mutationDocument(mutation string) string {
	field := gql.ExecutableSchema().Schema().Mutation.Fields.ForName(mutation)
	var definitions, arguments []string
	for _, a := range field.Arguments {
		definitions, arguments = append(definitions, fmt.Sprintf("$%s: %s", a.Name, a.Type)), append(arguments, a.Name+": $"+a.Name)
	}
	if definitions == nil {
		return fmt.Sprintf("mutation { %s { __typename } }", mutation)
	}
	return fmt.Sprintf("mutation(%s) { %s(%s) { userErrors { code field } } }", strings.Join(definitions, ", "), mutation, strings.Join(arguments, ", "))
}

// databaseHash returns a hash of all data in the database.
func databaseHash(t *testing.T, a *testAPI) string {
	t.Helper()
	return queryOne[string](t, a, `SELECT md5(string_agg(r, ' ' ORDER BY r)) FROM (
		SELECT x::text FROM users x UNION ALL SELECT x::text FROM sessions x UNION ALL SELECT x::text FROM refresh_tokens x
		UNION ALL SELECT x::text FROM categories x UNION ALL SELECT x::text FROM courses x UNION ALL SELECT x::text FROM videos x
		UNION ALL SELECT x::text FROM enrollments x UNION ALL SELECT x::text FROM reviews x UNION ALL SELECT x::text FROM video_progress x
		UNION ALL SELECT x::text FROM sections x UNION ALL SELECT x::text FROM wishlist_items x UNION ALL SELECT x::text FROM certificates x
		UNION ALL SELECT x::text FROM outbox x UNION ALL SELECT x::text FROM account_tokens x) rows (r)`)
}

// TestPermissionsCoverSchema checks that the document has a row for every mutation, every field that requires
// a role, and every field whose description mentions FORBIDDEN.
func TestPermissionsCoverSchema(t *testing.T) {
	t.Parallel()
	rows := map[string]bool{}
	for _, r := range fieldCases(fixture{}) {
		rows[r.name] = true
	}
	for _, w := range mutationCases {
		rows["`"+w.mutation+"`"] = true
	}
	schema := gql.ExecutableSchema().Schema()
	for _, def := range schema.Types {
		if def.Kind != ast.Object || def.BuiltIn {
			continue
		}
		for _, f := range def.Fields {
			name, guarded := def.Name+"."+f.Name, requiredRole(f) != "" || requiredRole(&ast.FieldDefinition{Directives: def.Directives}) != "" || strings.Contains(f.Description, string(edu.Forbidden))
			if def == schema.Mutation {
				name, guarded = f.Name, true
			}
			if guarded && !rows["`"+name+"`"] {
				t.Errorf("%s has no row", name)
			}
		}
	}
}

// compareWithDoc compares the rows with the document's table below a mark. With -update, it writes them
// there.
func compareWithDoc(t *testing.T, mark string, table [][]string) {
	t.Helper()
	if t.Failed() {
		return
	}
	head := []string{strings.TrimSuffix(mark, "s")}
	line := "|---"
	for _, column := range viewerColumns {
		head, line = append(head, column.name), line+"|---"
	}
	var out strings.Builder
	fmt.Fprintf(&out, "| %s |\n%s|\n", strings.Join(head, " | "), line)
	for _, row := range table {
		fmt.Fprintf(&out, "| %s |\n", strings.Join(row, " | "))
	}
	docMu.Lock()
	defer docMu.Unlock()
	text, err := os.ReadFile(permissionsDoc)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, _ := strings.Cut(string(text), "<!-- "+mark+" -->\n")
	was, after, found := strings.Cut(rest, "<!-- end -->")
	if !found {
		t.Fatalf("%s has no table %s", permissionsDoc, mark)
	}
	if *update {
		text := before + "<!-- " + mark + " -->\n" + out.String() + "<!-- end -->" + after
		if err := os.WriteFile(permissionsDoc, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if diff := cmp.Diff(was, out.String()); diff != "" {
		t.Errorf("%s differs; if the document is wrong, go test ./resolvers -run TestPermissions -update corrects it (-documented +actual):\n%s", permissionsDoc, diff)
	}
}

// docMu serializes the tests that rewrite the document.
var docMu sync.Mutex
