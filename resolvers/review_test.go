package resolvers_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/7p-education/api/edu"
)

// reviewMutation writes a review and returns all of it.
const reviewMutation = `mutation($input: ReviewCourseInput!) { reviewCourse(input: $input) {
	review { id createdAt updatedAt reply { body } } userErrors { code message field } } }`

// A review that is written again keeps its createdAt and the reply. updatedAt is the time of the last change.
func TestReviewUpdatedAt(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	s.exec(t, "UPDATE reviews SET body = 'A', created_at = '2026-01-01', updated_at = '2026-01-01', reply = 'R', replied_at = now(), reply_updated_at = now()")
	write := func(rating int, body string) any {
		got := s.mustExecute(t, s.student, reviewMutation, inputVariables("courseId", globalID(edu.KindCourse, s.course), "rating", rating, "body", body))
		r := valueAt(got, "reviewCourse", "review")
		if valueAt(r, "createdAt") != "2026-01-01T00:00:00Z" || valueAt(r, "reply", "body") != "R" {
			t.Errorf("%v, want the time and the reply of the first review", r)
		}
		return valueAt(r, "updatedAt")
	}
	if at := write(5, "A"); at != "2026-01-01T00:00:00Z" {
		t.Errorf("updatedAt %v after the same review, want that of the first", at)
	}
	before := time.Now().Add(-time.Minute)
	for _, changed := range []any{write(4, "A"), write(4, "B")} {
		if at, err := time.Parse(time.RFC3339Nano, fmt.Sprint(changed)); err != nil || at.Before(before) {
			t.Errorf("updatedAt %v after a change", changed)
		}
	}
}

// A viewer deletes their own review: the course has its rating and its counts without it.
func TestDeleteReview(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	const deleteReview = `mutation($input: DeleteReviewInput!) { deleteReview(input: $input) { deletedReviewId
		course { rating reviewCount ratingHistogram { rating count } viewerReview { id } reviews { totalCount nodes { id } } } userErrors { code message field } } }`
	execute := func(as edu.Viewer, review int64) response {
		return s.execute(t, as, deleteReview, inputVariables("id", globalID(edu.KindReview, review)))
	}
	s.exec(t, "INSERT INTO reviews (course_id, user_id, rating) VALUES ($1, $2, 2)", s.course, s.otherStudent.ID)
	wantUserErrors(t, execute(s.otherStudent, s.review), "deleteReview", "FORBIDDEN input.id")
	wantUserErrors(t, execute(s.instructor, s.review), "deleteReview", "FORBIDDEN input.id")
	wantUserErrors(t, execute(s.otherStudent, s.draftReview), "deleteReview", "NOT_FOUND input.id")
	wantUserErrors(t, s.execute(t, s.student, deleteReview, inputVariables("id", globalID(edu.KindCourse, s.course))), "deleteReview", "INVALID input.id")
	got := execute(s.student, s.review)
	wantUserErrors(t, got, "deleteReview")
	c := got.At("deleteReview", "course")
	if got.At("deleteReview", "deletedReviewId") != globalID(edu.KindReview, s.review) || valueAt(c, "rating") != 2.0 || valueAt(c, "reviewCount") != 1.0 ||
		valueAt(c, "viewerReview") != nil || valueAt(c, "reviews", "totalCount") != 1.0 || valueAt(c, "ratingHistogram", 3, "count") != 1.0 || valueAt(c, "ratingHistogram", 0, "count") != 0.0 {
		t.Errorf("response %s", got.body)
	}
	// BEGIN, lock, review – delete, COMMIT – course – reviews, viewer's review.
	if got.cost.Statements != 8 || got.cost.RoundTrips != 4 {
		t.Errorf("cost %+v, want 8 statements in 4 round trips", got.cost)
	}
	wantUserErrors(t, execute(s.student, s.review), "deleteReview", "NOT_FOUND input.id")
	// The author deletes the review also after the enrollment ended and the course was unpublished.
	s.exec(t, "DELETE FROM enrollments")
	got = execute(s.student, s.draftReview)
	wantUserErrors(t, got, "deleteReview")
	if got.At("deleteReview", "course") != nil {
		t.Errorf("response %s, want no course", got.body)
	}
}

// The instructor's reply is public, is replaced by the next one, and can be deleted.
func TestReplyToReview(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	const reply = `mutation($input: ReplyToReviewInput!) { replyToReview(input: $input) { review { reply { body createdAt updatedAt author { name } } } userErrors { code message field } } }`
	const remove = `mutation($input: DeleteReviewReplyInput!) { deleteReviewReply(input: $input) { review { body reply { body } } userErrors { code message field } } }`
	input := func(review int64, body string) map[string]any {
		return inputVariables("reviewId", globalID(edu.KindReview, review), "body", body)
	}
	for name, c := range map[string]struct {
		as        edu.Viewer
		variables map[string]any
		want      string
	}{
		"another instructor":           {s.otherInstructor, input(s.review, "Hi"), "FORBIDDEN input.reviewId"},
		"a course that is not visible": {s.otherInstructor, input(s.draftReview, "Hi"), "NOT_FOUND input.reviewId"},
		"an empty reply":               {s.instructor, input(s.review, ""), "INVALID input.body"},
		"a reply of 5,001 characters":  {s.instructor, input(s.review, strings.Repeat("é", 5001)), "INVALID input.body"},
		"an id that is not a review's": {s.instructor, inputVariables("reviewId", globalID(edu.KindCourse, s.course), "body", "Hi"), "INVALID input.reviewId"},
		"a review that does not exist": {s.instructor, input(999999, "Hi"), "NOT_FOUND input.reviewId"},
		"the instructor, of their own": {s.instructor, input(s.review, "First"), ""},
		"the instructor, of a draft":   {s.instructor, input(s.draftReview, "First"), ""},
		"an admin, of any course":      {s.admin, input(s.draftReview, "First"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			var want []string
			if c.want != "" {
				want = []string{c.want}
			}
			wantUserErrors(t, s.execute(t, c.as, reply, c.variables), "replyToReview", want...)
		})
	}
	s.exec(t, "UPDATE reviews SET replied_at = '2026-01-01', reply_updated_at = '2026-01-01'")
	got := s.execute(t, s.instructor, reply, input(s.review, "Second"))
	r := got.At("replyToReview", "review", "reply")
	if valueAt(r, "body") != "Second" || valueAt(r, "createdAt") != "2026-01-01T00:00:00Z" || valueAt(r, "updatedAt") == valueAt(r, "createdAt") || valueAt(r, "author", "name") != "teacher" {
		t.Errorf("response %s", got.body)
	}
	query := fmt.Sprintf("{ course(id: %q) { reviews { nodes { reply { body author { name } } } } } }", globalID(edu.KindCourse, s.course))
	if data := s.mustExecute(t, anonymous, query, nil); valueAt(data, "course", "reviews", "nodes", 0, "reply", "body") != "Second" {
		t.Errorf("the public sees %v", data)
	}
	s.exec(t, "UPDATE reviews SET replied_by = NULL")
	if data := s.mustExecute(t, anonymous, query, nil); valueAt(data, "course", "reviews", "nodes", 0, "reply", "author") != nil {
		t.Errorf("the reply of a deleted account: %v", data)
	}
	target := inputVariables("reviewId", globalID(edu.KindReview, s.review))
	wantUserErrors(t, s.execute(t, s.otherInstructor, remove, target), "deleteReviewReply", "FORBIDDEN input.reviewId")
	for range 2 { // the second one finds none
		got = s.execute(t, s.instructor, remove, target)
		wantUserErrors(t, got, "deleteReviewReply")
		if got.At("deleteReviewReply", "review") == nil || got.At("deleteReviewReply", "review", "reply") != nil {
			t.Errorf("response %s, want the review without a reply", got.body)
		}
	}
}

// Arguments of Course.reviews out of range are errors at the field.
func TestReviewArguments(t *testing.T) {
	t.Parallel()
	s := newFixture(t)
	list := func(arguments string) response {
		return s.execute(t, anonymous, fmt.Sprintf("{ course(id: %q) { reviews(%s) { totalCount pageInfo { endCursor } } } }", globalID(edu.KindCourse, s.course), arguments), nil)
	}
	for _, arguments := range []string{"rating: 0", "rating: 6", "rating: -1"} {
		wantError(t, list(arguments), edu.BadUserInput)
	}
	byRating := list("orderBy: {field: RATING}").At("course", "reviews", "pageInfo", "endCursor")
	wantError(t, list(fmt.Sprintf("after: %q", byRating)), edu.BadUserInput) // of another order
	if got := list("rating: 4"); got.At("course", "reviews", "totalCount") != 0.0 {
		t.Errorf("response %s", got.body)
	}
}

// Reviews that are written, deleted and replied to at the same time leave the right counters.
func TestConcurrentReviews(t *testing.T) {
	t.Parallel()
	c := newConcurrentWriters(t)
	c.exec(t, enrollEveryone)
	var wait sync.WaitGroup
	for writer := range uint64(16) {
		wait.Go(func() {
			r := rand.New(rand.NewPCG(7, writer))
			for range 40 {
				author, course := pickOne(r, c.learners[:8]), pickOne(r, c.courses)
				c.execute(t, author, reviewMutation, inputVariables("courseId", globalID(edu.KindCourse, course), "rating", 1+r.IntN(5), "body", ""))
				for _, review := range queryColumn[int64](t, c.testAPI, "SELECT id FROM reviews WHERE user_id = $1 ORDER BY random() LIMIT 1", author.ID) {
					if id := globalID(edu.KindReview, review); r.IntN(2) == 0 {
						c.execute(t, author, mutationDocument("deleteReview"), inputVariables("id", id))
					} else {
						c.execute(t, c.instructor, mutationDocument("replyToReview"), inputVariables("reviewId", id, "body", "Thanks"))
					}
				}
			}
		})
	}
	wait.Wait()
	for _, name := range []string{"review_count", "rating_sum", "rating_counts", "rating_average", "reviewed twice"} {
		if n := queryOne[int64](t, c.testAPI, recountSQL[name]); n > 0 {
			t.Errorf("%s is wrong in %d rows", name, n)
		}
	}
}
