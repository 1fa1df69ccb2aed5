package resolvers_test

import (
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/testdb"
)

const enrollMutation = `mutation($id: ID!) { enroll(input: {courseId: $id}) {
	enrollment { id progress status course { id enrollmentCount viewerEnrollment { id } } } userErrors { code message field } } }`

// refusals returns the user errors of a payload as "CODE input.field".
func refusals(got answer, mutation string) []string {
	list, _ := at(got.Data, mutation, "userErrors").([]any)
	told := make([]string, len(list))
	for i, e := range list {
		var path []string
		for _, step := range at(e, "field").([]any) {
			path = append(path, step.(string))
		}
		told[i] = fmt.Sprint(at(e, "code")) + " " + strings.Join(path, ".")
	}
	return told
}

func wantRefusals(t *testing.T, got answer, mutation string, want ...string) {
	t.Helper()
	if told := refusals(got, mutation); len(got.Errors) > 0 || strings.Join(told, "; ") != strings.Join(want, "; ") {
		t.Errorf("%s answered %.2000s, want the user errors %v", mutation, got.body, want)
	}
}

// course is the variable of a mutation on a course.
func courseID(key int64) map[string]any { return map[string]any{"id": id(edu.KindCourse, key)} }

func TestEnroll(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	got := s.ask(t, s.otherStudent, enrollMutation, courseID(s.course))
	wantRefusals(t, got, "enroll")
	made := at(got.Data, "enroll", "enrollment")
	if at(made, "progress") != 0.0 || at(made, "status") != "NOT_STARTED" ||
		at(made, "course", "enrollmentCount") != 2.0 || at(made, "course", "viewerEnrollment", "id") != at(made, "id") {
		t.Errorf("answered %s", got.body)
	}
	// BEGIN, lock, taken? – insert, COMMIT – the course and the viewer's enrollment.
	if got.cost.Statements != 7 || got.cost.RoundTrips != 4 || got.cost.Waits != 0 {
		t.Errorf("cost %+v, want 7 statements in 4 round trips", got.cost)
	}
	wantRefusals(t, s.ask(t, s.otherStudent, enrollMutation, courseID(s.course)), "enroll", "ALREADY_EXISTS input.courseId")
	wantRefusals(t, s.ask(t, s.otherStudent, enrollMutation, courseID(s.draft)), "enroll", "NOT_FOUND input.courseId")
	wantRefusals(t, s.ask(t, s.otherStudent, enrollMutation, courseID(99)), "enroll", "NOT_FOUND input.courseId")
	wantRefusals(t, s.ask(t, s.teacher, enrollMutation, courseID(s.draft)), "enroll", "NOT_PUBLISHED input.courseId")
	wantRefusals(t, s.ask(t, s.otherStudent, enrollMutation, map[string]any{"id": "nonsense"}), "enroll", "INVALID input.courseId")
	wantRefusals(t, s.ask(t, s.otherStudent, enrollMutation, map[string]any{"id": id(edu.KindVideo, s.video)}), "enroll", "INVALID input.courseId")
	wantRefusal(t, s.ask(t, s.nobody, enrollMutation, courseID(s.course)), edu.Unauthenticated)
}

// Of 50 at once, one makes the row and 49 are told that it is there.
func TestEnrollAtOnce(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	var wait sync.WaitGroup
	told := make(chan string, 50)
	for range 50 {
		wait.Go(func() {
			got := s.ask(t, s.otherStudent, enrollMutation, courseID(s.course))
			told <- strings.Join(refusals(got, "enroll"), ";")
		})
	}
	wait.Wait()
	close(told)
	count := map[string]int{}
	for one := range told {
		count[one]++
	}
	if want := map[string]int{"": 1, "ALREADY_EXISTS input.courseId": 49}; !reflect.DeepEqual(count, want) {
		t.Errorf("were told %v, want %v", count, want)
	}
	if n := one[int](t, s.api, "SELECT enrollment_count FROM courses WHERE id = $1", s.course); n != 2 {
		t.Errorf("enrollment_count is %d, want 2", n)
	}
}

func TestUnenroll(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	const unenroll = `mutation($id: ID!) { unenroll(input: {courseId: $id}) { course { slug enrollmentCount viewerEnrollment { id } } userErrors { code message field } } }`
	wantRefusals(t, s.ask(t, s.otherStudent, unenroll, courseID(s.course)), "unenroll", "NOT_ENROLLED input.courseId")
	wantRefusals(t, s.ask(t, s.otherStudent, unenroll, courseID(s.draft)), "unenroll", "NOT_FOUND input.courseId")
	got := s.ask(t, s.student, unenroll, courseID(s.course))
	wantRefusals(t, got, "unenroll")
	if at(got.Data, "unenroll", "course", "enrollmentCount") != 0.0 || at(got.Data, "unenroll", "course", "viewerEnrollment") != nil {
		t.Errorf("answered %s", got.body)
	}
	// A course that is hidden by now can be left, and is not shown.
	got = s.ask(t, s.student, unenroll, courseID(s.draft))
	wantRefusals(t, got, "unenroll")
	if at(got.Data, "unenroll", "course") != nil {
		t.Errorf("answered %s, want no course", got.body)
	}
	if n := one[int](t, s.api, "SELECT count(*)::int FROM enrollments"); n != 0 {
		t.Errorf("%d enrollments are left", n)
	}
}

func TestReviewCourse(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	const review = `mutation($id: ID!, $rating: Int!, $body: String!) { reviewCourse(input: {courseId: $id, rating: $rating, body: $body}) {
		review { id rating body author { name } course { rating reviewCount reviews { nodes { body } } } } userErrors { code message field } } }`
	with := func(course int64, rating int, body string) map[string]any {
		return map[string]any{"id": id(edu.KindCourse, course), "rating": rating, "body": body}
	}
	got := s.ask(t, s.student, review, with(s.course, 2, "e\u0301t\u00e9 & <b>\n\tso so"))
	wantRefusals(t, got, "reviewCourse")
	r := at(got.Data, "reviewCourse", "review")
	if at(r, "id") != id(edu.KindReview, s.review) || at(r, "rating") != 2.0 || at(r, "body") != "été & <b>\n\tso so" ||
		at(r, "course", "rating") != 2.0 || at(r, "course", "reviewCount") != 1.0 || at(r, "course", "reviews", "nodes", 0, "body") != at(r, "body") {
		t.Errorf("answered %s, want the first review replaced", got.body)
	}
	s.data(t, s.otherStudent, enrollMutation, courseID(s.course))
	got = s.ask(t, s.otherStudent, review, with(s.course, 5, ""))
	if at(got.Data, "reviewCourse", "review", "course", "rating") != 3.5 {
		t.Errorf("answered %s, want a mean of 3.5", got.body)
	}
	for name, c := range map[string]struct {
		as        edu.Viewer
		variables map[string]any
		want      []string
	}{
		"not enrolled": {s.otherTeacher, with(s.course, 5, ""), []string{"NOT_ENROLLED input.courseId"}},
		"hidden":       {s.otherStudent, with(s.draft, 5, ""), []string{"NOT_FOUND input.courseId"}},
		"unpublished":  {s.student, with(s.draft, 5, ""), []string{"NOT_PUBLISHED input.courseId"}},
		"all wrong":    {s.student, with(s.course, 6, "\x1b[2J"), []string{"INVALID input.rating", "INVALID input.body"}},
		"too long":     {s.student, with(s.course, 1, strings.Repeat("é", 5001)), []string{"INVALID input.body"}},
	} {
		t.Run(name, func(t *testing.T) { wantRefusals(t, s.ask(t, c.as, review, c.variables), "reviewCourse", c.want...) })
	}
}

const recordMutation = `mutation($events: [VideoProgressEvent!]!) { recordVideoProgress(input: {events: $events}) {
	recordedCount enrollments { id progress status completedAt lastAccessedAt course { id } } userErrors { code message field } } }`

func event(video int64, seconds int) map[string]any {
	return map[string]any{"videoId": id(edu.KindVideo, video), "progressSeconds": seconds}
}

func events(list ...map[string]any) map[string]any { return map[string]any{"events": list} }

func TestRecordVideoProgress(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	second := one[int64](t, s.api, "INSERT INTO videos (course_id, title, position, duration_seconds) VALUES ($1, 'Two', 2, 100) RETURNING id", s.course)
	s.exec(t, "UPDATE enrollments SET progress = 10 WHERE id = $1", s.enrollment)

	got := s.ask(t, s.student, recordMutation, events(event(s.video, 54), event(second, 89), event(second, 20)))
	wantRefusals(t, got, "recordVideoProgress")
	e := at(got.Data, "recordVideoProgress", "enrollments", 0)
	if at(got.Data, "recordVideoProgress", "recordedCount") != 3.0 || at(e, "progress") != 50.0 || at(e, "status") != "IN_PROGRESS" || at(e, "lastAccessedAt") == nil {
		t.Errorf("answered %s, want half of the videos watched", got.body)
	}
	if got.cost.Statements != 8 || got.cost.RoundTrips != 3 {
		t.Errorf("cost %+v, want 8 statements in 3 round trips, however many events", got.cost)
	}
	got = s.ask(t, s.student, recordMutation, events(event(second, 90)))
	e = at(got.Data, "recordVideoProgress", "enrollments", 0)
	if at(e, "progress") != 100.0 || at(e, "status") != "COMPLETED" || at(e, "completedAt") == nil {
		t.Errorf("answered %s, want all watched", got.body)
	}
	// A new video does not take away what was reached, nor does watching again.
	s.exec(t, "INSERT INTO videos (course_id, title, position, duration_seconds) VALUES ($1, 'Three', 3, 100)", s.course)
	again := s.ask(t, s.student, recordMutation, events(event(s.video, 1)))
	if a := at(again.Data, "recordVideoProgress", "enrollments", 0); at(a, "progress") != 100.0 || at(a, "completedAt") != at(e, "completedAt") {
		t.Errorf("answered %s, want progress and completedAt as they were", again.body)
	}
	// Both courses at once, the hidden one too: the viewer takes it.
	both := s.ask(t, s.student, recordMutation, events(event(s.draftVideo, 60), event(s.video, 2)))
	if n := len(at(both.Data, "recordVideoProgress", "enrollments").([]any)); n != 2 {
		t.Errorf("answered %s, want two enrollments", both.body)
	}
}

func TestRecordVideoProgressRefuses(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	when := func(e map[string]any, at time.Time) map[string]any {
		e["watchedAt"] = at.Format(time.RFC3339)
		return e
	}
	now := testdb.Now
	for name, c := range map[string]struct {
		as     edu.Viewer
		events []map[string]any
		want   []string
	}{
		"none":         {s.student, []map[string]any{}, []string{"INVALID input.events"}},
		"too many":     {s.student, make([]map[string]any, 501), []string{"INVALID input.events"}},
		"the future":   {s.student, []map[string]any{event(s.video, 1), when(event(s.video, 1), now.Add(6*time.Minute))}, []string{"INVALID input.events.1.watchedAt"}},
		"long ago":     {s.student, []map[string]any{when(event(s.video, 1), now.AddDate(-1, 0, -2))}, []string{"INVALID input.events.0.watchedAt"}},
		"negative":     {s.student, []map[string]any{event(s.video, -1)}, []string{"INVALID input.events.0.progressSeconds"}},
		"beyond":       {s.student, []map[string]any{event(s.video, 91)}, []string{"INVALID input.events.0.progressSeconds"}},
		"no video":     {s.student, []map[string]any{event(999, 1)}, []string{"NOT_FOUND input.events.0.videoId"}},
		"not enrolled": {s.otherStudent, []map[string]any{event(s.video, 1), event(s.draftVideo, 1)}, []string{"NOT_ENROLLED input.events.0.videoId", "NOT_FOUND input.events.1.videoId"}},
	} {
		t.Run(name, func(t *testing.T) {
			for i := range c.events {
				if c.events[i] == nil {
					c.events[i] = event(s.video, 1)
				}
			}
			wantRefusals(t, s.ask(t, c.as, recordMutation, events(c.events...)), "recordVideoProgress", c.want...)
		})
	}
	if n := one[int](t, s.api, "SELECT count(*)::int FROM video_progress"); n != 0 {
		t.Errorf("%d events were recorded, want none", n)
	}
}

func TestBulkEnroll(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	const bulk = `mutation($id: ID!, $emails: [String!]!) { bulkEnroll(input: {courseId: $id, emails: $emails}) {
		enrolledCount alreadyEnrolledCount unknownEmails userErrors { code message field } } }`
	with := func(course int64, emails ...string) map[string]any {
		return map[string]any{"id": id(edu.KindCourse, course), "emails": append([]string{}, emails...)}
	}
	s.exec(t, "INSERT INTO users (name, email, active) VALUES ('gone', 'gone@7p.example', false)")
	got := s.ask(t, s.teacher, bulk, with(s.course, "nobody@7p.example", "OTHER@7p.example", "other@7p.example", "student@7p.example", "gone@7p.example", "rival@7p.example"))
	wantRefusals(t, got, "bulkEnroll")
	want := map[string]any{"enrolledCount": 2.0, "alreadyEnrolledCount": 1.0, "unknownEmails": []any{"nobody@7p.example", "gone@7p.example"}, "userErrors": []any{}}
	if !reflect.DeepEqual(at(got.Data, "bulkEnroll"), want) {
		t.Errorf("answered %s, want %v", got.body, want)
	}
	if n := one[int](t, s.api, "SELECT enrollment_count FROM courses WHERE id = $1", s.course); n != 3 {
		t.Errorf("enrollment_count is %d, want 3", n)
	}
	wantRefusals(t, s.ask(t, s.otherTeacher, bulk, with(s.course, "a@b.example")), "bulkEnroll", "FORBIDDEN input.courseId")
	wantRefusals(t, s.ask(t, s.otherTeacher, bulk, with(s.draft, "a@b.example")), "bulkEnroll", "NOT_FOUND input.courseId")
	wantRefusals(t, s.ask(t, s.teacher, bulk, with(s.draft, "a@b.example")), "bulkEnroll", "NOT_PUBLISHED input.courseId")
	wantRefusals(t, s.ask(t, s.teacher, bulk, with(s.course)), "bulkEnroll", "INVALID input.emails")
	wantRefusals(t, s.ask(t, s.teacher, bulk, with(s.course, "a@b.example", "x\x00")), "bulkEnroll", "INVALID input.emails.1")
	wantRefusal(t, s.ask(t, s.student, bulk, with(s.course, "a@b.example")), edu.Forbidden)
}
