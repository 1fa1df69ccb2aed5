package edu_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/7p-education/api/edu"
)

// The viewers of the policies' tests: the course's instructor is user 2.
var (
	nobody     = edu.Viewer{}
	student    = edu.Viewer{ID: 1, Role: edu.RoleStudent}
	instructor = edu.Viewer{ID: 2, Role: edu.RoleInstructor}
	colleague  = edu.Viewer{ID: 4, Role: edu.RoleInstructor}
	admin      = edu.Viewer{ID: 3, Role: edu.RoleAdmin}
)

var (
	published = &edu.Course{InstructorID: 2, Published: true}
	draft     = &edu.Course{InstructorID: 2}
)

// codeOf returns the code of the only user error, "" for none. It checks the path.
func codeOf(t *testing.T, err error) edu.UserErrorCode {
	t.Helper()
	if err == nil {
		return ""
	}
	problems, ok := err.(edu.UserErrors) //nolint:errorlint // policies return it unwrapped
	if !ok || len(problems) != 1 || !slices.Equal(problems[0].Field, at) || problems[0].Message == "" {
		t.Fatalf("%v, want one problem at %v", err, at)
	}
	return problems[0].Code
}

var at = edu.InputPath{"input", "courseId"}

// Each policy has the same result for every viewer, course and enrollment as this table.
func TestCoursePolicies(t *testing.T) {
	t.Parallel()
	const (
		ok           = edu.UserErrorCode("")
		notFound     = edu.UserNotFound
		forbidden    = edu.UserForbidden
		exists       = edu.UserAlreadyExists
		notEnrolled  = edu.UserNotEnrolled
		notPublished = edu.UserNotPublished
	)
	type codes struct{ edit, bulkEnroll, enroll, unenroll, review edu.UserErrorCode }
	outsider := map[*edu.Course]codes{
		nil:       {notFound, notFound, notFound, notFound, notFound},
		draft:     {notFound, notFound, notFound, notFound, notFound},
		published: {forbidden, forbidden, ok, notEnrolled, notEnrolled},
	}
	manager := map[*edu.Course]codes{
		nil:       {notFound, notFound, notFound, notFound, notFound},
		draft:     {ok, notPublished, notPublished, notEnrolled, notEnrolled},
		published: {ok, ok, ok, notEnrolled, notEnrolled},
	}
	author := map[*edu.Course]codes{ // authors do not review their own course
		nil:       {notFound, notFound, notFound, notFound, notFound},
		draft:     {ok, notPublished, notPublished, notEnrolled, forbidden},
		published: {ok, ok, ok, notEnrolled, forbidden},
	}
	for v, table := range map[edu.Viewer]map[*edu.Course]codes{nobody: outsider, student: outsider, colleague: outsider, instructor: author, admin: manager} {
		for c, want := range table {
			got := codes{
				codeOf(t, c.AuthorizeEdit(v, at)), codeOf(t, c.AuthorizeBulkEnroll(v, at)), codeOf(t, c.AuthorizeEnroll(v, false, at)),
				codeOf(t, c.AuthorizeUnenroll(v, false, at)), codeOf(t, c.AuthorizeReview(v, false, at)),
			}
			if got != want {
				t.Errorf("%+v and %+v: %+v, want %+v", v, c, got, want)
			}
			if c == nil { // a missing course has no enrollments
				continue
			}
			review := ok
			switch {
			case v == instructor:
				review = forbidden
			case c == draft:
				review = notPublished
			}
			enrolled := codes{"", "", codeOf(t, c.AuthorizeEnroll(v, true, at)), codeOf(t, c.AuthorizeUnenroll(v, true, at)), codeOf(t, c.AuthorizeReview(v, true, at))}
			if want := (codes{"", "", exists, ok, review}); enrolled != want {
				t.Errorf("%+v, enrolled in %+v: %+v, want %+v", v, c, enrolled, want)
			}
		}
	}
}

// Roles grant what a viewer may do only to signed-in viewers.
func TestRoles(t *testing.T) {
	t.Parallel()
	for v, want := range map[edu.Viewer][4]bool{
		{}:                                {},
		{Role: edu.RoleAdmin}:             {},
		{ID: 4, Role: "owner"}:            {},
		student:                           {false, true, false, false},
		instructor:                        {false, true, true, false},
		admin:                             {true, true, true, true},
		{ID: 3, Role: edu.Role("ADMIN ")}: {},
	} {
		got := [4]bool{v.IsAdmin(), v.HasRole(edu.RoleStudent), v.HasRole(edu.RoleInstructor), v.HasRole(edu.RoleAdmin)}
		if got != want {
			t.Errorf("%+v is an admin and has the roles %v, want %v", v, got, want)
		}
		if got := v.CanAccessUser(0); got != v.IsAdmin() {
			t.Errorf("%+v may access user 0: %v", v, got)
		}
	}
}

// An anonymous viewer is not the instructor of a course whose instructor was not loaded.
func TestReviewWithoutInstructor(t *testing.T) {
	t.Parallel()
	if got := codeOf(t, (&edu.Course{Published: true}).AuthorizeReview(nobody, false, at)); got != edu.UserNotEnrolled {
		t.Errorf("%s, want %s", got, edu.UserNotEnrolled)
	}
}

func TestValidateWatchEvent(t *testing.T) {
	t.Parallel()
	video := &edu.Video{DurationSeconds: 60}
	for name, c := range map[string]struct {
		video    *edu.Video
		course   *edu.Course
		as       edu.Viewer
		enrolled bool
		seconds  int
		want     string
	}{
		"enrolled":                      {video, published, student, true, 60, ""},
		"enrolled in a draft":           {video, draft, student, true, 0, ""},
		"at the end of the tolerance":   {video, published, student, true, 90, ""},
		"beyond the tolerance":          {video, published, student, true, 91, "INVALID [0 progressSeconds]"},
		"no video":                      {nil, nil, student, true, 0, "NOT_FOUND [0 videoId]"},
		"not enrolled":                  {video, published, student, false, 0, "NOT_ENROLLED [0 videoId]"},
		"the instructor of a draft":     {video, draft, instructor, false, 0, "NOT_ENROLLED [0 videoId]"},
		"not enrolled in a draft":       {video, draft, student, false, 0, "NOT_FOUND [0 videoId]"},
		"not enrolled, after the video": {video, published, student, false, 91, "NOT_ENROLLED [0 videoId]"},
	} {
		got := ""
		for _, p := range c.video.ValidateWatchEvent(edu.VideoEvent{ProgressSeconds: c.seconds}, c.course, c.as, c.enrolled, edu.InputPath{"0"}) {
			got += fmt.Sprintf("%s %v", p.Code, p.Field)
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestVideoTotals(t *testing.T) {
	t.Parallel()
	some := edu.VideoTotals{Count: 3, LastPosition: 5, TotalSeconds: 100}
	place := func(t edu.VideoTotals, position *int) error {
		_, _, err := t.PlaceVideo(nil, position, 0, nil)
		return err
	}
	for position, want := range map[int]string{0: "must be from 1 to 6; it is 0", 1: "", 6: "", 7: "must be from 1 to 6; it is 7"} {
		checkProblem(t, fmt.Sprint("position ", position), place(some, &position), "position", want)
	}
	checkProblem(t, "the next position", place(some, nil), "position", "")
	checkProblem(t, "the last video", place(edu.VideoTotals{Count: edu.MaxVideos - 1}, nil), "courseId", "")
	checkProblem(t, "one more", place(edu.VideoTotals{Count: edu.MaxVideos}, nil), "courseId", "the course already has 1000 videos, the most allowed")
	for seconds, want := range map[int]string{99: "must be at least 100, the total length of the videos; it is 99", 100: "", 101: ""} {
		checkProblem(t, fmt.Sprint("duration ", seconds), some.ValidateDuration(seconds, edu.InputPath{"d"}), "d", want)
	}
}

// checkProblem checks that an error is one problem at a field with a message, or none for "".
func checkProblem(t *testing.T, name string, err error, field, want string) {
	t.Helper()
	got := ""
	if err != nil {
		got = err.Error()
	}
	if want != "" {
		want = field + ": " + want
	}
	if got != want {
		t.Errorf("%s: %q, want %q", name, got, want)
	}
}

// The author and admins delete a review, the instructor and admins reply to it. A review of a course that the
// viewer may not see does not exist, except for its author.
func TestReviewPolicies(t *testing.T) {
	t.Parallel()
	review := &edu.Review{AuthorID: student.ID}
	for name, c := range map[string]struct {
		review                *edu.Review
		course                *edu.Course
		as                    edu.Viewer
		wantDelete, wantReply edu.UserErrorCode
	}{
		"anonymous":                 {review, published, nobody, edu.UserForbidden, edu.UserForbidden},
		"the author":                {review, published, student, "", edu.UserForbidden},
		"the author, in a draft":    {review, draft, student, "", edu.UserNotFound},
		"the instructor":            {review, published, instructor, edu.UserForbidden, ""},
		"the instructor, a draft":   {review, draft, instructor, edu.UserForbidden, ""},
		"another instructor":        {review, published, colleague, edu.UserForbidden, edu.UserForbidden},
		"another instructor, draft": {review, draft, colleague, edu.UserNotFound, edu.UserNotFound},
		"an admin":                  {review, draft, admin, "", ""},
		"no review":                 {nil, published, admin, edu.UserNotFound, edu.UserNotFound},
		"no course":                 {review, nil, admin, edu.UserNotFound, edu.UserNotFound},
	} {
		if got := codeOf(t, c.review.AuthorizeDelete(c.course, c.as, at)); got != c.wantDelete {
			t.Errorf("%s deletes: %q, want %q", name, got, c.wantDelete)
		}
		if got := codeOf(t, c.review.AuthorizeReply(c.course, c.as, at)); got != c.wantReply {
			t.Errorf("%s replies: %q, want %q", name, got, c.wantReply)
		}
	}
}

// The histogram has each rating from 5 to 1, also without reviews.
func TestRatingHistogram(t *testing.T) {
	t.Parallel()
	c := edu.Course{RatingCounts: []int{1, 0, 3, 4, 9}}
	if got := fmt.Sprint(c.RatingHistogram()); got != "[{5 9} {4 4} {3 3} {2 0} {1 1}]" {
		t.Error(got)
	}
}
