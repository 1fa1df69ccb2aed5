package resolvers_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// writeHistory records the responses of successful writes.
type writeHistory struct {
	enrolled, unenrolled []enrollmentWrite // of single enrollments
	netEnrollments       map[int64]int     // created less ended enrollments, by course
	reviews              []reviewWrite
	progress             []progressSample
}

// timeSpan is the duration of a request, relative to the start of the writers.
type timeSpan struct{ from, to time.Duration }

// endsBefore reports whether a write ended before the other one began. Overlapping writes may have any order.
func (s timeSpan) endsBefore(other timeSpan) bool { return s.to < other.from }

type userCourse struct{ user, course int64 }

// enrollmentWrite is a created or ended enrollment. Its key is 0 for an ended one, because unenroll does
// not return it.
type enrollmentWrite struct {
	timeSpan
	userCourse
	enrollment int64
}

// reviewWrite is a written review.
type reviewWrite struct {
	timeSpan
	userCourse
	review int64
	body   string
}

// progressSample is an enrollment in a response of recordVideoProgress.
type progressSample struct {
	timeSpan
	enrollment  int64
	progress    float64
	completedAt string
}

// recountSQL counts the rows that differ from a recount, compared exactly.
var recountSQL = map[string]string{
	"enrollment_count": "SELECT count(*) FROM courses c WHERE enrollment_count <> (SELECT count(*) FROM enrollments WHERE course_id = c.id)",
	"review_count":     "SELECT count(*) FROM courses c WHERE review_count <> (SELECT count(*) FROM reviews WHERE course_id = c.id)",
	"rating_sum":       "SELECT count(*) FROM courses c WHERE rating_sum <> (SELECT coalesce(sum(rating), 0) FROM reviews WHERE course_id = c.id)",
	"rating_counts":    "SELECT count(*) FROM courses c WHERE rating_counts <> ARRAY(SELECT count(r.id)::int FROM generate_series(1, 5) n LEFT JOIN reviews r ON r.course_id = c.id AND r.rating = n GROUP BY n ORDER BY n)",
	"rating_average":   "SELECT count(*) FROM courses c WHERE rating_average IS DISTINCT FROM (SELECT avg(rating)::float8 FROM reviews WHERE course_id = c.id)",
	"video_count":      "SELECT count(*) FROM courses c WHERE video_count <> (SELECT count(*) FROM videos WHERE course_id = c.id)",
	"duration_seconds": "SELECT count(*) FROM courses c WHERE duration_seconds < (SELECT sum(duration_seconds) FROM videos WHERE course_id = c.id)",
	"course_count":     "SELECT count(*) FROM categories k WHERE course_count <> (SELECT count(*) FROM courses WHERE category_id = k.id AND published)",
	"enrolled twice":   "SELECT count(*) FROM (SELECT FROM enrollments GROUP BY user_id, course_id HAVING count(*) > 1) t",
	"reviewed twice":   "SELECT count(*) FROM (SELECT FROM reviews GROUP BY user_id, course_id HAVING count(*) > 1) t",
	"position":         "SELECT count(*) FROM (SELECT FROM videos GROUP BY course_id HAVING max(position) <> count(*) OR count(DISTINCT position) <> count(*)) t",
	"completed_at":     "SELECT count(*) FROM enrollments WHERE (completed_at IS NULL) = (progress = 100)",
}

// findErrors returns the failures of the writers, and the differences of the database from a recount and
// from the responses.
func (c *concurrentWriters) findErrors(t *testing.T) []string {
	t.Helper()
	found := c.failures
	for name, sql := range recountSQL {
		if n := queryOne[int64](t, c.testAPI, sql); n > 0 {
			found = append(found, fmt.Sprintf("%s is wrong in %d rows", name, n))
		}
	}
	found = append(found, c.findEnrollmentErrors(t)...)
	found = append(found, c.findProgressErrors(t)...)
	return append(found, c.findReviewErrors(t)...)
}

// findEnrollmentErrors checks that each course has as many enrollments as were created less the ended ones,
// and that each created enrollment exists or ended later.
func (c *concurrentWriters) findEnrollmentErrors(t *testing.T) (found []string) {
	t.Helper()
	for _, course := range c.courses {
		if n := queryOne[int](t, c.testAPI, "SELECT count(*) FROM enrollments WHERE course_id = $1", course); n != c.netEnrollments[course] {
			found = append(found, fmt.Sprintf("course %d has %d enrollments, by the responses %d", course, n, c.netEnrollments[course]))
		}
	}
	stored := map[int64]bool{}
	for _, key := range queryColumn[int64](t, c.testAPI, "SELECT id FROM enrollments") {
		stored[key] = true
	}
	ended := map[userCourse][]enrollmentWrite{}
	for _, w := range c.unenrolled {
		ended[w.userCourse] = append(ended[w.userCourse], w)
	}
	for _, e := range c.enrolled {
		mayBeLater := func(w enrollmentWrite) bool { return !w.endsBefore(e.timeSpan) }
		if !stored[e.enrollment] && !slices.ContainsFunc(ended[e.userCourse], mayBeLater) {
			found = append(found, fmt.Sprintf("enrollment %d is lost", e.enrollment))
		}
	}
	return found
}

// findProgressErrors checks that no later response of an enrollment has less progress or another
// completedAt. The row itself counts as the last response.
func (c *concurrentWriters) findProgressErrors(t *testing.T) (found []string) {
	t.Helper()
	samples := map[int64][]progressSample{}
	for _, s := range c.progress {
		samples[s.enrollment] = append(samples[s.enrollment], s)
	}
	rows, err := c.db.Query(t.Context(), "SELECT id, progress::float8, completed_at FROM enrollments")
	if err != nil {
		t.Fatal(err)
	}
	var id int64
	var progress float64
	var completedAt *time.Time
	end := timeSpan{c.now(), c.now()}
	_, err = pgx.ForEachRow(rows, []any{&id, &progress, &completedAt}, func() error {
		text := "<nil>"
		if completedAt != nil {
			text = completedAt.UTC().Format(time.RFC3339Nano)
		}
		samples[id] = append(samples[id], progressSample{end, id, progress, text})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for id, list := range samples {
		for _, a := range list {
			for _, b := range list {
				if a.endsBefore(b.timeSpan) && (b.progress < a.progress || a.completedAt != "<nil>" && a.completedAt != b.completedAt) {
					found = append(found, fmt.Sprintf("progress of enrollment %d was %v, completed %s; then %v, %s", id, a.progress, a.completedAt, b.progress, b.completedAt))
				}
			}
		}
	}
	return found
}

// findReviewErrors checks that each author of a course's review has one review of it, always with the same
// key, and that no review was written after the stored one.
func (c *concurrentWriters) findReviewErrors(t *testing.T) (found []string) {
	t.Helper()
	type review struct {
		userCourse
		ID   int64
		Body string
	}
	rows, err := c.db.Query(t.Context(), "SELECT user_id, course_id, id, body FROM reviews")
	if err != nil {
		t.Fatal(err)
	}
	stored := map[userCourse]review{}
	var r review
	if _, err := pgx.ForEachRow(rows, []any{&r.user, &r.course, &r.ID, &r.Body}, func() error { stored[r.userCourse] = r; return nil }); err != nil {
		t.Fatal(err)
	}
	byBody := map[string]reviewWrite{}
	for _, w := range c.reviews {
		byBody[w.body] = w
	}
	for _, w := range c.reviews {
		current := stored[w.userCourse]
		last := byBody[current.Body]
		if current.ID != w.review || last.userCourse != w.userCourse || last.endsBefore(w.timeSpan) {
			found = append(found, fmt.Sprintf("review %d, %q, is lost: the row is %d, %q", w.review, w.body, current.ID, current.Body))
		}
	}
	return found
}
