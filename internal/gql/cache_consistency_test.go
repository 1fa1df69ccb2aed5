package gql

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/cache"
	"github.com/7p-education/api/internal/cache/redistest"
	"github.com/7p-education/api/internal/gql/respcache"
	"github.com/7p-education/api/internal/invalidation"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

// instance is a server as the program makes one, without HTTP's sockets.
type instance struct {
	http.Handler
	changes *invalidation.Log
	answers *respcache.Cache
}

// newInstance starts an instance over a database and, unless it is "", a Redis. One that
// is mute tells nobody of its writes.
func newInstance(t *testing.T, dsn, redisURL string, mute bool) *instance {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	var redis *cache.Redis
	if redisURL != "" {
		var err error
		if redis, err = cache.OpenRedis(cache.RedisOptions{URL: redisURL, Log: log}); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = redis.Close() })
	}
	i := &instance{changes: invalidation.New(redis, log)}
	c := store.Config{URL: dsn, MaxConns: 8, PublishChanges: i.changes.Publish}
	if mute {
		c.PublishChanges = nil
	}
	db, err := store.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	i.answers = respcache.New(respcache.Options{InvalidationLog: i.changes, Redis: redis, MaxBytes: 16 << 20})
	t.Cleanup(i.answers.Close)
	i.Handler = New(Options{Store: db, Log: log, ResponseCache: i.answers})
	followChanges(t, i.changes, db)
	return i
}

// growingValue is a number that only grows. Whoever asks for it must get at least what was
// acknowledged before he asked.
type growingValue struct {
	write  func(n int) (as edu.Viewer, mutation string)
	read   []valueQuery
	mu     sync.Mutex // writes are one after the other
	wanted int
	acked  atomic.Int64
}

// valueQuery asks for a register: its number follows the text in the answer.
type valueQuery struct {
	as    edu.Viewer
	query string
	after string
}

func (q valueQuery) parseNumber(body string) (int, error) {
	_, rest, ok := strings.Cut(body, q.after)
	if !ok {
		return 0, fmt.Errorf("no %q in %.300s", q.after, body)
	}
	end := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	return strconv.Atoi(rest[:max(end, 0)])
}

// consistencyRun is what readers and writers share.
type consistencyRun struct {
	instances []*instance
	values    []*growingValue

	reads, hits, writes, stale, failed atomic.Int64
	mu                                 sync.Mutex
	firstProblem                       string // what went wrong first
}

func (c *consistencyRun) sendQuery(as edu.Viewer, query string) (status, body string) {
	text, _ := json.Marshal(map[string]any{"query": query})
	r := httptest.NewRequestWithContext(edu.WithViewer(context.Background(), as), http.MethodPost, "/graphql", bytes.NewReader(text))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	c.instances[rand.IntN(len(c.instances))].ServeHTTP(w, r)
	return w.Header().Get("Cache-Status"), w.Body.String()
}

func (c *consistencyRun) recordProblem(n *atomic.Int64, format string, args ...any) {
	n.Add(1)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.firstProblem == "" {
		c.firstProblem = fmt.Sprintf(format, args...)
	}
}

func (c *consistencyRun) readValue(r *growingValue) {
	q := r.read[rand.IntN(len(r.read))]
	least := r.acked.Load()
	status, body := c.sendQuery(q.as, q.query)
	c.reads.Add(1)
	if strings.Contains(status, "; hit") {
		c.hits.Add(1)
	}
	n, err := q.parseNumber(body)
	if err != nil || strings.Contains(body, `"errors"`) {
		c.recordProblem(&c.failed, "%s: %v: %.500s", q.query, err, body)
	} else if int64(n) < least {
		c.recordProblem(&c.stale, "%s gave %d after %d was acknowledged, %s", q.query, n, least, status)
	}
}

func (c *consistencyRun) writeValue(r *growingValue) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wanted++
	as, mutation := r.write(r.wanted)
	_, body := c.sendQuery(as, mutation)
	if strings.Contains(body, `"errors"`) || !strings.Contains(body, `"userErrors":[]`) {
		c.recordProblem(&c.failed, "%s: %.500s", mutation, body)
		r.wanted--
		return
	}
	c.writes.Add(1)
	r.acked.Store(int64(r.wanted))
}

// runWorkload reads and writes until there were enough of both, while trouble is made.
func (c *consistencyRun) runWorkload(enough int64, trouble func()) {
	var all, made sync.WaitGroup
	over := make(chan struct{})
	made.Go(func() { trouble(); close(over) })
	working := func() bool {
		select {
		case <-over:
			return c.reads.Load()+c.writes.Load() < enough
		default:
			return c.failed.Load() < 100
		}
	}
	for w := range 12 {
		all.Go(func() {
			for i := 0; working(); i++ {
				r := c.values[rand.IntN(len(c.values))]
				if w < 2 {
					c.writeValue(r)
				} else {
					c.readValue(r)
				}
			}
		})
	}
	all.Wait()
	made.Wait()
}

// newConsistencyRun makes registers of everything that is read: a course in lists, by itself and
// in a search, its title, its students, a person's dashboard.
func newConsistencyRun(t *testing.T, dsn string, instances ...*instance) *consistencyRun {
	t.Helper()
	db := testdb.OpenPool(t, dsn)
	admin := edu.Viewer{ID: 3, Role: edu.RoleAdmin}
	c := &consistencyRun{instances: instances}
	for i := range 4 {
		c.values = append(c.values, courseLength(t, db, admin, i), courseTitle(t, db, admin, i), courseStudents(t, db, i), viewerWatchTime(t, db, i))
	}
	for _, r := range c.values {
		n, err := r.read[0].parseNumber(func() string { _, body := c.sendQuery(r.read[0].as, r.read[0].query); return body }())
		if err != nil {
			t.Fatal(err)
		}
		r.wanted = n
		r.acked.Store(int64(n))
	}
	return c
}

// selectNth returns a row of a query.
func selectNth(t *testing.T, db *pgxpool.Pool, n int, sql string, args ...any) (a, b int64) {
	t.Helper()
	if err := db.QueryRow(t.Context(), fmt.Sprintf("%s LIMIT 1 OFFSET %d", sql, n), args...).Scan(&a, &b); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return a, b
}

// courseLength is the length of a course, which an admin changes.
func courseLength(t *testing.T, db *pgxpool.Pool, admin edu.Viewer, i int) *growingValue {
	key, category := selectNth(t, db, i, "SELECT id, category_id FROM courses WHERE published ORDER BY id")
	id, in := edu.NewID(edu.KindCourse, key), edu.NewID(edu.KindCategory, category)
	after := fmt.Sprintf(`%q,"durationSeconds":`, id)
	nobody := edu.Viewer{}
	return &growingValue{
		write: func(n int) (edu.Viewer, string) {
			return admin, fmt.Sprintf(`mutation { updateCourse(input: {id: %q, durationSeconds: %d}) { course { id } userErrors { message } } }`, id, n)
		},
		read: []valueQuery{
			{nobody, fmt.Sprintf(`{ course(id: %q) { id durationSeconds } }`, id), after},
			{edu.Viewer{ID: 1, Role: edu.RoleStudent}, fmt.Sprintf(`{ course(id: %q) { id durationSeconds } }`, id), after},
			{nobody, fmt.Sprintf(`{ courses(first: 100, filter: {categoryId: %q}) { nodes { id durationSeconds } } }`, in), after},
			{nobody, fmt.Sprintf(`{ searchCourses(first: 100, filter: {categoryId: %q}) { nodes { id durationSeconds } } }`, in), after},
			{nobody, fmt.Sprintf(`{ category(id: %q) { name courses(first: 100, orderBy: {field: TITLE}) { nodes { id durationSeconds } } } }`, in), after},
			{nobody, fmt.Sprintf(`{ node(id: %q) { id ... on Course { durationSeconds } } }`, id), after},
		},
	}
}

// courseTitle is a number in the title of a course, which an admin changes: a suggestion
// does not depend on the course but on all titles.
func courseTitle(t *testing.T, db *pgxpool.Pool, admin edu.Viewer, i int) *growingValue {
	key, _ := selectNth(t, db, i, "SELECT id, 0::bigint FROM courses WHERE published ORDER BY id DESC")
	id, title := edu.NewID(edu.KindCourse, key), fmt.Sprintf("Quux%c ", 'a'+rune(i))
	if _, err := db.Exec(t.Context(), "UPDATE courses SET title = $2 WHERE id = $1", key, title+"1"); err != nil {
		t.Fatal(err)
	}
	return &growingValue{
		write: func(n int) (edu.Viewer, string) {
			return admin, fmt.Sprintf(`mutation { updateCourse(input: {id: %q, title: "%s%d"}) { course { id } userErrors { message } } }`, id, title, n)
		},
		read: []valueQuery{{edu.Viewer{}, fmt.Sprintf(`{ searchSuggestions(prefix: %q, first: 1) }`, title), title}},
	}
}

// courseStudents is how many take a course, which they do one after the other.
func courseStudents(t *testing.T, db *pgxpool.Pool, i int) *growingValue {
	key, _ := selectNth(t, db, 10+i, "SELECT id, 0::bigint FROM courses WHERE published ORDER BY enrollment_count, id")
	id := edu.NewID(edu.KindCourse, key)
	var students []int64
	rows, err := db.Query(t.Context(), `SELECT id FROM users u WHERE role = 'student' AND id > 3
		AND NOT EXISTS (SELECT FROM enrollments e WHERE e.user_id = u.id AND e.course_id = $1) ORDER BY id`, key)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var s int64
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		students = append(students, s)
	}
	next := 0
	after := fmt.Sprintf(`%q,"enrollmentCount":`, id)
	return &growingValue{
		write: func(int) (edu.Viewer, string) {
			next++
			if next >= len(students) {
				panic("there are no more students")
			}
			return edu.Viewer{ID: students[next], Role: edu.RoleStudent}, fmt.Sprintf(`mutation { enroll(input: {courseId: %q}) { enrollment { id } userErrors { message } } }`, id)
		},
		read: []valueQuery{
			{edu.Viewer{}, fmt.Sprintf(`{ course(id: %q) { id enrollmentCount } }`, id), after},
			{edu.Viewer{ID: 3, Role: edu.RoleAdmin}, fmt.Sprintf(`{ course(id: %q) { id enrollmentCount enrollments(first: 1) { totalCount } } }`, id), after},
			{edu.Viewer{ID: 3, Role: edu.RoleAdmin}, fmt.Sprintf(`{ course(id: %q) { enrollments(first: 1) { totalCount } } }`, id), `"totalCount":`},
		},
	}
}

// viewerWatchTime is what a student has watched, a second more with each write.
func viewerWatchTime(t *testing.T, db *pgxpool.Pool, i int) *growingValue {
	user, video := selectNth(t, db, 5*i, `SELECT e.user_id, min(v.id) FROM enrollments e JOIN videos v ON v.course_id = e.course_id
		WHERE e.user_id > 3 AND v.duration_seconds > 60 GROUP BY e.user_id, e.course_id ORDER BY 1`)
	as := edu.Viewer{ID: user, Role: edu.RoleStudent}
	return &growingValue{
		write: func(int) (edu.Viewer, string) {
			return as, fmt.Sprintf(`mutation { recordVideoProgress(input: {events: [{videoId: %q, progressSeconds: 1}]}) { recordedCount userErrors { message } } }`,
				edu.NewID(edu.KindVideo, video))
		},
		read: []valueQuery{{as, `{ viewer { dashboard { watchTimeSeconds(days: 3650) } } }`, `"watchTimeSeconds":`}},
	}
}

// After a write was acknowledged no reader of any instance gets an older answer,
// whatever happens to Redis: 100,000 reads and writes of two instances at once.
func TestNoStaleAnswer(t *testing.T) {
	t.Parallel()
	dsn := testdb.NewWithDemo(t)
	redis := redistest.StartServer(t)
	c := newConsistencyRun(t, dsn, newInstance(t, dsn, redis.URL(), false), newInstance(t, dsn, redis.URL(), false))
	c.runWorkload(100_000, func() {
		const calm = 10_000
		for range 2 {
			c.awaitCount(&c.reads, calm)
			redis.Kill()
			c.awaitCount(&c.writes, 4) // each waits until nobody answers from what is kept
			redis.Restart()
			c.awaitCount(&c.reads, calm)
			redis.Pause()
			c.awaitCount(&c.writes, 4)
			redis.Resume()
			c.awaitCount(&c.reads, calm)
			redis.RunCommand("FLUSHALL")
		}
	})
	t.Logf("%d reads, %d of them hits, %d writes, %d stale, %d failed", c.reads.Load(), c.hits.Load(), c.writes.Load(), c.stale.Load(), c.failed.Load())
	// Hits are no share of the reads: how many are made while Redis is away, and nothing
	// kept is given, depends on how fast they are.
	if c.stale.Load() > 0 || c.failed.Load() > 0 || c.hits.Load() < 10_000 || c.writes.Load() < 100 {
		t.Errorf("%s", c.firstProblem)
	}
}

// awaitCount returns once there were some more.
func (c *consistencyRun) awaitCount(n *atomic.Int64, more int64) {
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	for until := n.Load() + more; n.Load() < until && c.failed.Load() < 100; {
		<-poll.C
	}
}

// Without Redis one instance is as fresh.
func TestNoStaleAnswerInProcess(t *testing.T) {
	t.Parallel()
	dsn := testdb.NewWithDemo(t)
	c := newConsistencyRun(t, dsn, newInstance(t, dsn, "", false))
	c.runWorkload(20_000, func() {})
	t.Logf("%d reads, %d of them hits, %d writes, %d stale, %d failed", c.reads.Load(), c.hits.Load(), c.writes.Load(), c.stale.Load(), c.failed.Load())
	if c.stale.Load() > 0 || c.failed.Load() > 0 || c.hits.Load() < 2_000 {
		t.Errorf("%s", c.firstProblem)
	}
}

// Instances that do not tell of their writes are found out: the database tells later.
func TestStaleAnswersAreFound(t *testing.T) {
	t.Parallel()
	dsn := testdb.NewWithDemo(t)
	redis := redistest.StartServer(t)
	c := newConsistencyRun(t, dsn, newInstance(t, dsn, redis.URL(), true), newInstance(t, dsn, redis.URL(), true))
	c.runWorkload(5_000, func() {})
	t.Logf("%d reads, %d of them hits, %d writes, %d stale, %d failed", c.reads.Load(), c.hits.Load(), c.writes.Load(), c.stale.Load(), c.failed.Load())
	if c.stale.Load() == 0 || c.failed.Load() > 0 {
		t.Errorf("no stale answer was found: %s", c.firstProblem)
	}
}

// Where one instance is cut off from Redis, what it writes is not acknowledged before
// the other has it: nobody fails, and nobody gets an older answer.
func TestNoStaleAnswerWhenCutOff(t *testing.T) {
	t.Parallel()
	dsn := testdb.NewWithDemo(t)
	redis := redistest.StartServer(t)
	link := redis.StartProxy(t)
	near, far := newInstance(t, dsn, redis.URL(), false), newInstance(t, dsn, link.URL(), false)
	c := newConsistencyRun(t, dsn, near)
	for _, r := range c.values { // they are kept
		c.readValue(r)
	}
	link.Disconnect()
	var all sync.WaitGroup
	for _, r := range c.values {
		all.Go(func() {
			writer := &consistencyRun{instances: []*instance{far}}
			writer.writeValue(r)
			if writer.failed.Load() > 0 {
				t.Error(writer.firstProblem)
			}
			for range 20 {
				c.readValue(r)
			}
		})
	}
	all.Wait()
	if c.stale.Load() > 0 || c.failed.Load() > 0 || c.hits.Load() == 0 {
		t.Errorf("%d reads, %d of them hits, %d stale, %d failed: %s", c.reads.Load(), c.hits.Load(), c.stale.Load(), c.failed.Load(), c.firstProblem)
	}
	if s := far.changes.Stats(); s.DelayedWrites == 0 || s.LeaseHeld {
		t.Errorf("who is cut off did not wait, or still uses the log: %+v", s)
	}
	link.Reconnect()
	c.instances = append(c.instances, far)
	for deadline := time.Now().Add(waitTimeout); !far.changes.Stats().LeaseHeld; {
		c.readValue(c.values[0])
		if time.Now().After(deadline) {
			t.Fatal("it does not come back")
		}
	}
}

// Who is refused for what another has written, or sends it again, acknowledges it: then
// nobody gets an older answer, though the first still waits to tell.
func TestNoStaleAnswerAfterAnother(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		register      func(*testing.T, *pgxpool.Pool) *growingValue
		committed, is string // whether a viewer's write is there, and what is said of it then
	}{
		"refused":    {func(t *testing.T, db *pgxpool.Pool) *growingValue { return courseStudents(t, db, 0) }, "SELECT EXISTS (SELECT FROM enrollments WHERE user_id = $1 AND enrolled_at > now() - interval '1 minute')", "already"},
		"sent again": {courseReviews, "SELECT EXISTS (SELECT FROM reviews WHERE user_id = $1 AND created_at > now() - interval '1 minute')", `"userErrors":[]`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dsn := testdb.NewWithDemo(t)
			redis := redistest.StartServer(t)
			link := redis.StartProxy(t)
			cut, whole, reader := newInstance(t, dsn, link.URL(), false), newInstance(t, dsn, redis.URL(), false), newInstance(t, dsn, redis.URL(), false)
			db := testdb.OpenPool(t, dsn)
			at := func(i *instance) *consistencyRun { return &consistencyRun{instances: []*instance{i}} }
			r := tt.register(t, db)
			read := func() (n int, status string) {
				status, body := at(reader).sendQuery(r.read[0].as, r.read[0].query)
				n, err := r.read[0].parseNumber(body)
				if err != nil {
					t.Fatal(err)
				}
				return n, status
			}
			for range 4 {
				before, _ := read()
				as, mutation := r.write(0)
				link.Disconnect()
				var written sync.WaitGroup
				written.Go(func() {
					if _, body := at(cut).sendQuery(as, mutation); !strings.Contains(body, `"userErrors":[]`) {
						t.Errorf("it is not written: %s", body)
					}
				})
				for found, end := false, time.Now().Add(waitTimeout); !found; time.Sleep(time.Millisecond) {
					if err := db.QueryRow(t.Context(), tt.committed, as.ID).Scan(&found); err != nil || time.Now().After(end) {
						t.Fatalf("it is not committed: %v", err)
					}
				}
				if _, body := at(whole).sendQuery(as, mutation); !strings.Contains(body, tt.is) {
					t.Errorf("the other says %s", body)
				}
				if n, status := read(); n != before+1 {
					t.Errorf("%d is read after %d was acknowledged, %s", n, before+1, status)
				}
				written.Wait()
				link.Reconnect()
				if err := cut.changes.AwaitLease(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// courseReviews is how many reviews a course has, which its students write one after the
// other.
func courseReviews(t *testing.T, db *pgxpool.Pool) *growingValue {
	key, _ := selectNth(t, db, 0, `SELECT e.course_id, 0::bigint FROM enrollments e WHERE e.user_id > 3
		AND NOT EXISTS (SELECT FROM reviews r WHERE r.user_id = e.user_id AND r.course_id = e.course_id) GROUP BY 1 HAVING count(*) >= 10 ORDER BY 1`)
	id := edu.NewID(edu.KindCourse, key)
	return &growingValue{
		write: func(int) (edu.Viewer, string) {
			student, _ := selectNth(t, db, 0, `SELECT e.user_id, 0::bigint FROM enrollments e WHERE e.user_id > 3 AND e.course_id = $1
				AND NOT EXISTS (SELECT FROM reviews r WHERE r.user_id = e.user_id AND r.course_id = e.course_id) ORDER BY 1`, key)
			return edu.Viewer{ID: student, Role: edu.RoleStudent}, fmt.Sprintf(`mutation { reviewCourse(input: {courseId: %q, rating: 1, body: "bad"}) { review { id } userErrors { message } } }`, id)
		},
		read: []valueQuery{{edu.Viewer{}, fmt.Sprintf(`{ course(id: %q) { id reviewCount } }`, id), fmt.Sprintf(`%q,"reviewCount":`, id)}},
	}
}
