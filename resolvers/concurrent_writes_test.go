package resolvers_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

// Few users and courses make conflicts frequent.
const (
	writerCount  = 64
	maxRetries   = 100
	learnerCount = 40
	courseCount  = 5
)

// concurrentWriters write concurrently to a few courses, by requests and in plain SQL, and record the
// responses.
type concurrentWriters struct {
	*testAPI
	learners                []edu.Viewer
	instructor, admin       edu.Viewer
	courses                 []int64
	start                   time.Time
	reviewNumber            atomic.Int64 // makes the body of each review unique
	plainDeadlocks, retries atomic.Int64

	mu       sync.Mutex
	videos   map[int64][]int64 // by course
	outcomes map[string]int    // number of responses by mutation and user error
	failures []string
	writeHistory
}

const videoSeconds = 100

// newConcurrentWriters returns concurrentWriters with a database of their own.
func newConcurrentWriters(t *testing.T) *concurrentWriters {
	t.Helper()
	dsn := testdb.New(t)
	s, err := store.Open(t.Context(), store.Config{URL: dsn, MaxConns: 16})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	c := &concurrentWriters{start: time.Now(), videos: map[int64][]int64{}, outcomes: map[string]int{}, writeHistory: writeHistory{netEnrollments: map[int64]int{}}}
	c.testAPI = &testAPI{db: testdb.OpenPool(t, dsn), store: s, handler: gql.New(gql.Options{Store: s, Log: newLog(t)})}
	for i, key := range queryColumn[int64](t, c.testAPI, "INSERT INTO users (name, email) SELECT n, n || '@7p.example' FROM generate_series(0, $1 + 1) n RETURNING id", learnerCount) {
		switch i {
		case learnerCount:
			c.instructor = edu.Viewer{ID: key, Role: edu.RoleInstructor}
		case learnerCount + 1:
			c.admin = edu.Viewer{ID: key, Role: edu.RoleAdmin}
		default:
			c.learners = append(c.learners, edu.Viewer{ID: key, Role: edu.RoleStudent})
		}
	}
	c.exec(t, "INSERT INTO categories (name, slug) SELECT n::text, n::text FROM generate_series(1, 3) n")
	c.courses = queryColumn[int64](t, c.testAPI, `INSERT INTO courses (slug, title, difficulty, published, published_at, duration_seconds, instructor_id, category_id)
		SELECT n::text, n::text, 'beginner', true, now(), 3 * $3, $1, 1 + n % 3 FROM generate_series(1, $2::int) n RETURNING id`, c.instructor.ID, courseCount, videoSeconds)
	for _, course := range c.courses {
		c.videos[course] = queryColumn[int64](t, c.testAPI, `INSERT INTO videos (course_id, title, position, duration_seconds)
			SELECT $1, n::text, n, $2 FROM generate_series(1, 3) n RETURNING id`, course, videoSeconds)
	}
	return c
}

// writerOperations are the operations of the writers, with their shares of a thousand.
var writerOperations = []struct {
	share int
	do    func(*concurrentWriters, *testing.T, *rand.Rand)
}{
	{230, (*concurrentWriters).enroll},
	{110, (*concurrentWriters).unenroll},
	{200, (*concurrentWriters).review},
	{390, (*concurrentWriters).watch},
	{25, (*concurrentWriters).bulkEnroll},
	{25, (*concurrentWriters).publish},
	{5, (*concurrentWriters).unpublish},
	{10, (*concurrentWriters).categorize},
	{2, (*concurrentWriters).addVideo},
	{3, (*concurrentWriters).plainSQL},
}

// run executes a number of operations in total, by all writers concurrently.
func (c *concurrentWriters) run(t *testing.T, operations int64, seed uint64) {
	t.Helper()
	var done atomic.Int64
	var wait sync.WaitGroup
	for writer := range uint64(writerCount) {
		wait.Go(func() {
			r := rand.New(rand.NewPCG(seed, writer))
			for done.Add(1) <= operations && !c.hasFailed() {
				n := r.IntN(1000)
				for _, o := range writerOperations {
					if n -= o.share; n < 0 {
						o.do(c, t, r)
						break
					}
				}
			}
		})
	}
	wait.Wait()
}

// pickOne returns a random item.
func pickOne[T any](r *rand.Rand, items []T) T { return items[r.IntN(len(items))] }

// now returns the time since the start.
func (c *concurrentWriters) now() time.Duration { return time.Since(c.start) }

// hasFailed reports whether there are enough failures to stop.
func (c *concurrentWriters) hasFailed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.failures) > 5
}

func (c *concurrentWriters) addFailure(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failures = append(c.failures, fmt.Sprintf(format, args...))
}

// expectedUserErrors maps each mutation to the user errors that it may return.
var expectedUserErrors = map[string]string{
	"enroll": "ALREADY_EXISTS NOT_FOUND", "unenroll": "NOT_ENROLLED NOT_FOUND",
	"reviewCourse": "NOT_ENROLLED NOT_FOUND NOT_PUBLISHED", "recordVideoProgress": "NOT_ENROLLED NOT_FOUND", "bulkEnroll": "NOT_PUBLISHED",
}

// mutationRequest is a mutation with the selection on its payload besides userErrors.
type mutationRequest struct {
	mutation, payload string
	variables         map[string]any
}

// send sends a mutation and calls record with the payload and the time span of the request, if the mutation
// succeeded.
func (c *concurrentWriters) send(t *testing.T, as edu.Viewer, r mutationRequest, record func(payload any, d timeSpan)) {
	t.Helper()
	text := strings.Replace(mutationDocument(r.mutation), "userErrors { code field }", r.payload+" userErrors { code field }", 1)
	d := timeSpan{from: c.now()}
	got := c.execute(t, as, text, r.variables)
	for range maxRetries { // on a busy machine a writer times out in the queue
		if len(got.Errors) == 0 || got.Errors[0].Code() != string(edu.Unavailable) {
			break
		}
		c.retries.Add(1)
		got = c.execute(t, as, text, r.variables)
	}
	d.to = c.now()
	outcome := r.mutation
	for _, problem := range userErrors(got, r.mutation) {
		code := strings.Fields(problem)[0]
		outcome = r.mutation + " " + code
		if !strings.Contains(expectedUserErrors[r.mutation], code) {
			c.addFailure("%s %v response %s", r.mutation, r.variables, got.body)
		}
	}
	if len(got.Errors) > 0 {
		c.addFailure("%s %v response %s", r.mutation, r.variables, got.body)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.outcomes[outcome]++
	if outcome == r.mutation {
		record(got.At(r.mutation), d)
	}
}

func (c *concurrentWriters) enroll(t *testing.T, r *rand.Rand) {
	user, course := pickOne(r, c.learners), pickOne(r, c.courses)
	c.send(t, user, mutationRequest{"enroll", "enrollment { id }", inputVariables("courseId", globalID(edu.KindCourse, course))}, func(p any, d timeSpan) {
		c.enrolled = append(c.enrolled, enrollmentWrite{d, userCourse{user.ID, course}, keyOfID(t, fmt.Sprint(valueAt(p, "enrollment", "id")))})
		c.netEnrollments[course]++
	})
}

func (c *concurrentWriters) unenroll(t *testing.T, r *rand.Rand) {
	user, course := pickOne(r, c.learners), pickOne(r, c.courses)
	c.send(t, user, mutationRequest{"unenroll", "course { enrollmentCount }", inputVariables("courseId", globalID(edu.KindCourse, course))}, func(_ any, d timeSpan) {
		c.unenrolled = append(c.unenrolled, enrollmentWrite{d, userCourse{user.ID, course}, 0})
		c.netEnrollments[course]--
	})
}

func (c *concurrentWriters) review(t *testing.T, r *rand.Rand) {
	user, course := pickOne(r, c.learners), pickOne(r, c.courses)
	body := fmt.Sprint("No. ", c.reviewNumber.Add(1))
	variables := inputVariables("courseId", globalID(edu.KindCourse, course), "rating", 1+r.IntN(5), "body", body)
	c.send(t, user, mutationRequest{"reviewCourse", "review { id }", variables}, func(p any, d timeSpan) {
		c.reviews = append(c.reviews, reviewWrite{d, userCourse{user.ID, course}, keyOfID(t, fmt.Sprint(valueAt(p, "review", "id"))), body})
	})
}

// watch records progress in some videos of one or more courses, in any order.
func (c *concurrentWriters) watch(t *testing.T, r *rand.Rand) {
	user, first := pickOne(r, c.learners), pickOne(r, c.courses)
	var list []any
	c.mu.Lock()
	for range 1 + r.IntN(4) {
		course := first
		if r.IntN(8) == 0 {
			course = pickOne(r, c.courses)
		}
		list = append(list, videoEvent(pickOne(r, c.videos[course]), r.IntN(videoSeconds+1)))
	}
	c.mu.Unlock()
	c.send(t, user, mutationRequest{"recordVideoProgress", "recordedCount enrollments { id progress completedAt }", inputVariables("events", list)}, func(p any, d timeSpan) {
		for _, e := range valueAt(p, "enrollments").([]any) {
			c.progress = append(c.progress, progressSample{d, keyOfID(t, fmt.Sprint(valueAt(e, "id"))), valueAt(e, "progress").(float64), fmt.Sprint(valueAt(e, "completedAt"))})
		}
	})
}

func (c *concurrentWriters) bulkEnroll(t *testing.T, r *rand.Rand) {
	course, n := pickOne(r, c.courses), 1+r.IntN(4)
	var emails []any
	for _, i := range r.Perm(learnerCount)[:n] {
		emails = append(emails, fmt.Sprintf("%d@7p.example", i))
	}
	c.send(t, c.instructor, mutationRequest{"bulkEnroll", "enrolledCount alreadyEnrolledCount", inputVariables("courseId", globalID(edu.KindCourse, course), "emails", emails)}, func(p any, _ timeSpan) {
		enrolled := int(valueAt(p, "enrolledCount").(float64))
		if before := int(valueAt(p, "alreadyEnrolledCount").(float64)); enrolled+before != n {
			c.failures = append(c.failures, fmt.Sprintf("bulkEnroll of %d returned %d new and %d existing enrollments", n, enrolled, before))
		}
		c.netEnrollments[course] += enrolled
	})
}

func (c *concurrentWriters) publish(t *testing.T, r *rand.Rand) {
	c.send(t, c.instructor, mutationRequest{"publishCourse", "course { published }", courseVariables(pickOne(r, c.courses))}, func(any, timeSpan) {})
}

func (c *concurrentWriters) unpublish(t *testing.T, r *rand.Rand) {
	c.send(t, c.admin, mutationRequest{"unpublishCourse", "course { published }", courseVariables(pickOne(r, c.courses))}, func(any, timeSpan) {})
}

// categorize moves a course to another category.
func (c *concurrentWriters) categorize(t *testing.T, r *rand.Rand) {
	variables := inputVariables("id", globalID(edu.KindCourse, pickOne(r, c.courses)), "categoryId", globalID(edu.KindCategory, 1+r.Int64N(3)))
	c.send(t, c.instructor, mutationRequest{"updateCourse", "course { category { courseCount } }", variables}, func(any, timeSpan) {})
}

// addVideo adds a video at position 1, which moves all others.
func (c *concurrentWriters) addVideo(t *testing.T, r *rand.Rand) {
	course := pickOne(r, c.courses)
	variables := inputVariables("courseId", globalID(edu.KindCourse, course), "title", "New", "durationSeconds", videoSeconds, "position", 1)
	c.send(t, c.instructor, mutationRequest{"addVideo", "video { id }", variables}, func(p any, _ timeSpan) {
		c.videos[course] = append(c.videos[course], keyOfID(t, fmt.Sprint(valueAt(p, "video", "id"))))
	})
}

// plainStatements write to several courses in plain SQL. They lock rows in another order than the store.
var plainStatements = []string{
	"DELETE FROM enrollments WHERE user_id = $1 RETURNING id, course_id, -1",
	"INSERT INTO enrollments (user_id, course_id) SELECT $1, id FROM courses ORDER BY random() ON CONFLICT DO NOTHING RETURNING id, course_id, 1",
	"UPDATE reviews SET rating = 6 - rating WHERE user_id = $1 RETURNING id, course_id, 0",
	"UPDATE courses SET published = NOT published OR $1 % 3 > 0 RETURNING id, id, 0",
	"UPDATE enrollments SET last_accessed_at = now() WHERE user_id = $1 RETURNING id, course_id, 0",
}

// plainSQL writes in plain SQL. It retries if PostgreSQL chooses it as the victim of a deadlock.
func (c *concurrentWriters) plainSQL(t *testing.T, r *rand.Rand) {
	user, which := pickOne(r, c.learners), r.IntN(len(plainStatements))
	d := timeSpan{from: c.now()}
	var id, course, n int64
	var changed []enrollmentWrite
	net := map[int64]int{}
	for {
		changed, net = nil, map[int64]int{}
		rows, err := c.db.Query(t.Context(), plainStatements[which], user.ID)
		if err == nil {
			_, err = pgx.ForEachRow(rows, []any{&id, &course, &n}, func() error {
				changed, net[course] = append(changed, enrollmentWrite{d, userCourse{user.ID, course}, id}), net[course]+int(n)
				return nil
			})
		}
		if err == nil {
			break
		}
		if pg, ok := errors.AsType[*pgconn.PgError](err); !ok || pg.Code != "40P01" {
			c.addFailure("%s: %v", plainStatements[which], err)
			return
		}
		c.plainDeadlocks.Add(1)
	}
	d.to = c.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.outcomes["plain SQL"]++
	for i := range changed {
		changed[i].to = d.to
	}
	switch which {
	case 0:
		c.unenrolled = append(c.unenrolled, changed...)
	case 1:
		c.enrolled = append(c.enrolled, changed...)
	}
	for course, n := range net {
		c.netEnrollments[course] += n
	}
}

// TestConcurrentWrites checks concurrent writes in any order: the counters equal a recount, acknowledged
// writes are stored, progress never decreases, and the only error is SERVICE_UNAVAILABLE, after which a
// retry succeeds.
func TestConcurrentWrites(t *testing.T) {
	t.Parallel()
	c := newConcurrentWriters(t)
	seed := rand.Uint64()
	start := time.Now()
	operationCount := testdb.Soak(2_000, 20_000)
	c.run(t, int64(operationCount), seed)
	took := time.Since(start)
	for _, e := range c.findErrors(t) {
		t.Error(e)
	}
	c.store.Close() // connections report their statistics when they end
	deadlocks := queryOne[int64](t, c.testAPI, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
	t.Logf("seed %d: %d operations by %d writers in %v, %d retries after SERVICE_UNAVAILABLE; %d deadlocks, %d in plain SQL and %d in mutations",
		seed, operationCount, writerCount, took.Round(time.Millisecond), c.retries.Load(), deadlocks, c.plainDeadlocks.Load(), deadlocks-c.plainDeadlocks.Load())
	for _, outcome := range slices.Sorted(maps.Keys(c.outcomes)) {
		t.Logf("%6d %s", c.outcomes[outcome], outcome)
	}
}

// enrollEveryone and reviewEverything insert rows for TestRecountFindsErrors.
const (
	enrollEveryone   = "INSERT INTO enrollments (user_id, course_id) SELECT u.id, c.id FROM users u, courses c;"
	reviewEverything = "INSERT INTO reviews (user_id, course_id, rating) SELECT u.id, c.id, 3 FROM users u, courses c;"
)

// TestRecountFindsErrors checks that TestConcurrentWrites detects disabled triggers and changed data.
func TestRecountFindsErrors(t *testing.T) {
	t.Parallel()
	for name, sabotage := range map[string]struct {
		before string
		do     func(*concurrentWriters, *testing.T, *rand.Rand)
		after  string
		want   string
	}{
		"finds uncounted enrollments":            {"ALTER TABLE enrollments DISABLE TRIGGER enrollments_inserted", (*concurrentWriters).enroll, "", "enrollment_count"},
		"finds uncounted unenrollments":          {enrollEveryone + "ALTER TABLE enrollments DISABLE TRIGGER enrollments_deleted", (*concurrentWriters).unenroll, "", "enrollment_count"},
		"finds uncounted reviews":                {enrollEveryone + "ALTER TABLE reviews DISABLE TRIGGER reviews_inserted", (*concurrentWriters).review, "", "review_count"},
		"finds a wrong sum of ratings":           {enrollEveryone + reviewEverything + "ALTER TABLE reviews DISABLE TRIGGER reviews_updated", (*concurrentWriters).review, "", "rating_sum"},
		"finds wrong counts of ratings":          {enrollEveryone + reviewEverything + "ALTER TABLE reviews DISABLE TRIGGER reviews_updated", (*concurrentWriters).review, "", "rating_counts"},
		"finds a wrong mean of ratings":          {enrollEveryone + reviewEverything + "ALTER TABLE reviews DISABLE TRIGGER reviews_updated", (*concurrentWriters).review, "", "rating_average"},
		"finds uncounted videos":                 {"ALTER TABLE videos DISABLE TRIGGER videos_inserted", (*concurrentWriters).addVideo, "", "video_count"},
		"finds uncounted published courses":      {"ALTER TABLE courses DISABLE TRIGGER courses_moved", (*concurrentWriters).unpublish, "", "course_count"},
		"finds a duplicate enrollment":           {"", (*concurrentWriters).enroll, "ALTER TABLE enrollments DROP CONSTRAINT enrollments_user_id_course_id_key; INSERT INTO enrollments (user_id, course_id) SELECT user_id, course_id FROM enrollments", "enrolled twice"},
		"finds a duplicate review":               {enrollEveryone, (*concurrentWriters).review, "ALTER TABLE reviews DROP CONSTRAINT reviews_course_id_user_id_key; INSERT INTO reviews (user_id, course_id, rating) SELECT user_id, course_id, 1 FROM reviews", "reviewed twice"},
		"finds a gap in positions":               {"", (*concurrentWriters).addVideo, "UPDATE videos SET position = position + 1", "position"},
		"finds a course shorter than its videos": {"", (*concurrentWriters).addVideo, "UPDATE courses SET duration_seconds = 0", "duration_seconds"},
		"finds an early completion":              {"", (*concurrentWriters).enroll, "UPDATE enrollments SET completed_at = now()", "completed_at"},
		"finds a lost enrollment":                {"", (*concurrentWriters).enroll, "DELETE FROM enrollments", "enrollment 1 is lost"},
		"finds an unexpected enrollment":         {"", (*concurrentWriters).enroll, "DELETE FROM enrollments;" + enrollEveryone, "by the responses"},
		"finds decreased progress":               {enrollEveryone, (*concurrentWriters).watch, "UPDATE enrollments SET progress = 0", "progress of enrollment"},
		"finds a lost review":                    {enrollEveryone, (*concurrentWriters).review, "DELETE FROM reviews", "is lost"},
		"finds a changed review":                 {enrollEveryone, (*concurrentWriters).review, "UPDATE reviews SET body = 'Fine.'", "is lost"},
		"finds an error response":                {"ALTER TABLE enrollments RENAME TO enrolments", (*concurrentWriters).enroll, "ALTER TABLE enrolments RENAME TO enrollments", "INTERNAL_SERVER_ERROR"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newConcurrentWriters(t)
			c.exec(t, sabotage.before)
			for seed := range uint64(20) { // some operations fail with a user error
				sabotage.do(c, t, rand.New(rand.NewPCG(seed, 0)))
			}
			c.exec(t, sabotage.after)
			if found := strings.Join(c.findErrors(t), "\n"); !strings.Contains(found, sabotage.want) {
				t.Errorf("found %q, want an error about %q", found, sabotage.want)
			}
		})
	}
}

// TestVideosAreLockedInOrder checks that recordVideoProgress and addVideo lock videos in the order of their
// keys, in any order of the events and of the positions: while the first video is locked by others, the
// second one is not locked. Any other order causes deadlocks between the two mutations.
func TestVideosAreLockedInOrder(t *testing.T) {
	t.Parallel()
	for mutation, arguments := range map[string]func(fixture, int64) (edu.Viewer, map[string]any){
		"recordVideoProgress": func(s fixture, second int64) (edu.Viewer, map[string]any) {
			return s.student, inputVariables("events", []any{videoEvent(second, 60), videoEvent(s.video, 60)})
		},
		"addVideo": func(s fixture, _ int64) (edu.Viewer, map[string]any) {
			return s.instructor, inputVariables("courseId", globalID(edu.KindCourse, s.course), "title", "New", "durationSeconds", 60, "position", 1)
		},
	} {
		t.Run(mutation, func(t *testing.T) {
			s := newFixture(t)
			s.exec(t, "UPDATE videos SET position = 2 WHERE id = $1", s.video)
			second := queryOne[int64](t, s.testAPI, "INSERT INTO videos (course_id, title, position, duration_seconds) VALUES ($1, 'Two', 1, 60) RETURNING id", s.course)
			s.exec(t, "UPDATE videos SET title = 'First' WHERE id = $1", s.video) // moves its row behind the second one in the table
			lock, err := s.db.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := lock.Exec(t.Context(), "SELECT FROM videos WHERE id = $1 FOR UPDATE", s.video); err != nil {
				t.Fatal(err)
			}
			as, variables := arguments(s, second)
			responses := make(chan response, 1)
			go func() { responses <- s.execute(t, as, mutationDocument(mutation), variables) }()
			for end := time.Now().Add(20 * time.Second); queryOne[int](t, s.testAPI, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") == 0; {
				if time.Now().After(end) {
					t.Fatal("the mutation does not wait for the first video")
				}
			}
			if queryOne[int](t, s.testAPI, "SELECT count(*) FROM (SELECT FROM videos WHERE id = $1 FOR UPDATE SKIP LOCKED) free", second) != 1 {
				t.Error("the second video was locked before the first")
			}
			if err := lock.Rollback(t.Context()); err != nil {
				t.Fatal(err)
			}
			wantUserErrors(t, <-responses, mutation)
		})
	}
}
