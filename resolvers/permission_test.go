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
	authn "github.com/7p-education/api/internal/auth"
	"github.com/7p-education/api/internal/gql"
	"github.com/7p-education/api/internal/testdb"
)

// matrix is the document that says who may do what. It is the table of these
// tests, as golden files are of others.
var matrix = filepath.Join("..", "docs", "permissions.md")

// A reading is a row of the matrix's first table: a query, and the path to what
// it is about.
type reading struct {
	name, query string
	path        []any
}

// readings are all fields that are not everyone's, and all ways to a course that
// is not published.
func readings(s stage) []reading {
	user := func(field, selection string) reading {
		return reading{"`User." + field + "`", fmt.Sprintf("user(id: %q) { id %s %s }", id(edu.KindUser, s.student.ID), field, selection), []any{"user", field}}
	}
	course := func(field, selection string) reading {
		return reading{"`Course." + field + "`", fmt.Sprintf("course(id: %q) { id %s %s }", id(edu.KindCourse, s.course), field, selection), []any{"course", field}}
	}
	node := func(name string, kind edu.Kind, key int64, selection string, below ...any) reading {
		return reading{name, fmt.Sprintf("node(id: %q) { id ... on %s", id(kind, key), selection), append([]any{"node"}, below...)}
	}
	draft := id(edu.KindCourse, s.draft)
	authors := []any{"course", "reviews", "nodes", 0, "author"}
	return []reading{
		{"`Query.viewer`", "viewer { id }", []any{"viewer"}},
		user("email", ""), user("plan", ""), user("preferences", "{ locale }"), user("lastLogin", ""),
		user("enrollments", "{ totalCount }"), user("dashboard", "{ enrolledCoursesCount recentActivity { id } }"),
		{"`User.email` of a review's author", course("reviews", "{ nodes { author { name email } } }").query, append(authors, "email")},
		course("enrollments", "{ nodes { user { name } } }"),
		node("`User.email` of the student of an enrollment", edu.KindEnrollment, s.enrollment, "Enrollment { user { id email } } }", "user", "email"),
		course("analytics", "{ totalEnrollments }"),
		course("viewerEnrollment", "{ progress }"),
		{"`Video.viewerProgress`", fmt.Sprintf("course(id: %q) { videos { nodes { id viewerProgress { progressSeconds } } } }", id(edu.KindCourse, s.course)), []any{"course", "videos", "nodes", 0, "viewerProgress"}},
		{"`Query.instructorDashboard`", "instructorDashboard { coursesCount }", []any{"instructorDashboard"}},
		{"`Query.platformDashboard`", "platformDashboard { usersCount }", []any{"platformDashboard"}},
		{"an unpublished course by `Query.course(id:)`", fmt.Sprintf("course(id: %q) { title videos { nodes { id } } reviews { nodes { id } } }", draft), []any{"course"}},
		{"… by `Query.course(slug:)`", `course(slug: "draft") { title }`, []any{"course"}},
		node("… by `Query.node`", edu.KindCourse, s.draft, "Course { title description } }"),
		{"… by `Query.nodes`", fmt.Sprintf("nodes(ids: [%q]) { id ... on Course { title } }", draft), []any{"nodes", 0}},
		{"… in `User.coursesTaught`", fmt.Sprintf("user(id: %q) { coursesTaught { nodes { slug } } }", id(edu.KindUser, s.teacher.ID)), []any{"user", "coursesTaught", "nodes", 1}},
		{"… in `Query.courses`", "courses { nodes { slug } }", []any{"courses", "nodes", 1}},
		{"… in `Query.searchCourses`", "searchCourses { nodes { slug } }", []any{"searchCourses", "nodes", 1}},
		{"… in `Category.courses`", "categories { courses { nodes { slug } } }", []any{"categories", 0, "courses", "nodes", 1}},
		node("… by the enrollment in it", edu.KindEnrollment, s.draftEnrollment, "Enrollment { course { title } } }", "course"),
		node("its video", edu.KindVideo, s.draftVideo, "Video { title course { title } } }"),
		node("its review", edu.KindReview, s.draftReview, "Review { body course { title } } }"),
		node("an enrollment in it", edu.KindEnrollment, s.draftEnrollment, "Enrollment { progress user { name } } }"),
		node("an enrollment in a published course", edu.KindEnrollment, s.enrollment, "Enrollment { progress user { name } } }"),
	}
}

// A writing is a row, or two, of the matrix's second table: a mutation with what
// it is given, once for a published course and once for another where it is about
// a course.
type writing struct {
	mutation  string
	ofCourse  bool
	arguments func(t *testing.T, s stage, course, video int64) map[string]any
}

var writings = []writing{
	{"signUp", false, func(_ *testing.T, s stage, _, _ int64) map[string]any {
		return input("name", "Ada", "email", fmt.Sprintf("ada%d@7p.example", s.course), "password", password)
	}},
	{"signIn", false, func(t *testing.T, s stage, _, _ int64) map[string]any {
		email := one[string](t, s.api, "UPDATE users SET password_hash = $2 WHERE id = $1 RETURNING email", s.student.ID, hashOfPassword)
		return input("email", email, "password", "password")
	}},
	{"refreshSession", false, func(t *testing.T, s stage, _, _ int64) map[string]any {
		token, hash := authn.NewRefreshToken()
		s.exec(t, "WITH s AS (INSERT INTO sessions (user_id) VALUES ($1) RETURNING id) INSERT INTO refresh_tokens SELECT $2, id, now(), now() + interval '1 day' FROM s", s.student.ID, hash[:])
		return input("refreshToken", token)
	}},
	{"signOut", false, func(*testing.T, stage, int64, int64) map[string]any { return nil }},
	{"updatePreferences", false, func(*testing.T, stage, int64, int64) map[string]any { return input("theme", "dark") }},
	{"enroll", true, onCourse()},
	{"unenroll", true, onCourse()},
	{"recordVideoProgress", true, func(_ *testing.T, _ stage, _, video int64) map[string]any {
		return input("events", []any{event(video, 60)})
	}},
	{"reviewCourse", true, onCourse("rating", 3, "body", "So so.")},
	{"createCourse", false, func(_ *testing.T, s stage, _, _ int64) map[string]any { return map[string]any{"input": newCourseOf(s)} }},
	{"importCourses", false, func(_ *testing.T, s stage, _, _ int64) map[string]any { return input("courses", []any{newCourseOf(s)}) }},
	{"updateCourse", true, func(_ *testing.T, _ stage, course, _ int64) map[string]any {
		return input("id", id(edu.KindCourse, course), "title", "Another")
	}},
	{"publishCourse", true, func(_ *testing.T, _ stage, course, _ int64) map[string]any { return courseID(course) }},
	{"unpublishCourse", true, func(_ *testing.T, _ stage, course, _ int64) map[string]any { return courseID(course) }},
	{"addVideo", true, onCourse("title", "Two", "durationSeconds", 60)},
	{"bulkEnroll", true, func(t *testing.T, s stage, course, _ int64) map[string]any {
		email := one[string](t, s.api, "INSERT INTO users (name, email) VALUES ('new', 'new' || $1::bigint) RETURNING email", s.course)
		return input("courseId", id(edu.KindCourse, course), "emails", []any{email})
	}},
}

// idle are the writings that are well with nothing to do.
var idle = map[string]bool{"`signOut`": true, "`publishCourse`": true, "`unpublishCourse` of an unpublished course": true}

// hashOfPassword is that of "password", of parameters that are quick.
const hashOfPassword = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$8Tf44YakA6Z5zNBgblq13Nr+Q8FkCFWsjG4z6b1j7rM"

// input makes an argument input of names and values in turn.
func input(fields ...any) map[string]any {
	in := map[string]any{}
	for i := 0; i < len(fields); i += 2 {
		in[fields[i].(string)] = fields[i+1]
	}
	return map[string]any{"input": in}
}

func onCourse(fields ...any) func(*testing.T, stage, int64, int64) map[string]any {
	return func(_ *testing.T, _ stage, course, _ int64) map[string]any {
		return input(append([]any{"courseId", id(edu.KindCourse, course)}, fields...)...)
	}
}

func newCourseOf(s stage) map[string]any {
	return map[string]any{"title": fmt.Sprint("New ", s.course), "description": "", "priceAmount": "0", "categoryId": id(edu.KindCategory, 1)}
}

// Who may read what is as the document says.
func TestPermissionsOfFields(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.exec(t, "INSERT INTO video_progress (user_id, video_id, progress_seconds, watched_at) VALUES ($1, $2, 54, now())", s.student.ID, s.video)
	var table [][]string
	for _, r := range readings(s) {
		row := []string{r.name}
		for who, as := range s.all() {
			t.Run(r.name+" to "+who, func(t *testing.T) {
				row = append(row, readAs(t, s, as, r))
			})
		}
		table = append(table, row)
	}
	documented(t, "fields", table)
}

// readAs returns the word of the matrix for what a reader is told, and holds an
// error to be of the field alone.
func readAs(t *testing.T, s stage, as edu.Viewer, r reading) string {
	t.Helper()
	got := s.ask(t, as, "{ __typename "+r.query+" }", nil)
	switch {
	case len(got.Errors) == 0 && at(got.Data, r.path...) == nil:
		return "null"
	case len(got.Errors) == 0:
		return "ok"
	}
	if len(got.Errors) != 1 || fmt.Sprint(got.Errors[0].Path) != fmt.Sprint(r.path) {
		t.Fatalf("answered %s, want one error, at %v", got.body, r.path)
	}
	if n := nulled(r.path); n == 0 {
		if got.Data != nil {
			t.Errorf("answered %s, want no data beside the error", got.body)
		}
	} else if at(got.Data, "__typename") == nil || at(got.Data, r.path[:n]...) != nil || n > 1 && at(got.Data, r.path[:n-1]...) == nil {
		t.Errorf("answered %s, want null at %v and the rest standing", got.body, r.path[:n])
	}
	return got.Errors[0].code()
}

// nulled returns how much of the path to a field is left where it fails: the
// nearest that may be null.
func nulled(path []any) int {
	schema := gql.ExecutableSchema().Schema()
	typ, left := ast.NonNullNamedType(schema.Query.Name, nil), 0
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
			left = i + 1
		}
	}
	return left
}

// Who may write what is as the document says, and who may not writes nothing.
// Each cell has people and courses of its own.
func TestPermissionsOfMutations(t *testing.T) {
	t.Parallel()
	a := setupSessions(t, testdb.New(t)).api
	var table [][]string
	for _, w := range writings {
		for _, published := range []bool{true, false} {
			name := "`" + w.mutation + "`"
			if !published {
				name += " of an unpublished course"
			}
			if !published && !w.ofCourse {
				continue
			}
			row := []string{name}
			for i, who := range six {
				t.Run(name+" by "+who.name, func(t *testing.T) {
					s := setStage(t, a, fmt.Sprintf("-%d-%d", len(table), i))
					course, video := s.course, s.video
					if !published {
						course, video = s.draft, s.draftVideo
					}
					said, wrote := writeAs(t, s, who.of(s.people), w.mutation, w.arguments(t, s, course, video))
					if want := said == "ok" && !idle[name]; wrote != want {
						t.Errorf("%s; something was written: %v", said, wrote)
					}
					row = append(row, said)
				})
			}
			table = append(table, row)
		}
	}
	documented(t, "mutations", table)
}

// writeAs returns the word of the matrix for what a writer is told, and whether
// anything was written.
func writeAs(t *testing.T, s stage, as edu.Viewer, mutation string, variables map[string]any) (said string, wrote bool) {
	t.Helper()
	before := everything(t, s.api)
	got := s.ask(t, as, textOf(mutation), variables)
	wrote = everything(t, s.api) != before
	told := refusals(got, mutation)
	switch {
	case len(got.Errors) == 0 && len(told) == 0:
		return "ok", wrote
	case len(got.Errors) == 0 && len(told) == 1:
		return "*" + strings.Fields(told[0])[0] + "*", wrote
	case len(got.Errors) == 1 && got.Data == nil && fmt.Sprint(got.Errors[0].Path) == "["+mutation+"]":
		return got.Errors[0].code(), wrote
	}
	t.Fatalf("answered %s, want one error at the mutation, or one of its userErrors", got.body)
	return "", false
}

// textOf writes a mutation whose variables are its arguments.
func textOf(mutation string) string {
	field := gql.ExecutableSchema().Schema().Mutation.Fields.ForName(mutation)
	var declared, given []string
	for _, a := range field.Arguments {
		declared, given = append(declared, fmt.Sprintf("$%s: %s", a.Name, a.Type)), append(given, a.Name+": $"+a.Name)
	}
	if declared == nil {
		return fmt.Sprintf("mutation { %s { __typename } }", mutation)
	}
	return fmt.Sprintf("mutation(%s) { %s(%s) { userErrors { code field } } }", strings.Join(declared, ", "), mutation, strings.Join(given, ", "))
}

// everything is all that the database keeps, as a hash.
func everything(t *testing.T, a *api) string {
	t.Helper()
	return one[string](t, a, `SELECT md5(string_agg(r, ' ' ORDER BY r)) FROM (
		SELECT x::text FROM users x UNION ALL SELECT x::text FROM sessions x UNION ALL SELECT x::text FROM refresh_tokens x
		UNION ALL SELECT x::text FROM categories x UNION ALL SELECT x::text FROM courses x UNION ALL SELECT x::text FROM videos x
		UNION ALL SELECT x::text FROM enrollments x UNION ALL SELECT x::text FROM reviews x UNION ALL SELECT x::text FROM video_progress x) rows (r)`)
}

// Every mutation, every field that asks for a role and every field that says it
// may be FORBIDDEN has a row.
func TestPermissionsCoverSchema(t *testing.T) {
	t.Parallel()
	rows := map[string]bool{}
	for _, r := range readings(stage{}) {
		rows[r.name] = true
	}
	for _, w := range writings {
		rows["`"+w.mutation+"`"] = true
	}
	schema := gql.ExecutableSchema().Schema()
	for _, def := range schema.Types {
		if def.Kind != ast.Object || def.BuiltIn {
			continue
		}
		for _, f := range def.Fields {
			name, guarded := def.Name+"."+f.Name, auth(f) != "" || auth(&ast.FieldDefinition{Directives: def.Directives}) != "" || strings.Contains(f.Description, string(edu.Forbidden))
			if def == schema.Mutation {
				name, guarded = f.Name, true
			}
			if guarded && !rows["`"+name+"`"] {
				t.Errorf("%s has no row", name)
			}
		}
	}
}

// documented compares the rows with those between a mark of the document and the
// next end, or writes them there.
func documented(t *testing.T, mark string, table [][]string) {
	t.Helper()
	if t.Failed() {
		return
	}
	head := []string{strings.TrimSuffix(mark, "s")}
	line := "|---"
	for _, who := range six {
		head, line = append(head, who.name), line+"|---"
	}
	var out strings.Builder
	fmt.Fprintf(&out, "| %s |\n%s|\n", strings.Join(head, " | "), line)
	for _, row := range table {
		fmt.Fprintf(&out, "| %s |\n", strings.Join(row, " | "))
	}
	documentMu.Lock()
	defer documentMu.Unlock()
	text, err := os.ReadFile(matrix)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, _ := strings.Cut(string(text), "<!-- "+mark+" -->\n")
	was, after, found := strings.Cut(rest, "<!-- end -->")
	if !found {
		t.Fatalf("%s has no place for %s", matrix, mark)
	}
	if *update {
		text := before + "<!-- " + mark + " -->\n" + out.String() + "<!-- end -->" + after
		if err := os.WriteFile(matrix, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if diff := cmp.Diff(was, out.String()); diff != "" {
		t.Errorf("%s says otherwise; if it is wrong, go test ./resolvers -run TestPermissions -update mends it (-says +is):\n%s", matrix, diff)
	}
}

// documentMu keeps one test from writing over what another wrote.
var documentMu sync.Mutex
