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
	writers        = 1000   // students who write, in turn
	writePlan      = 32_000 // enrollments of a round, more than it comes to
	eventsOfAWrite = 100
	// steepness is of the courses' popularity: with 8, a tenth of the courses gets
	// 55 of 100 enrollments, as in the demo data.
	steepness = 8
)

// writePlanner plans the requests of a write. Draws depend on the data alone.
type writePlanner struct {
	ctx  context.Context
	pool *pgxpool.Pool
	dice *rand.Rand
	op   operation

	students, published []int64
}

func planWrites(ctx context.Context, pool *pgxpool.Pool, w write) ([]request, error) {
	p := &writePlanner{ctx: ctx, pool: pool, dice: rand.New(rand.NewPCG(planSeed, 0)), op: w.operation}
	var err error
	if p.students, err = column[int64](ctx, pool, "SELECT id FROM users WHERE active AND role = 'student' ORDER BY id"); err != nil {
		return nil, fmt.Errorf("read the students: %w", err)
	}
	if p.published, err = column[int64](ctx, pool, "SELECT id FROM courses WHERE published ORDER BY id"); err != nil {
		return nil, fmt.Errorf("read the courses: %w", err)
	}
	return w.plan(p)
}

func (p *writePlanner) enroll(user, course int64) request {
	return request{
		operation: p.op, viewer: edu.Viewer{ID: user, Role: edu.RoleStudent},
		variables: map[string]any{"input": map[string]any{"courseId": edu.NewID(edu.KindCourse, course).String()}},
	}
}

// place is a student's in a course.
type place struct{ user, course int64 }

// enrollSpread lets the writers enroll in turn, more often in some courses than
// in others.
func (p *writePlanner) enrollSpread() ([]request, error) {
	rows, err := p.pool.Query(p.ctx, "SELECT user_id, course_id FROM enrollments")
	if err != nil {
		return nil, err
	}
	taken := map[place]bool{}
	var e place
	if _, err := pgx.ForEachRow(rows, []any{&e.user, &e.course}, func() error { taken[e] = true; return nil }); err != nil {
		return nil, err
	}
	requests := make([]request, 0, writePlan)
	for len(requests) < writePlan {
		e := place{p.writer(len(requests)), p.published[p.popular()]}
		if !taken[e] {
			taken[e] = true
			requests = append(requests, p.enroll(e.user, e.course))
		}
	}
	return requests, nil
}

func (p *writePlanner) writer(n int) int64 {
	return p.students[n%writers*(len(p.students)/writers)]
}

// popular draws a course as pgbench's random_exponential does.
func (p *writePlanner) popular() int {
	cut := math.Exp(-steepness)
	x := -math.Log(cut+(1-cut)*(1-p.dice.Float64())) / steepness
	return int(x * float64(len(p.published)))
}

// enrollHot lets another student at each turn enroll in the course that the
// fewest take.
func (p *writePlanner) enrollHot() ([]request, error) {
	course, err := hotCourse(p.ctx, p.pool)
	if err != nil {
		return nil, err
	}
	takers, err := column[int64](p.ctx, p.pool, fmt.Sprint("SELECT user_id FROM enrollments WHERE course_id = ", course))
	if err != nil {
		return nil, err
	}
	takes := map[int64]bool{}
	for _, u := range takers {
		takes[u] = true
	}
	requests := make([]request, 0, writePlan)
	for _, i := range p.dice.Perm(len(p.students)) {
		if u := p.students[i]; !takes[u] && len(requests) < writePlan {
			requests = append(requests, p.enroll(u, course))
		}
	}
	return requests, nil
}

func hotCourse(ctx context.Context, pool *pgxpool.Pool) (id int64, err error) {
	err = pool.QueryRow(ctx, "SELECT id FROM courses WHERE published ORDER BY enrollment_count, id LIMIT 1").Scan(&id)
	return id, err
}

// watched is what one request tells of, as columns, and what the server makes of
// it: when each course was last watched.
type watched struct {
	user                    int64
	videos, seconds, course []int64
	times, last             []time.Time
}

// progress lets the writers tell in turn of 100 events each, over the videos of
// two courses that they take. The same is kept in a table for pgbench, and so is
// what the enrollments were before.
func (p *writePlanner) progress() ([]request, error) {
	rows, err := p.pool.Query(p.ctx, `SELECT t.user_id, t.course_id, v.id, v.duration_seconds
		FROM (SELECT e.user_id, e.course_id, row_number() OVER (PARTITION BY e.user_id ORDER BY e.id) AS n,
				count(*) OVER (PARTITION BY e.user_id) AS of
			FROM enrollments e JOIN courses c ON c.id = e.course_id JOIN users u ON u.id = e.user_id
			WHERE c.published AND u.active AND u.role = 'student') t
		JOIN videos v ON v.course_id = t.course_id
		WHERE t.n <= 2 AND t.of >= 2 ORDER BY md5(t.user_id::text), t.n, v.position LIMIT 50 * $1`, writers)
	if err != nil {
		return nil, err
	}
	var all []watched
	lessons, err := pgx.CollectRows(rows, pgx.RowToStructByPos[lesson])
	if err != nil {
		return nil, err
	}
	start := time.Now().UTC().Truncate(time.Second).Add(-24 * time.Hour)
	for from := 0; from < len(lessons) && len(all) < writers; {
		to := from
		for to < len(lessons) && lessons[to].User == lessons[from].User {
			to++
		}
		all = append(all, watch(lessons[from:to], start))
		from = to
	}
	if err := p.keep(all); err != nil {
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
			operation: p.op, viewer: edu.Viewer{ID: w.user, Role: edu.RoleStudent},
			variables: map[string]any{"input": map[string]any{"events": events}},
		}
	}
	return requests, nil
}

type lesson struct{ User, Course, Video, Seconds int64 }

// watch tells of an event every 30 s, the lessons one after the other and each
// evenly to its end.
func watch(lessons []lesson, at time.Time) watched {
	w := watched{user: lessons[0].User}
	for k := range eventsOfAWrite {
		n := k * len(lessons) / eventsOfAWrite
		first := (n*eventsOfAWrite + len(lessons) - 1) / len(lessons)
		next := ((n+1)*eventsOfAWrite + len(lessons) - 1) / len(lessons)
		l := lessons[n]
		at = at.Add(30 * time.Second)
		w.videos = append(w.videos, l.Video)
		w.seconds = append(w.seconds, l.Seconds*int64(k-first+1)/int64(next-first))
		w.times = append(w.times, at)
		if len(w.course) == 0 || w.course[len(w.course)-1] != l.Course {
			w.course, w.last = append(w.course, l.Course), append(w.last, at)
		}
		w.last[len(w.last)-1] = at
	}
	return w
}

// keep writes down for pgbench what is recorded, and for undo what was there.
func (p *writePlanner) keep(all []watched) error {
	if _, err := p.pool.Exec(p.ctx, `CREATE TABLE bench_progress (n bigint PRIMARY KEY, user_id bigint,
		videos bigint[], seconds integer[], times timestamptz[], courses bigint[], last timestamptz[])`); err != nil {
		return err
	}
	_, err := p.pool.CopyFrom(p.ctx, pgx.Identifier{"bench_progress"}, []string{"n", "user_id", "videos", "seconds", "times", "courses", "last"},
		pgx.CopyFromSlice(len(all), func(i int) ([]any, error) {
			w := all[i]
			return []any{i, w.user, w.videos, w.seconds, w.times, w.course, w.last}, nil
		}))
	if err != nil {
		return err
	}
	_, err = p.pool.Exec(p.ctx, "CREATE TABLE bench_enrollments AS SELECT * FROM enrollments WHERE user_id IN (SELECT user_id FROM bench_progress)")
	return err
}
