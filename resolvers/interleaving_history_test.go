package resolvers_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// history is what a crowd was told of the writes that were done.
type history struct {
	came, left []taking      // of single enrollments
	net        map[int64]int // enrollments made in a course less those ended
	said       []saying
	seen       []sight
}

// span is when a write was under way, counted from the crowd's start.
type span struct{ from, to time.Duration }

// before tells whether a write was through when the other began. Those that
// overlap may have come in either order.
func (s span) before(other span) bool { return s.to < other.from }

type pair struct{ user, course int64 }

// taking is an enrollment, made or ended; who ends one is not told its key.
type taking struct {
	span
	pair
	enrollment int64
}

// saying is a review.
type saying struct {
	span
	pair
	review int64
	body   string
}

// sight is an enrollment as recordVideoProgress showed it.
type sight struct {
	span
	enrollment int64
	progress   float64
	completed  string // when
}

// recounts say how many rows are not what a recount gives, to the last bit.
var recounts = map[string]string{
	"enrollment_count": "SELECT count(*) FROM courses c WHERE enrollment_count <> (SELECT count(*) FROM enrollments WHERE course_id = c.id)",
	"review_count":     "SELECT count(*) FROM courses c WHERE review_count <> (SELECT count(*) FROM reviews WHERE course_id = c.id)",
	"rating_sum":       "SELECT count(*) FROM courses c WHERE rating_sum <> (SELECT coalesce(sum(rating), 0) FROM reviews WHERE course_id = c.id)",
	"rating_average":   "SELECT count(*) FROM courses c WHERE rating_average IS DISTINCT FROM (SELECT avg(rating)::float8 FROM reviews WHERE course_id = c.id)",
	"video_count":      "SELECT count(*) FROM courses c WHERE video_count <> (SELECT count(*) FROM videos WHERE course_id = c.id)",
	"duration_seconds": "SELECT count(*) FROM courses c WHERE duration_seconds < (SELECT sum(duration_seconds) FROM videos WHERE course_id = c.id)",
	"course_count":     "SELECT count(*) FROM categories k WHERE course_count <> (SELECT count(*) FROM courses WHERE category_id = k.id AND published)",
	"enrolled twice":   "SELECT count(*) FROM (SELECT FROM enrollments GROUP BY user_id, course_id HAVING count(*) > 1) t",
	"reviewed twice":   "SELECT count(*) FROM (SELECT FROM reviews GROUP BY user_id, course_id HAVING count(*) > 1) t",
	"position":         "SELECT count(*) FROM (SELECT FROM videos GROUP BY course_id HAVING max(position) <> count(*) OR count(DISTINCT position) <> count(*)) t",
	"completed_at":     "SELECT count(*) FROM enrollments WHERE (completed_at IS NULL) = (progress = 100)",
}

// wrong tells what of the database is not what a recount gives, or not what the
// crowd was told.
func (c *crowd) wrong(t *testing.T) []string {
	t.Helper()
	wrong := c.faults
	for what, sql := range recounts {
		if n := one[int64](t, c.api, sql); n > 0 {
			wrong = append(wrong, fmt.Sprintf("%s is wrong %d times", what, n))
		}
	}
	wrong = append(wrong, c.wrongEnrollments(t)...)
	wrong = append(wrong, c.wrongProgress(t)...)
	return append(wrong, c.wrongReviews(t)...)
}

// wrongEnrollments: each course has as many as were made less those ended, and
// one that was made is there, or was left later.
func (c *crowd) wrongEnrollments(t *testing.T) (wrong []string) {
	t.Helper()
	for _, course := range c.courses {
		if n := one[int](t, c.api, "SELECT count(*) FROM enrollments WHERE course_id = $1", course); n != c.net[course] {
			wrong = append(wrong, fmt.Sprintf("course %d has %d enrollments, by the answers %d", course, n, c.net[course]))
		}
	}
	there := map[int64]bool{}
	for _, key := range connectionSelection[int64](t, c.api, "SELECT id FROM enrollments") {
		there[key] = true
	}
	left := map[pair][]taking{}
	for _, l := range c.left {
		left[l.pair] = append(left[l.pair], l)
	}
	for _, e := range c.came {
		later := func(l taking) bool { return !l.before(e.span) }
		if !there[e.enrollment] && !slices.ContainsFunc(left[e.pair], later) {
			wrong = append(wrong, fmt.Sprintf("enrollment %d is lost", e.enrollment))
		}
	}
	return wrong
}

// wrongProgress: of an enrollment, a later answer never has less progress, nor
// another completedAt; the row itself is the last answer.
func (c *crowd) wrongProgress(t *testing.T) (wrong []string) {
	t.Helper()
	seen := map[int64][]sight{}
	for _, s := range c.seen {
		seen[s.enrollment] = append(seen[s.enrollment], s)
	}
	found, err := c.db.Query(t.Context(), "SELECT id, progress::float8, completed_at FROM enrollments")
	if err != nil {
		t.Fatal(err)
	}
	var id int64
	var progress float64
	var completed *time.Time
	end := span{c.now(), c.now()}
	_, err = pgx.ForEachRow(found, []any{&id, &progress, &completed}, func() error {
		at := "<nil>"
		if completed != nil {
			at = completed.UTC().Format(time.RFC3339Nano)
		}
		seen[id] = append(seen[id], sight{end, id, progress, at})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for id, list := range seen {
		for _, a := range list {
			for _, b := range list {
				if a.before(b.span) && (b.progress < a.progress || a.completed != "<nil>" && a.completed != b.completed) {
					wrong = append(wrong, fmt.Sprintf("progress of enrollment %d was %v, completed %s; then %v, %s", id, a.progress, a.completed, b.progress, b.completed))
				}
			}
		}
	}
	return wrong
}

// wrongReviews: who reviewed a course has one review of it, under the key that it
// always had, and it is one after which no other was written.
func (c *crowd) wrongReviews(t *testing.T) (wrong []string) {
	t.Helper()
	type row struct {
		pair
		ID   int64
		Body string
	}
	found, err := c.db.Query(t.Context(), "SELECT user_id, course_id, id, body FROM reviews")
	if err != nil {
		t.Fatal(err)
	}
	there := map[pair]row{}
	var r row
	if _, err := pgx.ForEachRow(found, []any{&r.user, &r.course, &r.ID, &r.Body}, func() error { there[r.pair] = r; return nil }); err != nil {
		t.Fatal(err)
	}
	wrote := map[string]saying{}
	for _, s := range c.said {
		wrote[s.body] = s
	}
	for _, s := range c.said {
		now := there[s.pair]
		last := wrote[now.Body]
		if now.ID != s.review || last.pair != s.pair || last.before(s.span) {
			wrong = append(wrong, fmt.Sprintf("review %d, %q, is lost: the row is %d, %q", s.review, s.body, now.ID, now.Body))
		}
	}
	return wrong
}
