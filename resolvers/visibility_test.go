package resolvers_test

import (
	"fmt"
	"iter"
	"strings"
	"testing"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/testdb"
)

// The people of the matrix. Teacher owns the courses, student owns what is
// private to a user, the others own nothing of either.
type people struct{ nobody, otherStudent, student, otherTeacher, teacher, admin edu.Viewer }

// six are the columns of docs/permissions.md.
var six = []struct {
	name string
	of   func(people) edu.Viewer
}{
	{"anonymous", func(p people) edu.Viewer { return p.nobody }},
	{"another student", func(p people) edu.Viewer { return p.otherStudent }},
	{"the student", func(p people) edu.Viewer { return p.student }},
	{"another instructor", func(p people) edu.Viewer { return p.otherTeacher }},
	{"the instructor", func(p people) edu.Viewer { return p.teacher }},
	{"an admin", func(p people) edu.Viewer { return p.admin }},
}

func (p people) all() iter.Seq2[string, edu.Viewer] {
	return func(yield func(string, edu.Viewer) bool) {
		for _, one := range six {
			if !yield(one.name, one.of(p)) {
				return
			}
		}
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
	s := setStage(t, setup(t, testdb.New(t)), "")
	s.exec(t, "SELECT refresh_related(ARRAY(SELECT id FROM courses))")
	return s
}

// setStage makes one more, whose emails and slugs end in a suffix.
func setStage(t *testing.T, a *api, suffix string) stage {
	t.Helper()
	s := stage{api: a}
	person := func(name, role string) edu.Viewer {
		key := one[int64](t, s.api, "INSERT INTO users (name, email, role, last_login) VALUES ($1, $1 || $3 || '@7p.example', $2, now()) RETURNING id", name, role, suffix)
		return edu.Viewer{ID: key, Role: edu.Role(strings.ToUpper(role))}
	}
	s.otherStudent, s.student = person("other", "student"), person("student", "student")
	s.otherTeacher, s.teacher, s.admin = person("rival", "instructor"), person("teacher", "instructor"), person("admin", "admin")
	category := one[int64](t, s.api, "INSERT INTO categories (name, slug) VALUES ('Only', 'only' || $1) RETURNING id", suffix)
	course := func(slug string, published bool) int64 {
		return one[int64](t, s.api, `INSERT INTO courses (slug, title, description, tags, difficulty, published, published_at, instructor_id, category_id)
			VALUES ($1, 'Secrets of ' || $1, 'All of it', '{hidden}', 'beginner', $2, '2026-01-01', $3, $4) RETURNING id`, slug, published, s.teacher.ID, category)
	}
	s.course, s.draft = course("open"+suffix, true), course("draft"+suffix, false)
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
	return s
}

// Lists and figures show what is published, whoever asks; only the instructor's
// own list and an admin's view of it count drafts.
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
			got := s.data(t, as, fmt.Sprintf("{ user(id: %q) { coursesTaught { totalCount } } }", id(edu.KindUser, s.teacher.ID)), nil)
			if total := at(got, "user", "coursesTaught", "totalCount"); total != want {
				t.Errorf("%v are taught, want %v", total, want)
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
