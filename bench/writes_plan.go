package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/edu"
)

const (
	writerCount    = 1000   // students that write, in turn
	plannedWrites  = 32_000 // enrollments of a round, more than it makes
	eventsPerWrite = 100
	// popularityExponent is the parameter of the courses' popularity: with 8, a tenth of the courses
	// gets 55 of 100 enrollments, as in the demo data.
	popularityExponent = 8
)

// writePlanner plans the requests of a write. Draws depend only on the data.
type writePlanner struct {
	ctx       context.Context
	pool      *pgxpool.Pool
	random    *rand.Rand
	operation operation

	students, published []int64
}

func planWrites(ctx context.Context, pool *pgxpool.Pool, w writeWorkload) ([]request, error) {
	p := &writePlanner{ctx: ctx, pool: pool, random: rand.New(rand.NewPCG(planSeed, 0)), operation: w.operation}
	var err error
	if p.students, err = queryColumn[int64](ctx, pool, "SELECT id FROM users WHERE active AND role = 'student' ORDER BY id"); err != nil {
		return nil, fmt.Errorf("read the students: %w", err)
	}
	if p.published, err = queryColumn[int64](ctx, pool, "SELECT id FROM courses WHERE published ORDER BY id"); err != nil {
		return nil, fmt.Errorf("read the courses: %w", err)
	}
	return w.planRequests(p)
}

func (p *writePlanner) newEnrollRequest(user, course int64) request {
	return request{
		operation: p.operation, viewer: edu.Viewer{ID: user, Role: edu.RoleStudent},
		variables: map[string]any{"input": map[string]any{"courseId": edu.NewID(edu.KindCourse, course).String()}},
	}
}

// enrollmentKey is the natural key of an enrollment.
type enrollmentKey struct{ user, course int64 }

// planSpreadEnrolls plans enrollments of the writers in turn, in courses by their popularity.
func (p *writePlanner) planSpreadEnrolls() ([]request, error) {
	rows, err := p.pool.Query(p.ctx, "SELECT user_id, course_id FROM enrollments")
	if err != nil {
		return nil, err
	}
	enrolled := map[enrollmentKey]bool{}
	var e enrollmentKey
	if _, err := pgx.ForEachRow(rows, []any{&e.user, &e.course}, func() error { enrolled[e] = true; return nil }); err != nil {
		return nil, err
	}
	requests := make([]request, 0, plannedWrites)
	for len(requests) < plannedWrites {
		e := enrollmentKey{p.pickWriter(len(requests)), p.published[p.drawCourseIndex()]}
		if !enrolled[e] {
			enrolled[e] = true
			requests = append(requests, p.newEnrollRequest(e.user, e.course))
		}
	}
	return requests, nil
}

func (p *writePlanner) pickWriter(n int) int64 {
	return p.students[n%writerCount*(len(p.students)/writerCount)]
}

// drawCourseIndex draws a course with the distribution of pgbench's random_exponential.
func (p *writePlanner) drawCourseIndex() int {
	cut := math.Exp(-popularityExponent)
	x := -math.Log(cut+(1-cut)*(1-p.random.Float64())) / popularityExponent
	return int(x * float64(len(p.published)))
}

// planHotEnrolls plans enrollments of different students in one course, the one with the fewest
// enrollments.
func (p *writePlanner) planHotEnrolls() ([]request, error) {
	course, err := findHotCourse(p.ctx, p.pool)
	if err != nil {
		return nil, err
	}
	students, err := queryColumn[int64](p.ctx, p.pool, fmt.Sprint("SELECT user_id FROM enrollments WHERE course_id = ", course))
	if err != nil {
		return nil, err
	}
	enrolled := map[int64]bool{}
	for _, u := range students {
		enrolled[u] = true
	}
	requests := make([]request, 0, plannedWrites)
	for _, i := range p.random.Perm(len(p.students)) {
		if u := p.students[i]; !enrolled[u] && len(requests) < plannedWrites {
			requests = append(requests, p.newEnrollRequest(u, course))
		}
	}
	return requests, nil
}

func findHotCourse(ctx context.Context, pool *pgxpool.Pool) (id int64, err error) {
	err = pool.QueryRow(ctx, "SELECT id FROM courses WHERE published ORDER BY enrollment_count, id LIMIT 1").Scan(&id)
	return id, err
}

// watchHistory holds the events of one request as columns, and the time when each course was last
// watched.
type watchHistory struct {
	user            int64
	videos, seconds []int64
	times           []time.Time
	courses         []int64
	last            []time.Time // by course
}

// planProgress plans requests of the writers in turn, with 100 events each in the videos of two courses.
// It stores the events in a table for pgbench, and the enrollments as they are before the writes.
func (p *writePlanner) planProgress() ([]request, error) {
	rows, err := p.pool.Query(p.ctx, `SELECT t.user_id, t.course_id, v.id, v.duration_seconds
		FROM (SELECT e.user_id, e.course_id, row_number() OVER (PARTITION BY e.user_id ORDER BY e.id) AS n,
				count(*) OVER (PARTITION BY e.user_id) AS of
			FROM enrollments e JOIN courses c ON c.id = e.course_id JOIN users u ON u.id = e.user_id
			WHERE c.published AND u.active AND u.role = 'student') t
		JOIN videos v ON v.course_id = t.course_id
		WHERE t.n <= 2 AND t.of >= 2 ORDER BY md5(t.user_id::text), t.n, v.position LIMIT 50 * $1`, writerCount)
	if err != nil {
		return nil, err
	}
	var all []watchHistory
	lessons, err := pgx.CollectRows(rows, pgx.RowToStructByPos[lesson])
	if err != nil {
		return nil, err
	}
	start := time.Now().UTC().Truncate(time.Second).Add(-24 * time.Hour)
	for from := 0; from < len(lessons) && len(all) < writerCount; {
		to := from
		for to < len(lessons) && lessons[to].User == lessons[from].User {
			to++
		}
		all = append(all, simulateWatching(lessons[from:to], start))
		from = to
	}
	if err := p.storeHistories(all); err != nil {
		return nil, err
	}
	requests := make([]request, len(all))
	for i, w := range all {
		events := make([]map[string]any, len(w.videos))
		for k := range events {
			events[k] = map[string]any{
				"videoId": edu.NewID(edu.KindVideo, w.videos[k]).String(), "progressSeconds": w.seconds[k],
				"watchedAt": w.times[k].Format(time.RFC3339),
			}
		}
		requests[i] = request{
			operation: p.operation, viewer: edu.Viewer{ID: w.user, Role: edu.RoleStudent},
			variables: map[string]any{"input": map[string]any{"events": events}},
		}
	}
	return requests, nil
}

type lesson struct{ User, Course, Video, Seconds int64 }

// simulateWatching returns an event every 30 s. It plays the lessons in order, each to its end at an
// even speed.
func simulateWatching(lessons []lesson, at time.Time) watchHistory {
	w := watchHistory{user: lessons[0].User}
	for k := range eventsPerWrite {
		n := k * len(lessons) / eventsPerWrite
		first := (n*eventsPerWrite + len(lessons) - 1) / len(lessons)
		next := ((n+1)*eventsPerWrite + len(lessons) - 1) / len(lessons)
		l := lessons[n]
		at = at.Add(30 * time.Second)
		w.videos = append(w.videos, l.Video)
		w.seconds = append(w.seconds, l.Seconds*int64(k-first+1)/int64(next-first))
		w.times = append(w.times, at)
		if len(w.courses) == 0 || w.courses[len(w.courses)-1] != l.Course {
			w.courses, w.last = append(w.courses, l.Course), append(w.last, at)
		}
		w.last[len(w.last)-1] = at
	}
	return w
}

// sittingColumns holds the sittings of one request, one of each video, as columns.
type sittingColumns struct {
	videos             []int64
	since, watched     []time.Time
	positions, seconds []int64
	events             [][]byte
}

// sittingColumns returns the sittings that the server stores for the events.
func (w watchHistory) sittingColumns() (columns sittingColumns) {
	for from := 0; from < len(w.videos); {
		h := edu.NewWatchHistory(w.videos[from], nil, w.times[from], w.times[from])
		to := from
		for ; to < len(w.videos) && w.videos[to] == w.videos[from]; to++ {
			h.AddEvent(edu.WatchPoint{At: w.times[to], Seconds: int(w.seconds[to])})
		}
		s := h.Changes(edu.SittingChanges{}).Inserted[0]
		columns.videos, columns.since = append(columns.videos, s.VideoID), append(columns.since, w.times[from].Add(-edu.SittingGap))
		columns.watched, columns.events = append(columns.watched, s.WatchedAt), append(columns.events, s.EncodeEvents())
		columns.positions, columns.seconds = append(columns.positions, int64(s.ProgressSeconds)), append(columns.seconds, int64(s.WatchedSeconds))
		from = to
	}
	return columns
}

// storeHistories stores the sittings of the events for pgbench, and the enrollments for undoProgress.
func (p *writePlanner) storeHistories(all []watchHistory) error {
	if _, err := p.pool.Exec(p.ctx, `CREATE TABLE bench_progress (n bigint PRIMARY KEY, user_id bigint,
		videos bigint[], since timestamptz[], watched timestamptz[], positions integer[], seconds integer[], events bytea[],
		courses bigint[], last timestamptz[])`); err != nil {
		return err
	}
	_, err := p.pool.CopyFrom(p.ctx, pgx.Identifier{"bench_progress"},
		[]string{"n", "user_id", "videos", "since", "watched", "positions", "seconds", "events", "courses", "last"},
		pgx.CopyFromSlice(len(all), func(i int) ([]any, error) {
			w := all[i]
			s := w.sittingColumns()
			return []any{i, w.user, s.videos, s.since, s.watched, s.positions, s.seconds, s.events, w.courses, w.last}, nil
		}))
	if err != nil {
		return err
	}
	_, err = p.pool.Exec(p.ctx, "CREATE TABLE bench_enrollments AS SELECT * FROM enrollments WHERE user_id IN (SELECT user_id FROM bench_progress)")
	return err
}
