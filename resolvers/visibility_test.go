package resolvers_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/testdb"
)

// The people of the matrix. Teacher owns the courses, student owns what is
// private to a user, the others own nothing of either.
type people struct{ nobody, otherStudent, student, otherTeacher, teacher, admin edu.Viewer }

func (p people) all() map[string]edu.Viewer {
	return map[string]edu.Viewer{
		"nobody": p.nobody, "another student": p.otherStudent, "the student": p.student,
		"another instructor": p.otherTeacher, "the instructor": p.teacher, "an admin": p.admin,
	}
}

// stage has a published course and a draft of the instructor's, each with a
// video, a review by and an enrollment of the student.
type stage struct {
	*api
	people
	course, draft, video, draftVideo, review, draftReview, enrollment, draftEnrollment int64
}

func newStage(t *testing.T) stage {
	t.Helper()
	s := stage{api: setup(t, testdb.New(t))}
	person := func(name, role string) edu.Viewer {
		key := one[int64](t, s.api, "INSERT INTO users (name, email, role, last_login) VALUES ($1, $1 || '@7p.example', $2, now()) RETURNING id", name, role)
		return edu.Viewer{ID: key, Role: edu.Role(strings.ToUpper(role))}
	}
	s.otherStudent, s.student = person("other", "student"), person("student", "student")
	s.otherTeacher, s.teacher, s.admin = person("rival", "instructor"), person("teacher", "instructor"), person("admin", "admin")
	category := one[int64](t, s.api, "INSERT INTO categories (name, slug) VALUES ('Only', 'only') RETURNING id")
	course := func(slug string, published bool) int64 {
		return one[int64](t, s.api, `INSERT INTO courses (slug, title, description, tags, difficulty, published, published_at, instructor_id, category_id)
			VALUES ($1, 'Secrets of ' || $1, 'All of it', '{hidden}', 'beginner', $2, '2026-01-01', $3, $4) RETURNING id`, slug, published, s.teacher.ID, category)
	}
	s.course, s.draft = course("open", true), course("draft", false)
	video := func(course int64) int64 {
		return one[int64](t, s.api, "INSERT INTO videos (course_id, title, position, duration_seconds) VALUES ($1, 'One', 1, 60) RETURNING id", course)
	}
	s.video, s.draftVideo = video(s.course), video(s.draft)
	review := func(course int64) int64 {
		return one[int64](t, s.api, "INSERT INTO reviews (course_id, user_id, rating) VALUES ($1, $2, 5) RETURNING id", course, s.student.ID)
	}
	s.review, s.draftReview = review(s.course), review(s.draft)
	enrollment := func(course int64) int64 {
		return one[int64](t, s.api, "INSERT INTO enrollments (course_id, user_id, progress) VALUES ($1, $2, 50) RETURNING id", course, s.student.ID)
	}
	s.enrollment, s.draftEnrollment = enrollment(s.course), enrollment(s.draft)
	s.exec(t, "SELECT refresh_related(ARRAY(SELECT id FROM courses))")
	return s
}

// Fields that belong to someone are read by those and by admins; everyone else
// is told FORBIDDEN at the field.
func TestOwnedFields(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	user := func(field string) string {
		return fmt.Sprintf("{ user(id: %q) { id %s } }", id(edu.KindUser, s.student.ID), field)
	}
	course := func(field string) string {
		return fmt.Sprintf("{ course(id: %q) { id %s } }", id(edu.KindCourse, s.course), field)
	}
	type field struct {
		query    string
		readers  []edu.Viewer
		required bool // a refusal leaves nothing of the parent either
	}
	owners, teachers := []edu.Viewer{s.student, s.admin}, []edu.Viewer{s.teacher, s.admin}
	for name, f := range map[string]field{
		"email":              {user("email"), owners, false},
		"plan":               {user("plan"), owners, false},
		"preferences":        {user("preferences { locale }"), owners, false},
		"lastLogin":          {user("lastLogin"), owners, false},
		"dashboard":          {user("dashboard { enrolledCoursesCount }"), owners, false},
		"enrollments":        {user("enrollments { totalCount }"), owners, true},
		"analytics":          {course("analytics { totalEnrollments }"), teachers, false},
		"course.enrollments": {course("enrollments { nodes { id } }"), teachers, true},
		"student of a course": {
			fmt.Sprintf("{ nodes(ids: [%q]) { id ... on Course { reviews { nodes { author { email } } } } } }", id(edu.KindCourse, s.course)), owners, false,
		},
	} {
		for who, as := range s.all() {
			t.Run(name+" to "+who, func(t *testing.T) {
				got := s.ask(t, as, f.query, nil)
				if slices.Contains(f.readers, as) {
					if len(got.Errors) > 0 || strings.Contains(string(got.body), "null") {
						t.Errorf("answered %s, want the value", got.body)
					}
					return
				}
				if len(got.Errors) != 1 || got.Errors[0].code() != string(edu.Forbidden) {
					t.Fatalf("answered %s, want one FORBIDDEN", got.body)
				}
				if wantsParent := !f.required; wantsParent != strings.Contains(string(got.body), `"id":`) {
					t.Errorf("answered %s; the field alone must be null: %v", got.body, wantsParent)
				}
			})
		}
	}
}

// A draft, and what hangs on it, is not there for others: the answer is that of
// an id of nothing, without an error that would tell.
func TestDraftsAreHidden(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	draft := id(edu.KindCourse, s.draft)
	for name, q := range map[string]struct {
		query   string
		readers []edu.Viewer
	}{
		"course by id":   {fmt.Sprintf("{ found: course(id: %q) { title videos { nodes { id } } reviews { nodes { id } } } }", draft), []edu.Viewer{s.teacher, s.admin}},
		"course by slug": {`{ found: course(slug: "draft") { title } }`, []edu.Viewer{s.teacher, s.admin}},
		"node":           {fmt.Sprintf("{ found: node(id: %q) { id ... on Course { title description } } }", draft), []edu.Viewer{s.teacher, s.admin}},
		"video":          {fmt.Sprintf("{ found: node(id: %q) { id ... on Video { course { title } } } }", id(edu.KindVideo, s.draftVideo)), []edu.Viewer{s.teacher, s.admin}},
		"review":         {fmt.Sprintf("{ found: node(id: %q) { id ... on Review { course { title } } } }", id(edu.KindReview, s.draftReview)), []edu.Viewer{s.teacher, s.admin}},
		"enrollment": {
			fmt.Sprintf("{ found: node(id: %q) { id ... on Enrollment { progress user { name } } } }", id(edu.KindEnrollment, s.draftEnrollment)),
			[]edu.Viewer{s.student, s.teacher, s.admin},
		},
		"enrollment in the open": {
			fmt.Sprintf("{ found: node(id: %q) { id ... on Enrollment { progress } } }", id(edu.KindEnrollment, s.enrollment)),
			[]edu.Viewer{s.student, s.teacher, s.admin},
		},
	} {
		for who, as := range s.all() {
			t.Run(name+" to "+who, func(t *testing.T) {
				got := s.ask(t, as, q.query, nil)
				if len(got.Errors) > 0 {
					t.Fatalf("answered %s", got.body)
				}
				if found := got.Data["found"] != nil; found != slices.Contains(q.readers, as) {
					t.Errorf("answered %s; want it found: %v", got.body, !found)
				}
			})
		}
	}
}

// Lists and figures show what is published, whoever asks; only the instructor's
// own list and an admin's view of it show drafts.
func TestListsShowPublished(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	query := fmt.Sprintf(`{
		courses { totalCount nodes { slug } }
		filtered: courses(filter: { instructorId: %[1]q, tags: ["hidden"] }) { totalCount nodes { slug } }
		categories { courseCount courses { totalCount nodes { slug } } }
		everything: searchCourses { totalCount nodes { slug } facets { categories { count } difficulties { count } prices { count } } }
		secrets: searchCourses(query: "secrets draft open") { totalCount didYouMean nodes { slug } }
		searchSuggestions(prefix: "Secrets")
		course(slug: "open") { relatedCourses { slug } }
		nodes(ids: [%[2]q, %[3]q]) { id }
	}`, id(edu.KindUser, s.teacher.ID), id(edu.KindCourse, s.course), id(edu.KindVideo, s.video))
	for who, as := range s.all() {
		t.Run(who, func(t *testing.T) {
			got := s.ask(t, as, query, nil)
			if len(got.Errors) > 0 || strings.Contains(string(got.body), "draft") || !strings.Contains(string(got.body), `"slug":"open"`) {
				t.Errorf("answered %s, want the published course alone", got.body)
			}
			for _, total := range []any{
				at(got.Data, "courses", "totalCount"), at(got.Data, "filtered", "totalCount"), at(got.Data, "everything", "totalCount"),
				at(got.Data, "categories", 0, "courseCount"), at(got.Data, "categories", 0, "courses", "totalCount"),
				at(got.Data, "everything", "facets", "categories", 0, "count"), at(got.Data, "everything", "facets", "prices", 0, "count"),
			} {
				if total != 1.0 {
					t.Errorf("a total is %v, want 1: %s", total, got.body)
				}
			}
		})
		t.Run("taught, to "+who, func(t *testing.T) {
			want := 1.0
			if as == s.teacher || as == s.admin {
				want = 2
			}
			got := s.data(t, as, fmt.Sprintf("{ user(id: %q) { coursesTaught { totalCount nodes { slug } } } }", id(edu.KindUser, s.teacher.ID)), nil)
			taught := at(got, "user", "coursesTaught")
			if at(taught, "totalCount") != want || float64(len(at(taught, "nodes").([]any))) != want {
				t.Errorf("%v, want %v courses", taught, want)
			}
		})
	}
}

// A word that only a draft has is neither found nor offered.
func TestDraftsAreNotOffered(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.exec(t, "UPDATE courses SET title = 'Zymurgy' WHERE id = $1", s.draft)
	for who, as := range s.all() {
		got := s.ask(t, as, `{ exact: searchCourses(query: "zymurgy") { totalCount } typo: searchCourses(query: "zymurgi") { totalCount didYouMean } searchSuggestions(prefix: "zym") }`, nil)
		if len(got.Errors) > 0 || strings.Contains(strings.ToLower(string(got.body)), "zymurgy") || at(got.Data, "exact", "totalCount") != 0.0 {
			t.Errorf("%s was answered %s", who, got.body)
		}
	}
}

// The fields of the student's dashboard and of the viewer's own progress are
// those of whoever asks.
func TestViewersOwn(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.exec(t, "INSERT INTO video_progress (user_id, video_id, progress_seconds, watched_at, created_at) VALUES ($1, $2, 54, '2026-10-31', '2026-10-31')", s.student.ID, s.video)
	query := `{ course(slug: "open") { viewerEnrollment { progress user { name } } videos { nodes { viewerProgress { progressSeconds completed } } } } }`
	for who, as := range s.all() {
		got := s.data(t, as, query, nil)
		want := map[bool]string{
			true:  "map[course:map[videos:map[nodes:[map[viewerProgress:map[completed:true progressSeconds:54]]]] viewerEnrollment:map[progress:50 user:map[name:student]]]]",
			false: "map[course:map[videos:map[nodes:[map[viewerProgress:<nil>]]] viewerEnrollment:<nil>]]",
		}[as == s.student]
		if fmt.Sprint(got) != want {
			t.Errorf("%s was answered %v, want %s", who, got, want)
		}
	}
}

func TestRolesOfDashboards(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	for field, roles := range map[string][]edu.Viewer{
		"instructorDashboard { coursesCount }": {s.otherTeacher, s.teacher, s.admin},
		"platformDashboard { usersCount }":     {s.admin},
	} {
		for who, as := range s.all() {
			got := s.ask(t, as, "{ "+field+" }", nil)
			want := edu.Forbidden
			if as == s.nobody {
				want = edu.Unauthenticated
			}
			if slices.Contains(roles, as) {
				if len(got.Errors) > 0 {
					t.Errorf("%s to %s: %s", field, who, got.body)
				}
			} else if len(got.Errors) != 1 || got.Errors[0].code() != string(want) {
				t.Errorf("%s to %s: %s, want %s", field, who, got.body, want)
			}
		}
	}
}
