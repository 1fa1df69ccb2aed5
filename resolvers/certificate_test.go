package resolvers_test

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/7p-education/api/edu"
)

// certificateQuery returns all that the public sees of a certificate.
const certificateQuery = "query($code: String!) { certificate(code: $code) { code courseTitle issuedAt recipient { name } course { slug } } }"

// completeCourse records that the student watched the only video of the fixture's course, and returns the
// certificate in the response.
func (s fixture) completeCourse(t *testing.T) any {
	t.Helper()
	const record = `mutation($events: [VideoProgressEvent!]!) { recordVideoProgress(input: {events: $events}) {
		enrollments { completedAt certificate { code issuedAt courseTitle } } userErrors { code message field } } }`
	got := s.execute(t, s.student, record, eventVariables(videoEvent(s.video, 60)))
	wantUserErrors(t, got, "recordVideoProgress")
	certificate := got.At("recordVideoProgress", "enrollments", 0, "certificate")
	if valueAt(certificate, "issuedAt") != got.At("recordVideoProgress", "enrollments", 0, "completedAt") {
		t.Errorf("response %s, want the certificate issued at the completion", got.body)
	}
	return certificate
}

// The event that completes a course issues the certificate. Everyone who has its code can verify it.
func TestCertificate(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	if data := s.mustExecute(t, s.student, "{ viewer { certificates { totalCount nodes { id } } enrollments { nodes { certificate { id } } } } }", nil); fmt.Sprint(valueAt(data, "viewer", "certificates")) != "map[nodes:[] totalCount:0]" ||
		valueAt(data, "viewer", "enrollments", "nodes", 0, "certificate") != nil {
		t.Errorf("before the completion: %v", data)
	}
	certificate := s.completeCourse(t)
	code := fmt.Sprint(valueAt(certificate, "code"))
	if !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(code) {
		t.Errorf("code %s, want a random UUID", code)
	}
	for _, typed := range []string{code, strings.ToUpper(code), strings.ReplaceAll(code, "-", ""), " " + strings.ReplaceAll(code, "-", " ")} {
		data := s.mustExecute(t, anonymous, certificateQuery, map[string]any{"code": typed})
		found := valueAt(data, "certificate")
		if valueAt(found, "code") != code || valueAt(found, "recipient", "name") != "student" || valueAt(found, "courseTitle") != "Secrets of open" || valueAt(found, "course", "slug") != "open" {
			t.Errorf("%s: %v", typed, data)
		}
	}
	for _, wrong := range []string{"", "abc", strings.Repeat("0", 32), code[1:], code + "0"} {
		if data := s.mustExecute(t, anonymous, certificateQuery, map[string]any{"code": wrong}); valueAt(data, "certificate") != nil {
			t.Errorf("%q: %v, want null", wrong, data)
		}
	}
	// The code is needed: an id can be guessed.
	node := fmt.Sprintf("{ node(id: %q) { ... on Certificate { code } } }", globalID(edu.KindCertificate, queryOne[int64](t, s.testAPI, "SELECT id FROM certificates")))
	for column, as := range s.all() {
		data, allowed := s.mustExecute(t, as, node, nil), as.ID == s.student.ID || as == s.admin
		if (valueAt(data, "node") != nil) != allowed {
			t.Errorf("node for %s: %v", column, data)
		}
	}
}

// A certificate stays as it is: when the course is watched again, left, taken again, extended, renamed and
// unpublished.
func TestCertificateStays(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	first := s.completeCourse(t)
	code := valueAt(first, "code")
	check := func(after string) {
		t.Helper()
		data := s.mustExecute(t, s.student, "{ viewer { certificates { totalCount nodes { code issuedAt courseTitle } } } }", nil)
		list := valueAt(data, "viewer", "certificates")
		if valueAt(list, "totalCount") != 1.0 || fmt.Sprint(valueAt(list, "nodes", 0)) != fmt.Sprint(first) {
			t.Errorf("after %s: %v, want %v", after, list, first)
		}
	}
	s.mustExecute(t, s.student, recordMutation, eventVariables(videoEvent(s.video, 60), videoEvent(s.video, 1)))
	check("another event")
	s.exec(t, "UPDATE enrollments SET progress = 0, completed_at = NULL WHERE id = $1", s.enrollment)
	s.mustExecute(t, s.student, recordMutation, eventVariables(videoEvent(s.video, 60)))
	check("a second completion")
	s.mustExecute(t, s.student, mutationDocument("unenroll"), courseArguments()(t, s, s.course, 0))
	check("the end of the enrollment")
	s.mustExecute(t, s.student, enrollMutation, courseVariables(s.course)) // with the progress of before: completed
	check("another enrollment")
	s.mustExecute(t, s.instructor, mutationDocument("addVideo"), courseArguments("title", "Two", "durationSeconds", 60)(t, s, s.course, 0))
	check("a new video")
	s.mustExecute(t, s.student, mutationDocument("unenroll"), courseArguments()(t, s, s.course, 0))
	data := s.mustExecute(t, s.student, `mutation($id: ID!) { enroll(input: {courseId: $id}) { enrollment { status certificate { code } } } }`, courseVariables(s.course))
	if e := valueAt(data, "enroll", "enrollment"); valueAt(e, "status") != "IN_PROGRESS" || valueAt(e, "certificate", "code") != code {
		t.Errorf("enrolled after the new video: %v, want half of the progress and the certificate", e)
	}
	s.exec(t, "UPDATE courses SET title = 'Renamed', published = false WHERE id = $1", s.course)
	check("the end of the course")
	for as, course := range map[edu.Viewer]any{anonymous: nil, s.otherStudent: nil, s.student: "open", s.instructor: "open", s.admin: "open"} {
		data := s.mustExecute(t, as, certificateQuery, map[string]any{"code": code})
		if valueAt(data, "certificate", "courseTitle") != "Secrets of open" || valueAt(data, "certificate", "course", "slug") != course {
			t.Errorf("for %+v: %v", as, data)
		}
	}
	// The recipient's name is that of the account, so a name that is removed is gone here too.
	s.exec(t, "UPDATE users SET name = 'Deleted account' WHERE id = $1", s.student.ID)
	if data := s.mustExecute(t, anonymous, certificateQuery, map[string]any{"code": code}); valueAt(data, "certificate", "recipient", "name") != "Deleted account" {
		t.Errorf("after the change of the name: %v", data)
	}
	wantUserErrors(t, s.execute(t, s.admin, mutationDocument("deleteCourse"), inputVariables("id", globalID(edu.KindCourse, s.course))), "deleteCourse", "INVALID input.id")
	s.exec(t, "DELETE FROM enrollments WHERE course_id = $1", s.course)
	s.exec(t, "DELETE FROM reviews WHERE course_id = $1", s.course)
	s.exec(t, "DELETE FROM video_progress")
	wantUserErrors(t, s.execute(t, s.admin, mutationDocument("deleteCourse"), inputVariables("id", globalID(edu.KindCourse, s.course))), "deleteCourse", "INVALID input.id")
}

// Every way to complete an enrollment issues the certificate, once.
func TestWaysToCertificates(t *testing.T) {
	t.Parallel()
	count := func(s fixture) int { return queryOne[int](t, s.testAPI, "SELECT count(*)::int FROM certificates") }
	for name, complete := range map[string]func(*testing.T, fixture){
		"enroll, after watching": func(t *testing.T, s fixture) {
			s.exec(t, "DELETE FROM enrollments")
			s.mustExecute(t, s.student, enrollMutation, courseVariables(s.course))
		},
		"bulkEnroll, after watching": func(t *testing.T, s fixture) {
			s.exec(t, "DELETE FROM enrollments")
			s.mustExecute(t, s.instructor, mutationDocument("bulkEnroll"), courseArguments("emails", []any{"student@7p.example"})(t, s, s.course, 0))
		},
		"deleteVideo, of the only one not watched": func(t *testing.T, s fixture) {
			other := queryOne[int64](t, s.testAPI, "INSERT INTO videos (course_id, title, position, duration_seconds) VALUES ($1, 'Two', 2, 60) RETURNING id", s.course)
			s.mustExecute(t, s.instructor, mutationDocument("deleteVideo"), inputVariables("id", globalID(edu.KindVideo, other)))
		},
		"plain SQL": func(t *testing.T, s fixture) {
			s.exec(t, "UPDATE enrollments SET completed_at = now() WHERE id = $1", s.enrollment)
			s.exec(t, "UPDATE enrollments SET progress = 100 WHERE id = $1", s.enrollment)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newFixture(t)
			s.exec(t, "INSERT INTO video_progress (user_id, video_id, progress_seconds, watched_at) VALUES ($1, $2, 60, now())", s.student.ID, s.video)
			if n := count(s); n != 0 {
				t.Fatalf("%d certificates before", n)
			}
			complete(t, s)
			if n := count(s); n != 1 {
				t.Errorf("%d certificates, want 1", n)
			}
		})
	}
}

// Events of many devices at the same time issue one certificate.
func TestConcurrentCertificates(t *testing.T) {
	t.Parallel()
	c := newConcurrentWriters(t)
	c.exec(t, enrollEveryone)
	var wait sync.WaitGroup
	for device := range 6 {
		for _, course := range c.courses {
			wait.Go(func() {
				video := c.videos[course][device%3]
				got := c.execute(t, c.learners[device%2], recordMutation, eventVariables(videoEvent(video, videoSeconds), videoEvent(c.videos[course][(device+1)%3], videoSeconds)))
				wantUserErrors(t, got, "recordVideoProgress")
			})
		}
	}
	wait.Wait()
	if n := queryOne[int](t, c.testAPI, "SELECT count(*)::int FROM certificates"); n != 2*courseCount {
		t.Errorf("%d certificates, want one for each of %d completed enrollments", n, 2*courseCount)
	}
}

// A completion and its certificate are one transaction.
func TestCompletionWithoutCertificate(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	s.exec(t, "ALTER TABLE certificates ADD CHECK (course_title = '')")
	got := s.execute(t, s.student, recordMutation, eventVariables(videoEvent(s.video, 60)))
	if got.Codes() != "INTERNAL_SERVER_ERROR" {
		t.Errorf("response %s", got.body)
	}
	if n := queryOne[int](t, s.testAPI, "SELECT count(*)::int FROM enrollments WHERE completed_at IS NOT NULL OR progress <> 50"); n != 0 {
		t.Errorf("%d enrollments changed without a certificate", n)
	}
}
