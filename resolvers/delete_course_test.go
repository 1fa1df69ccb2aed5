package resolvers_test

import (
	"testing"

	"github.com/7p-education/api/edu"
)

// A course can be deleted as long as there is nothing of a student in it: neither an enrollment nor what an
// enrollment that ended has left.
func TestDeleteCourse(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	const deleteCourse = `mutation($input: DeleteCourseInput!) { deleteCourse(input: $input) { deletedCourseId userErrors { code message field } } }`
	execute := func(as edu.Viewer, course int64) response {
		return s.execute(t, as, deleteCourse, inputVariables("id", globalID(edu.KindCourse, course)))
	}
	s.exec(t, "DELETE FROM video_progress")
	s.mustExecute(t, s.student, recordMutation, eventVariables(videoEvent(s.video, 10)))
	for _, remove := range []string{"DELETE FROM enrollments", "DELETE FROM reviews", "DELETE FROM video_progress"} {
		wantUserErrors(t, execute(s.instructor, s.course), "deleteCourse", "INVALID input.id")
		s.exec(t, remove)
	}
	wantUserErrors(t, execute(s.otherInstructor, s.course), "deleteCourse", "FORBIDDEN input.id")
	wantUserErrors(t, execute(s.otherInstructor, s.draft), "deleteCourse", "NOT_FOUND input.id")
	got := execute(s.instructor, s.course)
	wantUserErrors(t, got, "deleteCourse")
	if got.At("deleteCourse", "deletedCourseId") != globalID(edu.KindCourse, s.course) {
		t.Errorf("response %s", got.body)
	}
	// BEGIN, lock, taken? – delete, COMMIT.
	if got.cost.Statements != 5 || got.cost.RoundTrips != 2 {
		t.Errorf("cost %+v, want 5 statements in 2 round trips", got.cost)
	}
	if n := queryOne[int](t, s.testAPI, "SELECT count(*)::int FROM videos WHERE course_id = $1", s.course); n != 0 {
		t.Errorf("%d videos remain", n)
	}
	wantUserErrors(t, execute(s.instructor, s.course), "deleteCourse", "NOT_FOUND input.id")
}
