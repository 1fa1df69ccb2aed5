package resolvers_test

import (
	"fmt"
	"iter"
	"strings"
	"testing"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/testdb"
)

// viewerSet holds the viewers of docs/permissions.md. The instructor owns the courses, the student owns the
// private data of a user, and the others own neither.
type viewerSet struct{ anonymous, otherStudent, student, otherInstructor, instructor, admin edu.Viewer }

// viewerColumns are the columns of docs/permissions.md.
var viewerColumns = []struct {
	name   string
	viewer func(viewerSet) edu.Viewer
}{
	{"anonymous", func(p viewerSet) edu.Viewer { return p.anonymous }},
	{"another student", func(p viewerSet) edu.Viewer { return p.otherStudent }},
	{"the student", func(p viewerSet) edu.Viewer { return p.student }},
	{"another instructor", func(p viewerSet) edu.Viewer { return p.otherInstructor }},
	{"the instructor", func(p viewerSet) edu.Viewer { return p.instructor }},
	{"an admin", func(p viewerSet) edu.Viewer { return p.admin }},
}

// all iterates over the viewers and the names of their columns.
func (p viewerSet) all() iter.Seq2[string, edu.Viewer] {
	return func(yield func(string, edu.Viewer) bool) {
		for _, column := range viewerColumns {
			if !yield(column.name, column.viewer(p)) {
				return
			}
		}
	}
}

// fixture has a published course and a draft of the instructor. Each has a video, and a review and an
// enrollment of the student. The draft has a section.
type fixture struct {
	*testAPI
	viewerSet
	course, draft, video, draftVideo, review, draftReview, enrollment, draftEnrollment, draftSection int64
}

// newFixture returns a fixture in a database of its own.
func newFixture(t *testing.T) fixture {
	t.Helper()
	s := insertFixture(t, setup(t, testdb.New(t)), "")
	s.exec(t, "SELECT refresh_related(ARRAY(SELECT id FROM courses))")
	return s
}

// insertFixture inserts a fixture into a database. Its emails and slugs end in suffix.
func insertFixture(t *testing.T, a *testAPI, suffix string) fixture {
	t.Helper()
	s := fixture{testAPI: a}
	user := func(name, role string) edu.Viewer {
		key := queryOne[int64](t, s.testAPI, "INSERT INTO users (name, email, role, last_login) VALUES ($1, $1 || $3 || '@7p.example', $2, now()) RETURNING id", name, role, suffix)
		return edu.Viewer{ID: key, Role: edu.Role(strings.ToUpper(role))}
	}
	s.otherStudent, s.student = user("other", "student"), user("student", "student")
	s.otherInstructor, s.instructor, s.admin = user("rival", "instructor"), user("teacher", "instructor"), user("admin", "admin")
	category := queryOne[int64](t, s.testAPI, "INSERT INTO categories (name, slug) VALUES ('Only', 'only' || $1) RETURNING id", suffix)
	course := func(slug string, published bool) int64 {
		return queryOne[int64](t, s.testAPI, `INSERT INTO courses (slug, title, description, tags, difficulty, published, published_at, instructor_id, category_id)
			VALUES ($1, 'Secrets of ' || $1, 'All of it', '{hidden}', 'beginner', $2, '2026-01-01', $3, $4) RETURNING id`, slug, published, s.instructor.ID, category)
	}
	s.course, s.draft = course("open"+suffix, true), course("draft"+suffix, false)
	video := func(course int64) int64 {
		return queryOne[int64](t, s.testAPI, "INSERT INTO videos (course_id, title, position, duration_seconds) VALUES ($1, 'One', 1, 60) RETURNING id", course)
	}
	s.video, s.draftVideo = video(s.course), video(s.draft)
	s.draftSection = insertSection(t, s.testAPI, s.draft)
	review := func(course int64) int64 {
		return queryOne[int64](t, s.testAPI, "INSERT INTO reviews (course_id, user_id, rating) VALUES ($1, $2, 5) RETURNING id", course, s.student.ID)
	}
	s.review, s.draftReview = review(s.course), review(s.draft)
	enrollment := func(course int64) int64 {
		return queryOne[int64](t, s.testAPI, "INSERT INTO enrollments (course_id, user_id, progress) VALUES ($1, $2, 50) RETURNING id", course, s.student.ID)
	}
	s.enrollment, s.draftEnrollment = enrollment(s.course), enrollment(s.draft)
	return s
}

// TestListsShowPublishedCourses checks that lists and figures include only published courses for every
// viewer. Only the instructor's own list, for the instructor and for admins, includes drafts.
func TestListsShowPublishedCourses(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	query := fmt.Sprintf(`{
		courses { totalCount nodes { slug } }
		filtered: courses(filter: { instructorId: %[1]q, tags: ["hidden"] }) { totalCount nodes { slug } }
		categories { courseCount courses { totalCount nodes { slug } } }
		everything: searchCourses { totalCount nodes { slug } facets { categories { count } difficulties { count } prices { count } } }
		secrets: searchCourses(query: "secrets draft open") { totalCount didYouMean nodes { slug } }
		searchSuggestions(prefix: "Secrets")
		suggest(prefix: "Secrets") { text course { slug } }
		course(slug: "open") { relatedCourses { slug } }
		nodes(ids: [%[2]q, %[3]q]) { id }
	}`, globalID(edu.KindUser, s.instructor.ID), globalID(edu.KindCourse, s.course), globalID(edu.KindVideo, s.video))
	for column, as := range s.all() {
		t.Run(column, func(t *testing.T) {
			got := s.execute(t, as, query, nil)
			if len(got.Errors) > 0 || strings.Contains(string(got.body), "draft") || !strings.Contains(string(got.body), `"slug":"open"`) {
				t.Errorf("response %s, want only the published course", got.body)
			}
			for _, total := range []any{
				got.At("courses", "totalCount"), got.At("filtered", "totalCount"), got.At("everything", "totalCount"),
				got.At("categories", 0, "courseCount"), got.At("categories", 0, "courses", "totalCount"),
				got.At("everything", "facets", "categories", 0, "count"), got.At("everything", "facets", "prices", 0, "count"),
			} {
				if total != 1.0 {
					t.Errorf("a total is %v, want 1: %s", total, got.body)
				}
			}
		})
		t.Run("coursesTaught for "+column, func(t *testing.T) {
			want := 1.0
			if as == s.instructor || as == s.admin {
				want = 2
			}
			got := s.mustExecute(t, as, fmt.Sprintf("{ user(id: %q) { coursesTaught { totalCount } } }", globalID(edu.KindUser, s.instructor.ID)), nil)
			if total := valueAt(got, "user", "coursesTaught", "totalCount"); total != want {
				t.Errorf("coursesTaught.totalCount %v, want %v", total, want)
			}
		})
	}
}

// TestDraftsAreNotFound checks that a word of a draft's title is neither found nor suggested.
func TestDraftsAreNotFound(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	s.exec(t, "UPDATE courses SET title = 'Zymurgy', tags = '{zymurgy}' WHERE id = $1", s.draft)
	for column, as := range s.all() {
		got := s.execute(t, as, `{ exact: searchCourses(query: "zymurgy") { totalCount } typo: searchCourses(query: "zymurgi") { totalCount didYouMean } searchSuggestions(prefix: "zym")
			suggest(prefix: "zym") { text } }`, nil)
		if len(got.Errors) > 0 || strings.Contains(strings.ToLower(string(got.body)), "zymurgy") || got.At("exact", "totalCount") != 0.0 {
			t.Errorf("%s got %s, want no trace of the draft", column, got.body)
		}
	}
}
