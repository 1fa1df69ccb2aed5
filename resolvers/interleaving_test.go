package resolvers_test

import (
	"errors"
	"fmt"
	"log/slog"
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

// How many write at once, how often all together, and how few they get in the
// way of.
const (
	writers    = 64
	maxAgain   = 100
	operations = 20_000
	learners   = 40
	fewCourses = 5
)

// A crowd writes at once over a few courses, by requests and in plain SQL, and
// keeps what it was told.
type crowd struct {
	*api
	learners            []edu.Viewer
	teacher, admin      edu.Viewer
	courses             []int64
	start               time.Time
	bodies              atomic.Int64 // of reviews, each another
	rawDeadlocks, again atomic.Int64

	mu     sync.Mutex
	videos map[int64][]int64 // of a course
	told   map[string]int    // how often what was answered
	faults []string
	history
}

const videoSeconds = 100

// gather makes a crowd in a database of its own.
func gather(t *testing.T) *crowd {
	t.Helper()
	dsn := testdb.New(t)
	s, err := store.Open(t.Context(), store.Config{URL: dsn, MaxConns: 16})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	c := &crowd{start: time.Now(), videos: map[int64][]int64{}, told: map[string]int{}, history: history{net: map[int64]int{}}}
	c.api = &api{db: testdb.OpenPool(t, dsn), store: s, handler: gql.New(gql.Options{Store: s, Log: slog.New(slog.NewTextHandler(t.Output(), nil))})}
	for i, key := range connectionSelection[int64](t, c.api, "INSERT INTO users (name, email) SELECT n, n || '@7p.example' FROM generate_series(0, $1 + 1) n RETURNING id", learners) {
		switch i {
		case learners:
			c.teacher = edu.Viewer{ID: key, Role: edu.RoleInstructor}
		case learners + 1:
			c.admin = edu.Viewer{ID: key, Role: edu.RoleAdmin}
		default:
			c.learners = append(c.learners, edu.Viewer{ID: key, Role: edu.RoleStudent})
		}
	}
	c.exec(t, "INSERT INTO categories (name, slug) SELECT n::text, n::text FROM generate_series(1, 3) n")
	c.courses = connectionSelection[int64](t, c.api, `INSERT INTO courses (slug, title, difficulty, published, published_at, duration_seconds, instructor_id, category_id)
		SELECT n::text, n::text, 'beginner', true, now(), 3 * $3, $1, 1 + n % 3 FROM generate_series(1, $2::int) n RETURNING id`, c.teacher.ID, fewCourses, videoSeconds)
	for _, course := range c.courses {
		c.videos[course] = connectionSelection[int64](t, c.api, `INSERT INTO videos (course_id, title, position, duration_seconds)
			SELECT $1, n::text, n, $2 FROM generate_series(1, 3) n RETURNING id`, course, videoSeconds)
	}
	return c
}

// moves are what the crowd does, and how often of a thousand times.
var moves = []struct {
	often int
	do    func(*crowd, *testing.T, *rand.Rand)
}{
	{230, (*crowd).enroll},
	{110, (*crowd).unenroll},
	{200, (*crowd).review},
	{390, (*crowd).watch},
	{25, (*crowd).bulkEnroll},
	{25, (*crowd).publish},
	{5, (*crowd).unpublish},
	{10, (*crowd).categorize},
	{2, (*crowd).addVideo},
	{3, (*crowd).plainSQL},
}

// run lets the writers do so many operations all together.
func (c *crowd) run(t *testing.T, operations int64, seed uint64) {
	t.Helper()
	var done atomic.Int64
	var wait sync.WaitGroup
	for writer := range uint64(writers) {
		wait.Go(func() {
			r := rand.New(rand.NewPCG(seed, writer))
			for done.Add(1) <= operations && !c.broken() {
				n := r.IntN(1000)
				for _, m := range moves {
					if n -= m.often; n < 0 {
						m.do(c, t, r)
						break
					}
				}
			}
		})
	}
	wait.Wait()
}

func pick[T any](r *rand.Rand, of []T) T { return of[r.IntN(len(of))] }

func (c *crowd) now() time.Duration { return time.Since(c.start) }

// broken tells whether enough went wrong to say so.
func (c *crowd) broken() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.faults) > 5
}

func (c *crowd) fault(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.faults = append(c.faults, fmt.Sprintf(format, args...))
}

// expected are the user errors that a mutation of the crowd may meet.
var expected = map[string]string{
	"enroll": "ALREADY_EXISTS NOT_FOUND", "unenroll": "NOT_ENROLLED NOT_FOUND",
	"reviewCourse": "NOT_ENROLLED NOT_FOUND NOT_PUBLISHED", "recordVideoProgress": "NOT_ENROLLED NOT_FOUND", "bulkEnroll": "NOT_PUBLISHED",
}

// request is a mutation with what is selected of its payload beside userErrors.
type request struct {
	mutation, payload string
	variables         map[string]any
}

// send sends a mutation and, where it was done, calls then with the payload and
// when it was under way.
func (c *crowd) send(t *testing.T, as edu.Viewer, r request, then func(payload any, d span)) {
	t.Helper()
	text := strings.Replace(textOf(r.mutation), "userErrors { code field }", r.payload+" userErrors { code field }", 1)
	d := span{from: c.now()}
	got := c.ask(t, as, text, r.variables)
	for range maxAgain { // on a busy machine the queue is longer than a writer waits
		if len(got.Errors) == 0 || got.Errors[0].code() != string(edu.Unavailable) {
			break
		}
		c.again.Add(1)
		got = c.ask(t, as, text, r.variables)
	}
	d.to = c.now()
	said := r.mutation
	for _, refusal := range refusals(got, r.mutation) {
		code := strings.Fields(refusal)[0]
		said = r.mutation + " " + code
		if !strings.Contains(expected[r.mutation], code) {
			c.fault("%s %v answered %s", r.mutation, r.variables, got.body)
		}
	}
	if len(got.Errors) > 0 {
		c.fault("%s %v answered %s", r.mutation, r.variables, got.body)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.told[said]++
	if said == r.mutation {
		then(at(got.Data, r.mutation), d)
	}
}

func (c *crowd) enroll(t *testing.T, r *rand.Rand) {
	user, course := pick(r, c.learners), pick(r, c.courses)
	c.send(t, user, request{"enroll", "enrollment { id }", input("courseId", id(edu.KindCourse, course))}, func(p any, d span) {
		c.came = append(c.came, taking{d, pair{user.ID, course}, keyOf(t, fmt.Sprint(at(p, "enrollment", "id")))})
		c.net[course]++
	})
}

func (c *crowd) unenroll(t *testing.T, r *rand.Rand) {
	user, course := pick(r, c.learners), pick(r, c.courses)
	c.send(t, user, request{"unenroll", "course { enrollmentCount }", input("courseId", id(edu.KindCourse, course))}, func(_ any, d span) {
		c.left = append(c.left, taking{d, pair{user.ID, course}, 0})
		c.net[course]--
	})
}

func (c *crowd) review(t *testing.T, r *rand.Rand) {
	user, course := pick(r, c.learners), pick(r, c.courses)
	body := fmt.Sprint("No. ", c.bodies.Add(1))
	variables := input("courseId", id(edu.KindCourse, course), "rating", 1+r.IntN(5), "body", body)
	c.send(t, user, request{"reviewCourse", "review { id }", variables}, func(p any, d span) {
		c.said = append(c.said, saying{d, pair{user.ID, course}, keyOf(t, fmt.Sprint(at(p, "review", "id"))), body})
	})
}

// watch watches some videos of a course, or of two, in any order.
func (c *crowd) watch(t *testing.T, r *rand.Rand) {
	user, first := pick(r, c.learners), pick(r, c.courses)
	var list []any
	c.mu.Lock()
	for range 1 + r.IntN(4) {
		course := first
		if r.IntN(8) == 0 {
			course = pick(r, c.courses)
		}
		list = append(list, event(pick(r, c.videos[course]), r.IntN(videoSeconds+1)))
	}
	c.mu.Unlock()
	c.send(t, user, request{"recordVideoProgress", "recordedCount enrollments { id progress completedAt }", input("events", list)}, func(p any, d span) {
		for _, e := range at(p, "enrollments").([]any) {
			c.seen = append(c.seen, sight{d, keyOf(t, fmt.Sprint(at(e, "id"))), at(e, "progress").(float64), fmt.Sprint(at(e, "completedAt"))})
		}
	})
}

func (c *crowd) bulkEnroll(t *testing.T, r *rand.Rand) {
	course, n := pick(r, c.courses), 1+r.IntN(4)
	var emails []any
	for _, i := range r.Perm(learners)[:n] {
		emails = append(emails, fmt.Sprintf("%d@7p.example", i))
	}
	c.send(t, c.teacher, request{"bulkEnroll", "enrolledCount alreadyEnrolledCount", input("courseId", id(edu.KindCourse, course), "emails", emails)}, func(p any, _ span) {
		made := int(at(p, "enrolledCount").(float64))
		if before := int(at(p, "alreadyEnrolledCount").(float64)); made+before != n {
			c.faults = append(c.faults, fmt.Sprintf("bulkEnroll of %d made %d and found %d", n, made, before))
		}
		c.net[course] += made
	})
}

func (c *crowd) publish(t *testing.T, r *rand.Rand) {
	c.send(t, c.teacher, request{"publishCourse", "course { published }", courseID(pick(r, c.courses))}, func(any, span) {})
}

func (c *crowd) unpublish(t *testing.T, r *rand.Rand) {
	c.send(t, c.admin, request{"unpublishCourse", "course { published }", courseID(pick(r, c.courses))}, func(any, span) {})
}

// categorize moves a course into another category.
func (c *crowd) categorize(t *testing.T, r *rand.Rand) {
	variables := input("id", id(edu.KindCourse, pick(r, c.courses)), "categoryId", id(edu.KindCategory, 1+r.Int64N(3)))
	c.send(t, c.teacher, request{"updateCourse", "course { category { courseCount } }", variables}, func(any, span) {})
}

// addVideo adds a video in front: all others move.
func (c *crowd) addVideo(t *testing.T, r *rand.Rand) {
	course := pick(r, c.courses)
	variables := input("courseId", id(edu.KindCourse, course), "title", "New", "durationSeconds", videoSeconds, "position", 1)
	c.send(t, c.teacher, request{"addVideo", "video { id }", variables}, func(p any, _ span) {
		c.videos[course] = append(c.videos[course], keyOf(t, fmt.Sprint(at(p, "video", "id"))))
	})
}

// plain is what people write in plain SQL over several courses, in no order of
// locks that would be ours.
var plain = []string{
	"DELETE FROM enrollments WHERE user_id = $1 RETURNING id, course_id, -1",
	"INSERT INTO enrollments (user_id, course_id) SELECT $1, id FROM courses ORDER BY random() ON CONFLICT DO NOTHING RETURNING id, course_id, 1",
	"UPDATE reviews SET rating = 6 - rating WHERE user_id = $1 RETURNING id, course_id, 0",
	"UPDATE courses SET published = NOT published OR $1 % 3 > 0 RETURNING id, id, 0",
	"UPDATE enrollments SET last_accessed_at = now() WHERE user_id = $1 RETURNING id, course_id, 0",
}

// plainSQL writes in plain SQL, again where PostgreSQL ended a deadlock with it.
func (c *crowd) plainSQL(t *testing.T, r *rand.Rand) {
	user, which := pick(r, c.learners), r.IntN(len(plain))
	d := span{from: c.now()}
	var id, course, n int64
	var changed []taking
	net := map[int64]int{}
	for {
		changed, net = nil, map[int64]int{}
		found, err := c.db.Query(t.Context(), plain[which], user.ID)
		if err == nil {
			_, err = pgx.ForEachRow(found, []any{&id, &course, &n}, func() error {
				changed, net[course] = append(changed, taking{d, pair{user.ID, course}, id}), net[course]+int(n)
				return nil
			})
		}
		if err == nil {
			break
		}
		if pg, ok := errors.AsType[*pgconn.PgError](err); !ok || pg.Code != "40P01" {
			c.fault("%s: %v", plain[which], err)
			return
		}
		c.rawDeadlocks.Add(1)
	}
	d.to = c.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.told["plain SQL"]++
	for i := range changed {
		changed[i].to = d.to
	}
	switch which {
	case 0:
		c.left = append(c.left, changed...)
	case 1:
		c.came = append(c.came, changed...)
	}
	for course, n := range net {
		c.net[course] += n
	}
}

// Whatever is written at once, in whichever order: the counters are what a
// recount gives, what was acknowledged is there, progress never falls, and no
// writer meets an error but to be told to try again.
func TestInterleavings(t *testing.T) {
	t.Parallel()
	c := gather(t)
	seed := rand.Uint64()
	start := time.Now()
	c.run(t, operations, seed)
	took := time.Since(start)
	for _, wrong := range c.wrong(t) {
		t.Error(wrong)
	}
	c.store.Close() // its connections tell what they counted when they end
	deadlocks := one[int64](t, c.api, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
	t.Logf("seed %d: %d operations by %d writers in %v, of which %d were told to try again; %d deadlocks, of which plain SQL lost %d and mutations were done again %d times",
		seed, operations, writers, took.Round(time.Millisecond), c.again.Load(), deadlocks, c.rawDeadlocks.Load(), deadlocks-c.rawDeadlocks.Load())
	for _, said := range slices.Sorted(maps.Keys(c.told)) {
		t.Logf("%6d %s", c.told[said], said)
	}
}

// everyoneTakes and everyoneReviewed set the scene for what is to be broken.
const (
	everyoneTakes    = "INSERT INTO enrollments (user_id, course_id) SELECT u.id, c.id FROM users u, courses c;"
	everyoneReviewed = "INSERT INTO reviews (user_id, course_id, rating) SELECT u.id, c.id, 3 FROM users u, courses c;"
)

// What keeps the counters right is broken, or what was written is tampered with:
// the test above would notice.
func TestRecountNotices(t *testing.T) {
	t.Parallel()
	for name, broken := range map[string]struct {
		before string
		do     func(*crowd, *testing.T, *rand.Rand)
		after  string
		want   string
	}{
		"enrollments are not counted":  {"ALTER TABLE enrollments DISABLE TRIGGER enrollments_inserted", (*crowd).enroll, "", "enrollment_count"},
		"departures are not counted":   {everyoneTakes + "ALTER TABLE enrollments DISABLE TRIGGER enrollments_deleted", (*crowd).unenroll, "", "enrollment_count"},
		"reviews are not counted":      {everyoneTakes + "ALTER TABLE reviews DISABLE TRIGGER reviews_inserted", (*crowd).review, "", "review_count"},
		"ratings are not summed":       {everyoneTakes + everyoneReviewed + "ALTER TABLE reviews DISABLE TRIGGER reviews_updated", (*crowd).review, "", "rating_sum"},
		"ratings are not averaged":     {everyoneTakes + everyoneReviewed + "ALTER TABLE reviews DISABLE TRIGGER reviews_updated", (*crowd).review, "", "rating_average"},
		"videos are not counted":       {"ALTER TABLE videos DISABLE TRIGGER videos_inserted", (*crowd).addVideo, "", "video_count"},
		"publishing is not counted":    {"ALTER TABLE courses DISABLE TRIGGER courses_moved", (*crowd).unpublish, "", "course_count"},
		"an enrollment too many":       {"", (*crowd).enroll, "ALTER TABLE enrollments DROP CONSTRAINT enrollments_user_id_course_id_key; INSERT INTO enrollments (user_id, course_id) SELECT user_id, course_id FROM enrollments", "enrolled twice"},
		"a review too many":            {everyoneTakes, (*crowd).review, "ALTER TABLE reviews DROP CONSTRAINT reviews_course_id_user_id_key; INSERT INTO reviews (user_id, course_id, rating) SELECT user_id, course_id, 1 FROM reviews", "reviewed twice"},
		"positions with a gap":         {"", (*crowd).addVideo, "UPDATE videos SET position = position + 1", "position"},
		"a course that is too short":   {"", (*crowd).addVideo, "UPDATE courses SET duration_seconds = 0", "duration_seconds"},
		"completed too early":          {"", (*crowd).enroll, "UPDATE enrollments SET completed_at = now()", "completed_at"},
		"an enrollment is lost":        {"", (*crowd).enroll, "DELETE FROM enrollments", "enrollment 1 is lost"},
		"an enrollment out of nowhere": {"", (*crowd).enroll, "DELETE FROM enrollments;" + everyoneTakes, "by the answers"},
		"progress fell":                {everyoneTakes, (*crowd).watch, "UPDATE enrollments SET progress = 0", "progress of enrollment"},
		"a review is lost":             {everyoneTakes, (*crowd).review, "DELETE FROM reviews", "is lost"},
		"a review is another":          {everyoneTakes, (*crowd).review, "UPDATE reviews SET body = 'Fine.'", "is lost"},
		"an error":                     {"ALTER TABLE enrollments RENAME TO enrolments", (*crowd).enroll, "ALTER TABLE enrolments RENAME TO enrollments", "INTERNAL_SERVER_ERROR"},
	} {
		t.Run(name, func(t *testing.T) {
			c := gather(t)
			c.exec(t, broken.before)
			for seed := range uint64(20) { // some come to nothing
				broken.do(c, t, rand.New(rand.NewPCG(seed, 0)))
			}
			c.exec(t, broken.after)
			if wrong := strings.Join(c.wrong(t), "\n"); !strings.Contains(wrong, broken.want) {
				t.Errorf("noticed %q, want something of %q", wrong, broken.want)
			}
		})
	}
}

// recordVideoProgress and addVideo lock videos in the order of their keys, whatever
// the order of the events and of the positions: while the first is taken the
// second is free. Otherwise the two come to deadlocks.
func TestVideosAreLockedInOrder(t *testing.T) {
	t.Parallel()
	for mutation, of := range map[string]func(stage, int64) (edu.Viewer, map[string]any){
		"recordVideoProgress": func(s stage, second int64) (edu.Viewer, map[string]any) {
			return s.student, input("events", []any{event(second, 60), event(s.video, 60)})
		},
		"addVideo": func(s stage, _ int64) (edu.Viewer, map[string]any) {
			return s.teacher, input("courseId", id(edu.KindCourse, s.course), "title", "New", "durationSeconds", 60, "position", 1)
		},
	} {
		t.Run(mutation, func(t *testing.T) {
			s := newStage(t)
			s.exec(t, "UPDATE videos SET position = 2 WHERE id = $1", s.video)
			second := one[int64](t, s.api, "INSERT INTO videos (course_id, title, position, duration_seconds) VALUES ($1, 'Two', 1, 60) RETURNING id", s.course)
			s.exec(t, "UPDATE videos SET title = 'First' WHERE id = $1", s.video) // after the second in the table too
			lock, err := s.db.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := lock.Exec(t.Context(), "SELECT FROM videos WHERE id = $1 FOR UPDATE", s.video); err != nil {
				t.Fatal(err)
			}
			as, variables := of(s, second)
			answers := make(chan answer, 1)
			go func() { answers <- s.ask(t, as, textOf(mutation), variables) }()
			for end := time.Now().Add(20 * time.Second); one[int](t, s.api, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") == 0; {
				if time.Now().After(end) {
					t.Fatal("nobody waits for the first video")
				}
			}
			if one[int](t, s.api, "SELECT count(*) FROM (SELECT FROM videos WHERE id = $1 FOR UPDATE SKIP LOCKED) free", second) != 1 {
				t.Error("the second video was locked before the first")
			}
			if err := lock.Rollback(t.Context()); err != nil {
				t.Fatal(err)
			}
			wantRefusals(t, <-answers, mutation)
		})
	}
}
