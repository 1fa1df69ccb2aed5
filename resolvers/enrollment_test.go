package resolvers_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/testdb"
)

const enrollMutation = `mutation($id: ID!) { enroll(input: {courseId: $id}) {
	enrollment { id progress status course { id enrollmentCount viewerEnrollment { id } } } userErrors { code message field } } }`

// userErrors returns the user errors of a payload as "CODE input.field".
func userErrors(got response, mutation string) []string {
	list, _ := got.At(mutation, "userErrors").([]any)
	problems := make([]string, len(list))
	for i, e := range list {
		var path []string
		for _, step := range valueAt(e, "field").([]any) {
			path = append(path, step.(string))
		}
		problems[i] = fmt.Sprint(valueAt(e, "code")) + " " + strings.Join(path, ".")
	}
	return problems
}

// wantUserErrors checks that a response has exactly these user errors, as userErrors returns them, and no
// other errors.
func wantUserErrors(t *testing.T, got response, mutation string, want ...string) {
	t.Helper()
	if problems := userErrors(got, mutation); len(got.Errors) > 0 || strings.Join(problems, "; ") != strings.Join(want, "; ") {
		t.Errorf("response of %s %.2000s, want the user errors %v", mutation, got.body, want)
	}
}

// courseVariables returns the variables of a mutation on a course.
func courseVariables(key int64) map[string]any {
	return map[string]any{"id": globalID(edu.KindCourse, key)}
}

func TestEnroll(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	got := s.execute(t, s.otherStudent, enrollMutation, courseVariables(s.course))
	wantUserErrors(t, got, "enroll")
	enrollment := got.At("enroll", "enrollment")
	if valueAt(enrollment, "progress") != 0.0 || valueAt(enrollment, "status") != "NOT_STARTED" ||
		valueAt(enrollment, "course", "enrollmentCount") != 2.0 || valueAt(enrollment, "course", "viewerEnrollment", "id") != valueAt(enrollment, "id") {
		t.Errorf("response %s", got.body)
	}
	// Round trips: BEGIN, lock, enrolled already? – insert, COMMIT – the course and the viewer's enrollment.
	if got.cost.Statements != 7 || got.cost.RoundTrips != 4 || got.cost.Waits != 0 {
		t.Errorf("cost %+v, want 7 statements in 4 round trips", got.cost)
	}
	wantUserErrors(t, s.execute(t, s.otherStudent, enrollMutation, courseVariables(s.course)), "enroll", "ALREADY_EXISTS input.courseId")
	wantUserErrors(t, s.execute(t, s.otherStudent, enrollMutation, courseVariables(s.draft)), "enroll", "NOT_FOUND input.courseId")
	wantUserErrors(t, s.execute(t, s.otherStudent, enrollMutation, courseVariables(99)), "enroll", "NOT_FOUND input.courseId")
	wantUserErrors(t, s.execute(t, s.instructor, enrollMutation, courseVariables(s.draft)), "enroll", "NOT_PUBLISHED input.courseId")
	wantUserErrors(t, s.execute(t, s.otherStudent, enrollMutation, map[string]any{"id": "invalid"}), "enroll", "INVALID input.courseId")
	wantUserErrors(t, s.execute(t, s.otherStudent, enrollMutation, map[string]any{"id": globalID(edu.KindVideo, s.video)}), "enroll", "INVALID input.courseId")
	wantError(t, s.execute(t, s.anonymous, enrollMutation, courseVariables(s.course)), edu.Unauthenticated)
}

// TestConcurrentEnroll checks that one of 50 concurrent requests inserts the row and 49 get ALREADY_EXISTS.
func TestConcurrentEnroll(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	var wait sync.WaitGroup
	outcomes := make(chan string, 50)
	for range 50 {
		wait.Go(func() {
			got := s.execute(t, s.otherStudent, enrollMutation, courseVariables(s.course))
			outcomes <- strings.Join(userErrors(got, "enroll"), ";")
		})
	}
	wait.Wait()
	close(outcomes)
	count := map[string]int{}
	for outcome := range outcomes {
		count[outcome]++
	}
	if want := map[string]int{"": 1, "ALREADY_EXISTS input.courseId": 49}; !reflect.DeepEqual(count, want) {
		t.Errorf("outcomes %v, want %v", count, want)
	}
	if n := queryOne[int](t, s.testAPI, "SELECT enrollment_count FROM courses WHERE id = $1", s.course); n != 2 {
		t.Errorf("enrollment_count is %d, want 2", n)
	}
}

func TestUnenroll(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	const unenroll = `mutation($id: ID!) { unenroll(input: {courseId: $id}) { course { slug enrollmentCount viewerEnrollment { id } } userErrors { code message field } } }`
	wantUserErrors(t, s.execute(t, s.otherStudent, unenroll, courseVariables(s.course)), "unenroll", "NOT_ENROLLED input.courseId")
	wantUserErrors(t, s.execute(t, s.otherStudent, unenroll, courseVariables(s.draft)), "unenroll", "NOT_FOUND input.courseId")
	got := s.execute(t, s.student, unenroll, courseVariables(s.course))
	wantUserErrors(t, got, "unenroll")
	if got.At("unenroll", "course", "enrollmentCount") != 0.0 || got.At("unenroll", "course", "viewerEnrollment") != nil {
		t.Errorf("response %s", got.body)
	}
	// The viewer can leave a course that is no longer published. The payload does not show it.
	got = s.execute(t, s.student, unenroll, courseVariables(s.draft))
	wantUserErrors(t, got, "unenroll")
	if got.At("unenroll", "course") != nil {
		t.Errorf("response %s, want no course", got.body)
	}
	if n := queryOne[int](t, s.testAPI, "SELECT count(*)::int FROM enrollments"); n != 0 {
		t.Errorf("%d enrollments remain, want none", n)
	}
}

func TestReviewCourse(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	const review = `mutation($id: ID!, $rating: Int!, $body: String!) { reviewCourse(input: {courseId: $id, rating: $rating, body: $body}) {
		review { id rating body author { name } course { rating reviewCount reviews { nodes { body } } } } userErrors { code message field } } }`
	reviewOf := func(course int64, rating int, body string) map[string]any {
		return map[string]any{"id": globalID(edu.KindCourse, course), "rating": rating, "body": body}
	}
	got := s.execute(t, s.student, review, reviewOf(s.course, 2, "e\u0301t\u00e9 & <b>\n\tso so"))
	wantUserErrors(t, got, "reviewCourse")
	r := got.At("reviewCourse", "review")
	if valueAt(r, "id") != globalID(edu.KindReview, s.review) || valueAt(r, "rating") != 2.0 || valueAt(r, "body") != "été & <b>\n\tso so" ||
		valueAt(r, "course", "rating") != 2.0 || valueAt(r, "course", "reviewCount") != 1.0 || valueAt(r, "course", "reviews", "nodes", 0, "body") != valueAt(r, "body") {
		t.Errorf("response %s, want the first review replaced", got.body)
	}
	s.mustExecute(t, s.otherStudent, enrollMutation, courseVariables(s.course))
	got = s.execute(t, s.otherStudent, review, reviewOf(s.course, 5, ""))
	if got.At("reviewCourse", "review", "course", "rating") != 3.5 {
		t.Errorf("response %s, want a mean of 3.5", got.body)
	}
	for name, c := range map[string]struct {
		as        edu.Viewer
		variables map[string]any
		want      []string
	}{
		"rejects a viewer who is not enrolled":          {s.otherInstructor, reviewOf(s.course, 5, ""), []string{"NOT_ENROLLED input.courseId"}},
		"rejects a course that the viewer may not see":  {s.otherStudent, reviewOf(s.draft, 5, ""), []string{"NOT_FOUND input.courseId"}},
		"rejects an unpublished course":                 {s.student, reviewOf(s.draft, 5, ""), []string{"NOT_PUBLISHED input.courseId"}},
		"rejects an invalid rating and an invalid body": {s.student, reviewOf(s.course, 6, "\x1b[2J"), []string{"INVALID input.rating", "INVALID input.body"}},
		"rejects a body of 5,001 characters":            {s.student, reviewOf(s.course, 1, strings.Repeat("é", 5001)), []string{"INVALID input.body"}},
	} {
		t.Run(name, func(t *testing.T) {
			wantUserErrors(t, s.execute(t, c.as, review, c.variables), "reviewCourse", c.want...)
		})
	}
}

const recordMutation = `mutation($events: [VideoProgressEvent!]!) { recordVideoProgress(input: {events: $events}) {
	recordedCount enrollments { id progress status completedAt lastAccessedAt course { id } } userErrors { code message field } } }`

// videoEvent returns an event of recordMutation.
func videoEvent(video int64, seconds int) map[string]any {
	return map[string]any{"videoId": globalID(edu.KindVideo, video), "progressSeconds": seconds}
}

// eventVariables returns the variables of recordMutation.
func eventVariables(list ...map[string]any) map[string]any { return map[string]any{"events": list} }

func TestRecordVideoProgress(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	second := queryOne[int64](t, s.testAPI, "INSERT INTO videos (course_id, title, position, duration_seconds) VALUES ($1, 'Two', 2, 100) RETURNING id", s.course)
	s.exec(t, "UPDATE enrollments SET progress = 10 WHERE id = $1", s.enrollment)

	got := s.execute(t, s.student, recordMutation, eventVariables(videoEvent(s.video, 54), videoEvent(second, 89), videoEvent(second, 20)))
	wantUserErrors(t, got, "recordVideoProgress")
	e := got.At("recordVideoProgress", "enrollments", 0)
	if got.At("recordVideoProgress", "recordedCount") != 3.0 || valueAt(e, "progress") != 50.0 || valueAt(e, "status") != "IN_PROGRESS" || valueAt(e, "lastAccessedAt") == nil {
		t.Errorf("response %s, want half of the videos watched", got.body)
	}
	// Round trips: BEGIN, lock, the sittings – insert them, raise the progress, COMMIT – the payload.
	if got.cost.Statements != 9 || got.cost.RoundTrips != 3 {
		t.Errorf("cost %+v, want 9 statements in 3 round trips, however many events", got.cost)
	}
	got = s.execute(t, s.student, recordMutation, eventVariables(videoEvent(second, 90)))
	e = got.At("recordVideoProgress", "enrollments", 0)
	if valueAt(e, "progress") != 100.0 || valueAt(e, "status") != "COMPLETED" || valueAt(e, "completedAt") == nil {
		t.Errorf("response %s, want all videos watched", got.body)
	}
	// Neither a new video nor watching again lowers the progress.
	s.exec(t, "INSERT INTO videos (course_id, title, position, duration_seconds) VALUES ($1, 'Three', 3, 100)", s.course)
	again := s.execute(t, s.student, recordMutation, eventVariables(videoEvent(s.video, 1)))
	if a := again.At("recordVideoProgress", "enrollments", 0); valueAt(a, "progress") != 100.0 || valueAt(a, "completedAt") != valueAt(e, "completedAt") {
		t.Errorf("response %s, want unchanged progress and completedAt", again.body)
	}
	// Both courses at once, including the unpublished one that the viewer is enrolled in.
	both := s.execute(t, s.student, recordMutation, eventVariables(videoEvent(s.draftVideo, 60), videoEvent(s.video, 2)))
	if n := len(both.At("recordVideoProgress", "enrollments").([]any)); n != 2 {
		t.Errorf("response %s, want two enrollments", both.body)
	}
}

// TestWatchTimeIsTimeWatched checks that heartbeats, sent twice and in any order, sum to what was watched, and
// that no sum of them is a wrong Int.
func TestWatchTimeIsTimeWatched(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	const read = `{ viewer { dashboard { watchTimeSeconds watchTime(last: 1) { value } } } }`
	watchedAt := func(video int64, seconds int) map[string]any {
		e := videoEvent(video, seconds)
		e["watchedAt"] = testdb.Now.Add(time.Duration(seconds-3600) * time.Second).Format(time.RFC3339)
		return e
	}
	s.exec(t, "UPDATE videos SET duration_seconds = 600 WHERE id = $1", s.video)
	var events []map[string]any
	for n := 600; n > 0; n -= 10 {
		events = append(events, watchedAt(s.video, n))
	}
	s.mustExecute(t, s.student, recordMutation, eventVariables(slices.Concat(events, events[:9])...))
	for _, e := range events[20:23] {
		s.mustExecute(t, s.student, recordMutation, eventVariables(e))
	}
	got := s.execute(t, s.student, read, nil)
	if got.At("viewer", "dashboard", "watchTimeSeconds") != 600.0 || got.At("viewer", "dashboard", "watchTime", 0, "value") != 600.0 {
		t.Errorf("response %s, want 600 s", got.body)
	}
	s.exec(t, "UPDATE video_progress SET watched_seconds = 2147483647 WHERE user_id = $1", s.student.ID)
	if got = s.execute(t, s.student, read, nil); got.At("viewer", "dashboard", "watchTimeSeconds") != 2147483647.0 {
		t.Errorf("response %s, want the largest Int", got.body)
	}
	s.mustExecute(t, s.student, recordMutation, eventVariables(videoEvent(s.draftVideo, 1)))
	got = s.execute(t, s.student, read, nil)
	wantError(t, got, edu.OutOfRange)
	if got.At("viewer") == nil || got.At("viewer", "dashboard") != nil {
		t.Errorf("response %s, want a viewer without a dashboard", got.body)
	}
	if got = s.execute(t, s.student, `{ viewer { dashboard { watchTime(last: 1) { value } } } }`, nil); got.At("viewer", "dashboard", "watchTime", 0, "value") != 2147483648.0 {
		t.Errorf("response %s, want the sum as a Float", got.body)
	}
}

// TestRecordVideoProgressByEvent checks that events with a problem do not prevent the others from being
// recorded, as for an app that sends what it collected while it was offline.
func TestRecordVideoProgressByEvent(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	second := queryOne[int64](t, s.testAPI, "INSERT INTO videos (course_id, title, position, duration_seconds) VALUES ($1, 'Two', 2, 100) RETURNING id", s.course)
	const record = `mutation($events: [VideoProgressEvent!]!) { recordVideoProgress(input: {events: $events}) {
		recordedCount videos { id viewerProgress { progressSeconds completed } } enrollments { progress }
		userErrors { code message template parameters { name value } field } } }`
	got := s.execute(t, s.student, record, eventVariables(
		videoEvent(999, 1), videoEvent(second, 40), videoEvent(s.video, -1), videoEvent(s.video, 60), videoEvent(second, 95), videoEvent(second, 131)))
	wantUserErrors(t, got, "recordVideoProgress",
		"NOT_FOUND input.events.0.videoId", "INVALID input.events.2.progressSeconds", "INVALID input.events.5.progressSeconds")
	if got.At("recordVideoProgress", "recordedCount") != 3.0 || got.At("recordVideoProgress", "enrollments", 0, "progress") != 100.0 {
		t.Errorf("response %s, want three events recorded", got.body)
	}
	for i, want := range []struct {
		video   int64
		seconds float64
	}{{s.video, 60}, {second, 95}} {
		v := got.At("recordVideoProgress", "videos", i)
		if valueAt(v, "id") != globalID(edu.KindVideo, want.video) || valueAt(v, "viewerProgress", "progressSeconds") != want.seconds || valueAt(v, "viewerProgress", "completed") != true {
			t.Errorf("video %d is %v, want %+v", i, v, want)
		}
	}
	if n := len(got.At("recordVideoProgress", "videos").([]any)); n != 2 {
		t.Errorf("%d videos, want each once", n)
	}
	problem := got.At("recordVideoProgress", "userErrors", 2)
	want := []any{map[string]any{"name": "max", "value": "100"}, map[string]any{"name": "actual", "value": "131"}}
	if valueAt(problem, "template") != "the video is {max} seconds long; it is {actual}" || !reflect.DeepEqual(valueAt(problem, "parameters"), want) ||
		valueAt(problem, "message") != "the video is 100 seconds long; it is 131" {
		t.Errorf("problem %v", problem)
	}
	if n := queryOne[int](t, s.testAPI, "SELECT count(*)::int FROM video_progress WHERE user_id = $1", s.student.ID); n != 2 {
		t.Errorf("%d sittings are stored, want one of each video", n)
	}
}

func TestRecordVideoProgressRejectsInput(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
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
		"no events":                      {s.student, []map[string]any{}, []string{"INVALID input.events"}},
		"501 events":                     {s.student, make([]map[string]any, 501), []string{"INVALID input.events"}},
		"a time 6 minutes in the future": {s.student, []map[string]any{videoEvent(s.video, 1), when(videoEvent(s.video, 1), now.Add(6*time.Minute))}, []string{"INVALID input.events.1.watchedAt"}},
		"a time more than a year ago":    {s.student, []map[string]any{when(videoEvent(s.video, 1), now.AddDate(-1, 0, -2))}, []string{"INVALID input.events.0.watchedAt"}},
		"101 negative positions, all of them reported": {
			s.student, slices.Repeat([]map[string]any{videoEvent(s.video, -1)}, 101),
			strings.Split(strings.TrimSuffix(manyProblems(101), "; "), "; "),
		},
		"a negative position":           {s.student, []map[string]any{videoEvent(s.video, -1)}, []string{"INVALID input.events.0.progressSeconds"}},
		"a position past the end":       {s.student, []map[string]any{videoEvent(s.video, 91)}, []string{"INVALID input.events.0.progressSeconds"}},
		"an unknown video":              {s.student, []map[string]any{videoEvent(999, 1)}, []string{"NOT_FOUND input.events.0.videoId"}},
		"courses without an enrollment": {s.otherStudent, []map[string]any{videoEvent(s.video, 1), videoEvent(s.draftVideo, 1)}, []string{"NOT_ENROLLED input.events.0.videoId", "NOT_FOUND input.events.1.videoId"}},
	} {
		t.Run(name, func(t *testing.T) {
			for i := range c.events {
				if c.events[i] == nil {
					c.events[i] = videoEvent(s.video, 1)
				}
			}
			wantUserErrors(t, s.execute(t, c.as, recordMutation, eventVariables(c.events...)), "recordVideoProgress", c.want...)
		})
	}
	if n := queryOne[int](t, s.testAPI, "SELECT count(*)::int FROM video_progress"); n != 1 {
		t.Errorf("%d events were recorded, want the one beside a time in the future", n)
	}
}

// manyProblems returns the problems of n events with negative positions.
func manyProblems(n int) string {
	var all strings.Builder
	for i := range n {
		fmt.Fprintf(&all, "INVALID input.events.%d.progressSeconds; ", i)
	}
	return all.String()
}

func TestBulkEnroll(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	const bulk = `mutation($id: ID!, $emails: [String!]!) { bulkEnroll(input: {courseId: $id, emails: $emails}) {
		enrolledCount alreadyEnrolledCount unknownEmails userErrors { code message field } } }`
	emailsFor := func(course int64, emails ...string) map[string]any {
		return map[string]any{"id": globalID(edu.KindCourse, course), "emails": append([]string{}, emails...)}
	}
	s.exec(t, "INSERT INTO users (name, email, active) VALUES ('gone', 'gone@7p.example', false)")
	got := s.execute(t, s.instructor, bulk, emailsFor(s.course, "nobody@7p.example", "OTHER@7p.example", "other@7p.example", "student@7p.example", "gone@7p.example", "rival@7p.example",
		" ", "", "\r", "\ufeffstudent@7p.example\r", "\tother@7p.example "))
	wantUserErrors(t, got, "bulkEnroll")
	want := map[string]any{"enrolledCount": 2.0, "alreadyEnrolledCount": 1.0, "unknownEmails": []any{"nobody@7p.example", "gone@7p.example"}, "userErrors": []any{}}
	if !reflect.DeepEqual(got.At("bulkEnroll"), want) {
		t.Errorf("response %s, want %v", got.body, want)
	}
	if n := queryOne[int](t, s.testAPI, "SELECT enrollment_count FROM courses WHERE id = $1", s.course); n != 3 {
		t.Errorf("enrollment_count is %d, want 3", n)
	}
	wantUserErrors(t, s.execute(t, s.otherInstructor, bulk, emailsFor(s.course, "a@b.example")), "bulkEnroll", "FORBIDDEN input.courseId")
	wantUserErrors(t, s.execute(t, s.otherInstructor, bulk, emailsFor(s.draft, "a@b.example")), "bulkEnroll", "NOT_FOUND input.courseId")
	wantUserErrors(t, s.execute(t, s.instructor, bulk, emailsFor(s.draft, "a@b.example")), "bulkEnroll", "NOT_PUBLISHED input.courseId")
	wantUserErrors(t, s.execute(t, s.instructor, bulk, emailsFor(s.course)), "bulkEnroll", "INVALID input.emails")
	wantUserErrors(t, s.execute(t, s.instructor, bulk, emailsFor(s.course, "a@b.example", "x\x00")), "bulkEnroll", "INVALID input.emails.1")
	wantError(t, s.execute(t, s.student, bulk, emailsFor(s.course, "a@b.example")), edu.Forbidden)
}
