package resolvers_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/7p-education/api/edu"
)

// updateInstructorProfile changes a profile and returns it.
const updateInstructorProfile = `mutation($input: UpdateInstructorProfileInput!) { updateInstructorProfile(input: $input) {
	user { instructorProfile { headline bio links { label url } } } userErrors { code message field } } }`

// An instructor changes some or all of the profile. Everyone sees it, by the slug.
func TestUpdateInstructorProfile(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	link := func(label, url string) map[string]any { return map[string]any{"label": label, "url": url} }
	for _, c := range []struct {
		input map[string]any
		want  string
	}{
		{inputVariables("headline", "Teacher", "bio", "Since\n2001.", "links", []any{link("Home", "https://7p.example/é"), link("Code", "http://code.example")}), "map[bio:Since\n2001. headline:Teacher links:[map[label:Home url:https://7p.example/é] map[label:Code url:http://code.example]]]"},
		{inputVariables("headline", "Lecturer"), "map[bio:Since\n2001. headline:Lecturer links:[map[label:Home url:https://7p.example/é] map[label:Code url:http://code.example]]]"},
		{inputVariables("bio", "", "headline", nil, "links", nil), "map[bio: headline:Lecturer links:[map[label:Home url:https://7p.example/é] map[label:Code url:http://code.example]]]"},
		{inputVariables("links", []any{}), "map[bio: headline:Lecturer links:[]]"},
		{inputVariables(), "map[bio: headline:Lecturer links:[]]"},
	} {
		got := s.execute(t, s.instructor, updateInstructorProfile, c.input)
		wantUserErrors(t, got, "updateInstructorProfile")
		if p := got.At("updateInstructorProfile", "user", "instructorProfile"); fmt.Sprint(p) != c.want {
			t.Errorf("%v: profile %v, want %s", c.input, p, c.want)
		}
	}
	data := s.mustExecute(t, anonymous, `{ userBySlug(slug: "teacher") { name slug instructorProfile { headline } } }`, nil)
	if fmt.Sprint(valueAt(data, "userBySlug")) != "map[instructorProfile:map[headline:Lecturer] name:teacher slug:teacher]" {
		t.Errorf("the public sees %v", data)
	}
	eleven := make([]any, 11)
	for i := range eleven {
		eleven[i] = link("L", "https://7p.example")
	}
	for name, c := range map[string]struct {
		input map[string]any
		want  []string
	}{
		"a headline of 121 characters": {inputVariables("headline", strings.Repeat("é", 121)), []string{"INVALID input.headline"}},
		"a headline of two lines":      {inputVariables("headline", "a\nb"), []string{"INVALID input.headline"}},
		"a bio of 5,001 characters":    {inputVariables("bio", strings.Repeat("é", 5001)), []string{"INVALID input.bio"}},
		"eleven links":                 {inputVariables("links", eleven), []string{"INVALID input.links"}},
		"links that are no links":      {inputVariables("links", []any{link("", "https://7p.example"), link("X", "javascript:alert(1)")}), []string{"INVALID input.links.0.label", "INVALID input.links.1.url"}},
	} {
		t.Run(name, func(t *testing.T) {
			wantUserErrors(t, s.execute(t, s.instructor, updateInstructorProfile, c.input), "updateInstructorProfile", c.want...)
		})
	}
}

// The figures are those of the published courses. A student has no profile.
func TestInstructorFigures(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	s.exec(t, `INSERT INTO courses (slug, title, difficulty, published, published_at, instructor_id, category_id)
		SELECT 'second', 'Second', 'beginner', true, now(), instructor_id, category_id FROM courses WHERE id = $1`, s.course)
	s.exec(t, "INSERT INTO enrollments (user_id, course_id) SELECT u.id, c.id FROM users u, courses c WHERE c.slug = 'second' AND u.id <> c.instructor_id")
	s.exec(t, "INSERT INTO reviews (user_id, course_id, rating) SELECT user_id, course_id, 2 FROM enrollments JOIN courses c ON c.id = course_id WHERE c.slug = 'second'")
	query := "{ userBySlug(slug: \"teacher\") { instructorProfile { courseCount studentCount rating reviewCount } } }"
	got := s.execute(t, anonymous, query, nil)
	if p := got.At("userBySlug", "instructorProfile"); fmt.Sprint(p) != "map[courseCount:2 rating:2.6 reviewCount:5 studentCount:5]" {
		t.Errorf("response %s", got.body)
	}
	if got.cost.Statements != 3 || got.cost.RoundTrips != 2 {
		t.Errorf("cost %+v, want 3 statements in 2 round trips", got.cost)
	}
	s.exec(t, "UPDATE courses SET published = false")
	if got := s.execute(t, anonymous, query, nil); fmt.Sprint(got.At("userBySlug", "instructorProfile")) != "map[courseCount:0 rating:<nil> reviewCount:0 studentCount:0]" {
		t.Errorf("without a published course: response %s", got.body)
	}
	for _, as := range []edu.Viewer{anonymous, s.student, s.admin} {
		data := s.mustExecute(t, as, fmt.Sprintf("{ user(id: %q) { slug instructorProfile { headline } } }", globalID(edu.KindUser, s.student.ID)), nil)
		if fmt.Sprint(valueAt(data, "user")) != "map[instructorProfile:<nil> slug:<nil>]" {
			t.Errorf("the student for %+v: %v", as, data)
		}
	}
}

// A slug is made of the name when a user becomes an instructor, is unique, and stays.
func TestSlugsOfInstructors(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	slugOf := func(name, role string) *string {
		return queryOne[*string](t, s.testAPI, "INSERT INTO users (name, email, role) VALUES ($1, gen_random_uuid()::text, $2) RETURNING slug", name, role)
	}
	ids := func() int64 { return queryOne[int64](t, s.testAPI, "SELECT max(id) FROM users") }
	for name, want := range map[string]string{
		"Ada Lovelace": "ada-lovelace", "José  Ñandú–Åkesson, Jr.": "jose-nandu-akesson-jr", strings.Repeat("Anna ", 30): strings.TrimSuffix(strings.Repeat("anna-", 12), "-"),
	} {
		if got := slugOf(name, "instructor"); got == nil || *got != want {
			t.Errorf("%q has the slug %v, want %s", name, *got, want)
		}
	}
	for _, name := range []string{"Ada Lovelace", "ADA LOVELACE!"} {
		if got, want := slugOf(name, "admin"), fmt.Sprint("ada-lovelace-", ids()); *got != want {
			t.Errorf("another %s has the slug %s, want %s", name, *got, want)
		}
	}
	if got, want := slugOf("Достоевский", "instructor"), fmt.Sprint("instructor-", ids()); *got != want {
		t.Errorf("slug %s, want %s", *got, want)
	}
	if got := slugOf("Ada Lovelace", "student"); got != nil {
		t.Errorf("a student has the slug %s", *got)
	}
	s.exec(t, "UPDATE users SET role = 'instructor' WHERE id = $1", s.student.ID)
	s.exec(t, "UPDATE users SET name = 'Renamed', role = 'admin' WHERE id = $1", s.student.ID)
	if data := s.mustExecute(t, anonymous, `{ userBySlug(slug: "student") { name } other: userBySlug(slug: "Student") { name } }`, nil); valueAt(data, "userBySlug", "name") != "Renamed" || valueAt(data, "other") != nil {
		t.Errorf("%v, want the slug of the first name, in lower case", data)
	}
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() { slugOf("Grace Hopper", "instructor") })
	}
	wait.Wait()
	if n := queryOne[int](t, s.testAPI, "SELECT count(DISTINCT slug)::int FROM users WHERE name = 'Grace Hopper'"); n != 8 {
		t.Errorf("%d slugs of 8 instructors", n)
	}
}
