package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/edu"
)

const (
	// mixedWriteCount is the number of planned writes for all runs, more than they send.
	mixedWriteCount = 8000
	// zipfExponent is the exponent of the frequencies of requests. The first of 512 requests has a
	// fifth of the whole frequency, and the first hundred have three quarters.
	zipfExponent = 1.1
)

// readWeights are the numbers of operations among twenty reads.
var readWeights = map[string]int{"Catalog": 6, "CoursePage": 6, "Search": 3, "MyDashboard": 3, "BrowseTree": 2}

// mixedWrite is a mutation of a mixed load. Players record progress often, and courses are seldom
// edited.
type mixedWrite struct {
	operation
	role   edu.Role
	weight int    // among twenty writes
	sql    string // selects a user, and the arguments of input
	input  func(key, number int64) map[string]any
}

var mixedMutations = []mixedWrite{
	{
		// Students whose dashboards are read record progress.
		operation: operation{name: "RecordVideoProgress", file: "record-video-progress"}, role: edu.RoleStudent, weight: 12,
		sql: `SELECT e.user_id, v.id, v.duration_seconds / 2 FROM enrollments e JOIN courses c ON c.id = e.course_id JOIN videos v ON v.course_id = c.id
			WHERE c.published AND e.user_id = ANY(@viewers) ORDER BY md5(e.id || '.' || v.id) LIMIT @n`,
		input: func(video, seconds int64) map[string]any {
			return map[string]any{"events": []any{map[string]any{"videoId": edu.NewID(edu.KindVideo, video).String(), "progressSeconds": seconds}}}
		},
	},
	{
		// Courses get enrollments in proportion to their existing ones.
		operation: operation{name: "Enroll", file: "enroll"}, role: edu.RoleStudent, weight: 5,
		sql: `SELECT u.id, e.course_id, 0 FROM (SELECT id, row_number() OVER (ORDER BY md5(id::text)) AS n FROM users WHERE active AND role = 'student') u
			JOIN (SELECT course_id, row_number() OVER (ORDER BY md5(e.id::text)) AS n FROM enrollments e JOIN courses c ON c.id = e.course_id WHERE c.published) e USING (n)
			WHERE NOT EXISTS (SELECT FROM enrollments x WHERE x.user_id = u.id AND x.course_id = e.course_id) ORDER BY n LIMIT @n`,
		input: func(course, _ int64) map[string]any {
			return map[string]any{"courseId": edu.NewID(edu.KindCourse, course).String()}
		},
	},
	{
		operation: operation{name: "ReviewCourse", file: "review-course"}, role: edu.RoleStudent, weight: 2,
		sql: `SELECT e.user_id, e.course_id, 1 + e.id % 5 FROM enrollments e JOIN courses c ON c.id = e.course_id JOIN users u ON u.id = e.user_id
			WHERE c.published AND u.active AND u.role = 'student' AND c.instructor_id <> u.id ORDER BY md5(e.id::text) LIMIT @n`,
		input: func(course, rating int64) map[string]any {
			return map[string]any{"courseId": edu.NewID(edu.KindCourse, course).String(), "rating": rating, "body": "Clear, and to the point."}
		},
	},
	{
		operation: operation{name: "UpdateCourse", file: "update-course"}, role: edu.RoleInstructor, weight: 1,
		sql: `SELECT c.instructor_id, c.id, 0 FROM courses c JOIN users u ON u.id = c.instructor_id
			WHERE c.published AND u.active AND u.role = 'instructor' ORDER BY md5(c.id::text) LIMIT @n`,
		input: func(course, _ int64) map[string]any {
			return map[string]any{"id": edu.NewID(edu.KindCourse, course).String(), "description": "The text has changed, not the rest."}
		},
	},
}

// requestMixer holds the encoded requests of mixed loads.
type requestMixer struct {
	reads  [][]encodedRequest // by operation, the most frequent first
	writes []encodedRequest
}

// newRequestMixer encodes the planned reads, and plans a number of writes.
func (b *benchmark) newRequestMixer(ctx context.Context, pool *pgxpool.Pool, plans map[string][]request, writes int) (*requestMixer, error) {
	m := &requestMixer{reads: make([][]encodedRequest, len(operations))}
	for i, op := range operations {
		for _, r := range plans[op.name] {
			encoded, err := encodeRequest(r, "localhost", b.tokens)
			if err != nil {
				return nil, err
			}
			m.reads[i] = append(m.reads[i], encodedRequest{bytes: encoded, group: i})
		}
	}
	var viewers []int64
	for _, r := range plans["MyDashboard"] {
		viewers = append(viewers, r.viewer.ID)
	}
	for i, w := range mixedMutations {
		requests, err := w.planMutations(ctx, pool, viewers, writes*w.weight/20)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", w.name, err)
		}
		encodedWrites, err := b.encodeWrites(requests)
		if err != nil {
			return nil, err
		}
		for _, e := range encodedWrites {
			e.group = len(operations) + i
			m.writes = append(m.writes, e)
		}
	}
	random := rand.New(rand.NewPCG(planSeed, 1))
	random.Shuffle(len(m.writes), func(i, j int) { m.writes[i], m.writes[j] = m.writes[j], m.writes[i] })
	return m, nil
}

func (w mixedWrite) planMutations(ctx context.Context, pool *pgxpool.Pool, viewers []int64, n int) ([]request, error) {
	rows, err := pool.Query(ctx, w.sql, pgx.NamedArgs{"viewers": viewers, "n": n})
	if err != nil {
		return nil, err
	}
	var requests []request
	var user, key, number int64
	_, err = pgx.ForEachRow(rows, []any{&user, &key, &number}, func() error {
		variables := map[string]any{"input": w.input(key, number)}
		requests = append(requests, request{operation: w.operation, variables: variables, viewer: edu.Viewer{ID: user, Role: w.role}})
		return nil
	})
	if err == nil && len(requests) < n {
		err = fmt.Errorf("not enough data: %d of %d writes planned", len(requests), n)
	}
	return requests, err
}

// mixRequests returns the requests of a run: its share of the writes, and 99 reads with each.
func (m *requestMixer) mixRequests(skewed bool, run, runs int) []encodedRequest {
	var writes []encodedRequest
	for i := run; i < len(m.writes); i += runs {
		writes = append(writes, m.writes[i])
	}
	return m.mixWrites(writes, readsPerWrite, skewed, run)
}

// mixWrites returns writes with a number of reads after each.
func (m *requestMixer) mixWrites(writes []encodedRequest, readsPerWrite int, skewed bool, seed int) []encodedRequest {
	var weighted []int
	for i, op := range operations {
		weighted = append(weighted, slices.Repeat([]int{i}, readWeights[op.name])...)
	}
	random := rand.New(rand.NewPCG(planSeed, uint64(seed)))
	draw := func(n int) int { return random.IntN(n) }
	if skewed {
		zipf := rand.NewZipf(random, zipfExponent, 1, planLength-1)
		draw = func(int) int { return int(zipf.Uint64()) }
	}
	var requests []encodedRequest
	for _, write := range writes {
		requests = append(requests, write)
		for range readsPerWrite {
			reads := m.reads[weighted[random.IntN(len(weighted))]]
			requests = append(requests, reads[draw(len(reads))])
		}
	}
	return requests
}
