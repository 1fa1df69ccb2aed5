package gql_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
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
	"github.com/7p-education/api/internal/gql"
	"github.com/7p-education/api/internal/gql/respcache"
	"github.com/7p-education/api/internal/gqltest"
	"github.com/7p-education/api/internal/invalidation"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

// instance is a server as the program assembles it, without a network.
type instance struct {
	http.Handler
	invalidations *invalidation.Log
}

// newInstance starts an instance with a database and, unless the URL is "", a Redis. A mute instance does not
// publish its writes.
func newInstance(t *testing.T, dsn, redisURL string, mute bool) *instance {
	t.Helper()
	var redis *cache.Redis
	if redisURL != "" {
		var err error
		if redis, err = cache.OpenRedis(cache.RedisOptions{URL: redisURL, Log: discardLog}); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = redis.Close() })
	}
	i := &instance{invalidations: invalidation.New(redis, discardLog)}
	config := store.Config{URL: dsn, MaxConns: 8, PublishChanges: i.invalidations.Publish}
	if mute {
		config.PublishChanges = nil
	}
	db := openStore(t, config)
	c := respcache.New(respcache.Options{InvalidationLog: i.invalidations, Redis: redis, MaxBytes: 16 << 20, MaxRedisBytes: 1 << 20, ShareFirst: true})
	t.Cleanup(c.Close)
	i.Handler = gql.New(gql.Options{Store: db, Log: discardLog, ResponseCache: c})
	pollChanges(t, i.invalidations, db)
	return i
}

// growingValue is a number that only grows. A read must return at least the number that was acknowledged
// before the read.
type growingValue struct {
	write        func(n int) (as edu.Viewer, mutation string)
	read         []valueQuery
	mu           sync.Mutex // writes are serialized
	written      int
	acknowledged atomic.Int64
}

// valueQuery reads a growingValue: the number follows a text in the response.
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

// consistencyRun is the state that readers and writers share.
type consistencyRun struct {
	instances []*instance
	values    []*growingValue

	reads, hits, writes, stale, failed atomic.Int64
	mu                                 sync.Mutex
	firstProblem                       string // of a read or a write
}

// sendQuery sends a document to one of the instances.
func (c *consistencyRun) sendQuery(as edu.Viewer, text string) (cacheStatus, body string) {
	instance := c.instances[rand.IntN(len(c.instances))]
	resp := gqltest.Serve(instance, gqltest.NewRequest(context.Background(), as, text, nil))
	return resp.Header.Get("Cache-Status"), resp.Text()
}

// recordProblem counts a problem, and stores the first one.
func (c *consistencyRun) recordProblem(n *atomic.Int64, format string, args ...any) {
	n.Add(1)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.firstProblem == "" {
		c.firstProblem = fmt.Sprintf(format, args...)
	}
}

// readValue reads a value by one of its queries and compares it with what was acknowledged.
func (c *consistencyRun) readValue(v *growingValue) {
	q := v.read[rand.IntN(len(v.read))]
	least := v.acknowledged.Load()
	status, body := c.sendQuery(q.as, q.query)
	c.reads.Add(1)
	if strings.Contains(status, "; hit") {
		c.hits.Add(1)
	}
	n, err := q.parseNumber(body)
	if err != nil || strings.Contains(body, `"errors"`) {
		c.recordProblem(&c.failed, "%s: %v: %.500s", q.query, err, body)
	} else if int64(n) < least {
		c.recordProblem(&c.stale, "%s returned %d after %d was acknowledged, %s", q.query, n, least, status)
	}
}

// writeValue writes the next number.
func (c *consistencyRun) writeValue(v *growingValue) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.written++
	as, mutation := v.write(v.written)
	_, body := c.sendQuery(as, mutation)
	if strings.Contains(body, `"errors"`) || !strings.Contains(body, `"userErrors":[]`) {
		c.recordProblem(&c.failed, "%s: %.500s", mutation, body)
		v.written--
		return
	}
	c.writes.Add(1)
	v.acknowledged.Store(int64(v.written))
}

// runWorkload reads and writes with twelve clients, until they have done so operations times and injectFaults
// has returned.
func (c *consistencyRun) runWorkload(operations int64, injectFaults func()) {
	var clients, faults sync.WaitGroup
	injected := make(chan struct{})
	faults.Go(func() { injectFaults(); close(injected) })
	working := func() bool {
		select {
		case <-injected:
			return c.reads.Load()+c.writes.Load() < operations
		default:
			return c.failed.Load() < 100
		}
	}
	for w := range 12 {
		clients.Go(func() {
			for working() {
				v := c.values[rand.IntN(len(c.values))]
				if w < 2 {
					c.writeValue(v)
				} else {
					c.readValue(v)
				}
			}
		})
	}
	clients.Wait()
	faults.Wait()
}

// newConsistencyRun creates values that are read in many ways: a course in lists, by itself and in a search,
// its title, its students, a user's dashboard.
func newConsistencyRun(t *testing.T, dsn string, instances ...*instance) *consistencyRun {
	t.Helper()
	db := testdb.OpenPool(t, dsn)
	c := &consistencyRun{instances: instances}
	for i := range 4 {
		c.values = append(c.values, courseLength(t, db, i), courseTitle(t, db, i), courseStudents(t, db, i), viewerWatchTime(t, db, i))
	}
	for _, v := range c.values {
		_, body := c.sendQuery(v.read[0].as, v.read[0].query)
		n, err := v.read[0].parseNumber(body)
		if err != nil {
			t.Fatal(err)
		}
		v.written = n
		v.acknowledged.Store(int64(n))
	}
	return c
}

// selectNth returns the nth row of a query.
func selectNth(t *testing.T, db *pgxpool.Pool, n int, sql string, args ...any) (a, b int64) {
	t.Helper()
	if err := db.QueryRow(t.Context(), fmt.Sprintf("%s LIMIT 1 OFFSET %d", sql, n), args...).Scan(&a, &b); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return a, b
}

// courseLength is the length of a course; an admin changes it.
func courseLength(t *testing.T, db *pgxpool.Pool, i int) *growingValue {
	key, category := selectNth(t, db, i, "SELECT id, category_id FROM courses WHERE published ORDER BY id")
	id, in := edu.NewID(edu.KindCourse, key), edu.NewID(edu.KindCategory, category)
	after := fmt.Sprintf(`%q,"durationSeconds":`, id)
	return &growingValue{
		write: func(n int) (edu.Viewer, string) {
			return admin, fmt.Sprintf(`mutation { updateCourse(input: {id: %q, durationSeconds: %d}) { course { id } userErrors { message } } }`, id, n)
		},
		read: []valueQuery{
			{edu.Viewer{}, fmt.Sprintf(`{ course(id: %q) { id durationSeconds } }`, id), after},
			{student, fmt.Sprintf(`{ course(id: %q) { id durationSeconds } }`, id), after},
			{edu.Viewer{}, fmt.Sprintf(`{ courses(first: 100, filter: {categoryId: %q}) { nodes { id durationSeconds } } }`, in), after},
			{edu.Viewer{}, fmt.Sprintf(`{ searchCourses(first: 100, filter: {categoryId: %q}) { nodes { id durationSeconds } } }`, in), after},
			{edu.Viewer{}, fmt.Sprintf(`{ category(id: %q) { name courses(first: 100, orderBy: {field: TITLE}) { nodes { id durationSeconds } } } }`, in), after},
			{edu.Viewer{}, fmt.Sprintf(`{ node(id: %q) { id ... on Course { durationSeconds } } }`, id), after},
		},
	}
}

// courseTitle is a number in the title of a course; an admin changes it. A search suggestion depends on all
// titles, not on a course.
func courseTitle(t *testing.T, db *pgxpool.Pool, i int) *growingValue {
	key, _ := selectNth(t, db, i, "SELECT id, 0::bigint FROM courses WHERE published ORDER BY id DESC")
	id, title := edu.NewID(edu.KindCourse, key), fmt.Sprintf("Quux%c ", 'a'+rune(i))
	if _, err := db.Exec(t.Context(), "UPDATE courses SET title = $2 WHERE id = $1", key, title+"1"); err != nil {
		t.Fatal(err)
	}
	return &growingValue{
		write: func(n int) (edu.Viewer, string) {
			return admin, fmt.Sprintf(`mutation { updateCourse(input: {id: %q, title: "%s%d"}) { course { id } userErrors { message } } }`, id, title, n)
		},
		read: []valueQuery{
			{edu.Viewer{}, fmt.Sprintf(`{ searchSuggestions(prefix: %q, first: 1) }`, title), title},
			{edu.Viewer{}, fmt.Sprintf(`{ suggest(prefix: %q, first: 1) { text } }`, title), title},
		},
	}
}

// courseStudents is the number of a course's enrollments; students enroll one after the other.
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
				panic("no more students")
			}
			return edu.Viewer{ID: students[next], Role: edu.RoleStudent}, fmt.Sprintf(`mutation { enroll(input: {courseId: %q}) { enrollment { id } userErrors { message } } }`, id)
		},
		read: []valueQuery{
			{edu.Viewer{}, fmt.Sprintf(`{ course(id: %q) { id enrollmentCount } }`, id), after},
			{admin, fmt.Sprintf(`{ course(id: %q) { id enrollmentCount enrollments(first: 1) { totalCount } } }`, id), after},
			{admin, fmt.Sprintf(`{ course(id: %q) { enrollments(first: 1) { totalCount } } }`, id), `"totalCount":`},
		},
	}
}

// viewerWatchTime is the time that a student has watched; each write watches the first second of a video.
func viewerWatchTime(t *testing.T, db *pgxpool.Pool, i int) *growingValue {
	user, video := selectNth(t, db, 5*i, `SELECT e.user_id, min(v.id) FROM enrollments e JOIN videos v ON v.course_id = e.course_id
		WHERE e.user_id > 3 AND v.duration_seconds > 60 GROUP BY e.user_id, e.course_id ORDER BY 1`)
	as, id, start := edu.Viewer{ID: user, Role: edu.RoleStudent}, edu.NewID(edu.KindVideo, video), time.Now().UTC().Add(-6*time.Hour)
	return &growingValue{
		write: func(int) (edu.Viewer, string) {
			start = start.Add(2 * time.Second)
			return as, fmt.Sprintf(`mutation { recordVideoProgress(input: {events: [{videoId: %q, progressSeconds: 0, watchedAt: %q},
				{videoId: %q, progressSeconds: 1, watchedAt: %q}]}) { recordedCount userErrors { message } } }`,
				id, start.Format(time.RFC3339), id, start.Add(time.Second).Format(time.RFC3339))
		},
		read: []valueQuery{{as, `{ viewer { dashboard { watchTimeSeconds(days: 3650) } } }`, `"watchTimeSeconds":`}},
	}
}

// After a write is acknowledged, no instance responds with an older value, even while Redis fails, with
// concurrent reads and writes on two instances.
func TestNoStaleResponse(t *testing.T) {
	t.Parallel()
	dsn := testdb.NewWithDemo(t)
	redis := redistest.StartServer(t)
	c := newConsistencyRun(t, dsn, newInstance(t, dsn, redis.URL(), false), newInstance(t, dsn, redis.URL(), false))
	operations := int64(testdb.Soak(10_000, 100_000))
	c.runWorkload(operations, func() {
		reads := operations / 10 // between two faults
		for range 2 {
			c.awaitCount(&c.reads, reads)
			redis.Kill()
			c.awaitCount(&c.writes, 4) // each waits until every instance bypasses its cache
			redis.Restart()
			c.awaitCount(&c.reads, reads)
			redis.Pause()
			c.awaitCount(&c.writes, 4)
			redis.Resume()
			c.awaitCount(&c.reads, reads)
			redis.RunCommand("FLUSHALL")
		}
	})
	t.Logf("%d reads, %d of them hits, %d writes, %d stale, %d failed", c.reads.Load(), c.hits.Load(), c.writes.Load(), c.stale.Load(), c.failed.Load())
	// There is no minimum share of hits: the number of reads while Redis is unavailable, and the cache is
	// bypassed, depends on their speed. A write takes up to a second after each fault.
	if c.stale.Load() > 0 || c.failed.Load() > 0 || c.hits.Load() < operations/10 || c.writes.Load() < 20 {
		t.Errorf("%s", c.firstProblem)
	}
}

// An instance that gets the replies of Redis late learns of a write after the other could acknowledge it. The write
// waits until it has, or its read lease has ended.
func TestNoStaleResponseOfLateInstance(t *testing.T) {
	t.Parallel()
	dsn := testdb.NewWithDemo(t)
	redis := redistest.StartServer(t)
	link := redis.StartProxy(t)
	link.DelayReplies(20 * time.Millisecond)
	prompt, late := newInstance(t, dsn, redis.URL(), false), newInstance(t, dsn, link.URL(), false)
	c := newConsistencyRun(t, dsn, prompt, late)
	c.runWorkload(500, func() { c.awaitCount(&c.writes, 25) })
	t.Logf("%d reads, %d of them hits, %d writes, %d stale, %d failed", c.reads.Load(), c.hits.Load(), c.writes.Load(), c.stale.Load(), c.failed.Load())
	if c.stale.Load() > 0 || c.failed.Load() > 0 || c.hits.Load() < 50 {
		t.Errorf("%s", c.firstProblem)
	}
}

// awaitCount returns after a counter has grown by more.
func (c *consistencyRun) awaitCount(n *atomic.Int64, more int64) {
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	for until := n.Load() + more; n.Load() < until && c.failed.Load() < 100; {
		<-poll.C
	}
}

// A single instance without Redis has the same guarantee.
func TestNoStaleResponseInProcess(t *testing.T) {
	t.Parallel()
	dsn := testdb.NewWithDemo(t)
	c := newConsistencyRun(t, dsn, newInstance(t, dsn, "", false))
	c.runWorkload(int64(testdb.Soak(5_000, 10_000)), func() {})
	t.Logf("%d reads, %d of them hits, %d writes, %d stale, %d failed", c.reads.Load(), c.hits.Load(), c.writes.Load(), c.stale.Load(), c.failed.Load())
	if c.stale.Load() > 0 || c.failed.Load() > 0 || c.hits.Load() < 500 {
		t.Errorf("%s", c.firstProblem)
	}
}

// The test finds instances that do not publish their writes, which others find in the database later.
func TestStaleResponsesAreFound(t *testing.T) {
	t.Parallel()
	dsn := testdb.NewWithDemo(t)
	redis := redistest.StartServer(t)
	c := newConsistencyRun(t, dsn, newInstance(t, dsn, redis.URL(), true), newInstance(t, dsn, redis.URL(), true))
	c.runWorkload(int64(testdb.Soak(1_500, 5_000)), func() {})
	t.Logf("%d reads, %d of them hits, %d writes, %d stale, %d failed", c.reads.Load(), c.hits.Load(), c.writes.Load(), c.stale.Load(), c.failed.Load())
	if c.stale.Load() == 0 || c.failed.Load() > 0 {
		t.Errorf("found no stale response: %s", c.firstProblem)
	}
}

// While an instance is disconnected from Redis, its writes are acknowledged after the other instance has found
// them: no request fails, and no response is stale.
func TestNoStaleResponseWhenDisconnected(t *testing.T) {
	t.Parallel()
	dsn := testdb.NewWithDemo(t)
	redis := redistest.StartServer(t)
	link := redis.StartProxy(t)
	connected, disconnected := newInstance(t, dsn, redis.URL(), false), newInstance(t, dsn, link.URL(), false)
	c := newConsistencyRun(t, dsn, connected)
	for _, v := range c.values { // fills the cache
		c.readValue(v)
	}
	link.Disconnect()
	var all sync.WaitGroup
	for _, v := range c.values {
		all.Go(func() {
			writer := &consistencyRun{instances: []*instance{disconnected}}
			writer.writeValue(v)
			if writer.failed.Load() > 0 {
				t.Error(writer.firstProblem)
			}
			for range 20 {
				c.readValue(v)
			}
		})
	}
	all.Wait()
	if c.stale.Load() > 0 || c.failed.Load() > 0 || c.hits.Load() == 0 {
		t.Errorf("%d reads, %d of them hits, %d stale, %d failed: %s", c.reads.Load(), c.hits.Load(), c.stale.Load(), c.failed.Load(), c.firstProblem)
	}
	if s := disconnected.invalidations.Stats(); s.DelayedWrites == 0 || s.LeaseHeld {
		t.Errorf("the disconnected instance did not delay its writes, or still holds a lease: %+v", s)
	}
	link.Reconnect()
	c.instances = append(c.instances, disconnected)
	for deadline := time.Now().Add(waitTimeout); !disconnected.invalidations.Stats().LeaseHeld; {
		c.readValue(c.values[0])
		if time.Now().After(deadline) {
			t.Fatal("the instance does not recover")
		}
	}
}

// A write that is rejected because of an earlier write, or that repeats it, acknowledges the earlier one. Then
// no response is older, although the first instance has not published its write yet.
func TestNoStaleResponseAfterRepeatedWrite(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		newValue  func(*testing.T, *pgxpool.Pool) *growingValue
		committed string // the query for a viewer's write
		want      string // in the response to the repeated write
	}{
		"rejected": {func(t *testing.T, db *pgxpool.Pool) *growingValue { return courseStudents(t, db, 0) }, "SELECT EXISTS (SELECT FROM enrollments WHERE user_id = $1 AND enrolled_at > now() - interval '1 minute')", "already"},
		"repeated": {courseReviews, "SELECT EXISTS (SELECT FROM reviews WHERE user_id = $1 AND created_at > now() - interval '1 minute')", `"userErrors":[]`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dsn := testdb.NewWithDemo(t)
			redis := redistest.StartServer(t)
			link := redis.StartProxy(t)
			disconnected, connected, reader := newInstance(t, dsn, link.URL(), false), newInstance(t, dsn, redis.URL(), false), newInstance(t, dsn, redis.URL(), false)
			db := testdb.OpenPool(t, dsn)
			at := func(i *instance) *consistencyRun { return &consistencyRun{instances: []*instance{i}} }
			v := tt.newValue(t, db)
			read := func() (n int, status string) {
				status, body := at(reader).sendQuery(v.read[0].as, v.read[0].query)
				n, err := v.read[0].parseNumber(body)
				if err != nil {
					t.Fatal(err)
				}
				return n, status
			}
			for range 4 {
				before, _ := read()
				as, mutation := v.write(0)
				link.Disconnect()
				var written sync.WaitGroup
				written.Go(func() {
					if _, body := at(disconnected).sendQuery(as, mutation); !strings.Contains(body, `"userErrors":[]`) {
						t.Errorf("not written: %s", body)
					}
				})
				for found, end := false, time.Now().Add(waitTimeout); !found; time.Sleep(time.Millisecond) {
					if err := db.QueryRow(t.Context(), tt.committed, as.ID).Scan(&found); err != nil || time.Now().After(end) {
						t.Fatalf("not committed: %v", err)
					}
				}
				if _, body := at(connected).sendQuery(as, mutation); !strings.Contains(body, tt.want) {
					t.Errorf("the repeated write: got %s, want %s", body, tt.want)
				}
				if n, status := read(); n != before+1 {
					t.Errorf("read %d after %d was acknowledged, %s", n, before+1, status)
				}
				written.Wait()
				link.Reconnect()
				if err := disconnected.invalidations.AwaitLease(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// courseReviews is the number of a course's reviews; its students write them one after the other.
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
