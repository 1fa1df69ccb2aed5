package store_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/testdb"
)

// Partitions are created ahead of time. Rows that were written before the partition of their month
// move to it, and none are lost.
func TestEnsurePartitions(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	stageCounters(t, db)
	exec(t, db, "INSERT INTO videos (course_id, title, position, duration_seconds) VALUES (1, 'a', 1, 1)")
	february1 := time.Date(2031, 2, 1, 0, 0, 0, 0, time.UTC)
	times := []time.Time{february1.Add(-time.Microsecond), february1, february1.Add(time.Microsecond), february1.AddDate(0, 1, 0).Add(-time.Microsecond), february1.AddDate(0, 1, 0), february1.AddDate(5, 0, 0)}
	for i, at := range times {
		exec(t, db, "INSERT INTO video_progress (user_id, video_id, progress_seconds, watched_at, created_at) VALUES (1, 1, $1, $2, $2)", i, at)
	}
	places := func() map[int]string {
		found := map[int]string{}
		for i := range times {
			found[i] = value[string](t, db, "SELECT tableoid::regclass::text FROM video_progress WHERE progress_seconds = $1", i)
		}
		return found
	}
	const other, january, february, march = "video_progress_default", "video_progress_2031_01", "video_progress_2031_02", "video_progress_2031_03"
	if diff := cmp.Diff(map[int]string{0: other, 1: other, 2: other, 3: other, 4: other, 5: other}, places()); diff != "" {
		t.Errorf("before (-want +got):\n%s", diff)
	}
	// The last second of January, in a time zone where it is February already.
	created, err := s.EnsurePartitions(t.Context(), february1.Add(-time.Second).In(time.FixedZone("", 3*3600)), 1)
	if err != nil || created != 2 {
		t.Errorf("created %d, %v; want 2", created, err)
	}
	if diff := cmp.Diff(map[int]string{0: january, 1: february, 2: february, 3: february, 4: other, 5: other}, places()); diff != "" {
		t.Errorf("after (-want +got):\n%s", diff)
	}
	if created, err = s.EnsurePartitions(t.Context(), february1, 1); err != nil || created != 1 {
		t.Errorf("created %d in February, %v; want 1, for March", created, err)
	}
	if created, err = s.EnsurePartitions(t.Context(), february1, 1); err != nil || created != 0 {
		t.Errorf("created %d again, %v", created, err)
	}
	if got := places()[4]; got != march {
		t.Errorf("the first row of March is in %s", got)
	}
	// The new partitions have the keys, checks and indexes of the table.
	for _, part := range []string{january, february, march} {
		if n := value[int](t, db, "SELECT count(*) FROM pg_index WHERE indrelid = $1::regclass", part); n != value[int](t, db, "SELECT count(*) FROM pg_index WHERE indrelid = 'video_progress'::regclass") {
			t.Errorf("%s has %d indexes", part, n)
		}
	}
	if _, err := db.Exec(t.Context(), "INSERT INTO video_progress (user_id, video_id, progress_seconds, watched_at, created_at) VALUES (999, 1, 1, $1, $1)", february1); err == nil {
		t.Error("a partition accepts rows of an unknown user")
	}
}

// On the 31st, "a month ahead" is the next month, and no month is skipped.
func TestEnsurePartitionsOnThe31st(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	now := time.Date(2031, 1, 31, 12, 0, 0, 0, time.UTC)
	if _, err := s.EnsurePartitions(t.Context(), now, 1); err != nil {
		t.Fatal(err)
	}
	for _, month := range []string{"2031_01", "2031_02"} {
		if !value[bool](t, db, "SELECT to_regclass('video_progress_' || $1::text) IS NOT NULL", month) {
			t.Errorf("%s is missing", month)
		}
	}
}

// Partitions that end thirteen months before the current one are dropped, with their rows. The rest stays, as does the
// progress of enrollments. One that is in use stays until the next time.
func TestDropOldPartitions(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	stageCounters(t, db)
	exec(t, db, "INSERT INTO videos (course_id, title, position, duration_seconds) VALUES (1, 'a', 1, 100)")
	exec(t, db, "INSERT INTO enrollments (user_id, course_id, progress) VALUES (1, 1, 50)")
	now := time.Date(2032, 3, 31, 12, 0, 0, 0, time.UTC)
	if _, err := s.EnsurePartitions(t.Context(), now.AddDate(-2, 0, 0), 24); err != nil {
		t.Fatal(err)
	}
	for i := range 24 {
		at := time.Date(2030, time.Month(4+i), 15, 0, 0, 0, 0, time.UTC)
		exec(t, db, "INSERT INTO video_progress (user_id, video_id, progress_seconds, watched_at, created_at) VALUES (1, 1, $1, $2, $2)", i, at)
	}
	reader, err := db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := reader.Exec(t.Context(), "SELECT FROM video_progress_2030_09"); err != nil {
		t.Fatal(err)
	}
	if n, err := s.DropOldPartitions(t.Context(), now, 13); n != 10 || !errors.Is(err, edu.Unavailable) {
		t.Errorf("dropped %d with one in use: %v", n, err)
	}
	if err := reader.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []int{1, 0} {
		if n, err := s.DropOldPartitions(t.Context(), now, 13); n != want || err != nil {
			t.Errorf("dropped %d, want %d: %v", n, want, err)
		}
	}
	if oldest := value[time.Time](t, db, "SELECT min(created_at) FROM video_progress"); !oldest.Equal(time.Date(2031, 2, 15, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("the oldest row is of %s", oldest)
	}
	if progress := value[float64](t, db, "SELECT progress::float8 FROM enrollments WHERE user_id = 1"); progress != 50 {
		t.Errorf("progress %g", progress)
	}
}

// Servers that start at the same time create each partition once.
func TestEnsurePartitionsConcurrently(t *testing.T) {
	t.Parallel()
	s, _ := setup(t, testdb.New(t))
	now := time.Date(2032, 5, 1, 0, 0, 0, 0, time.UTC)
	type result struct {
		created int
		err     error
	}
	results := make(chan result)
	for range 3 {
		go func() {
			created, err := s.EnsurePartitions(context.WithoutCancel(t.Context()), now, 2)
			results <- result{created, err}
		}()
	}
	total := 0
	for range 3 {
		r := <-results
		if r.err != nil {
			t.Error(r.err)
		}
		total += r.created
	}
	if total != 3 {
		t.Errorf("created %d, want 3", total)
	}
}

func TestRefreshJobs(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	stageCounters(t, db)
	exec(t, db, "INSERT INTO enrollments (user_id, course_id) SELECT u, c FROM generate_series(1, 9) u, generate_series(1, 4) c")
	if err := s.RefreshAnalytics(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := value[int](t, db, "SELECT sum(total_enrollments) FROM course_analytics"); n != 36 {
		t.Errorf("%d enrollments, want 36", n)
	}
	if n, err := s.RefreshRelatedCourses(t.Context(), time.Hour); err != nil || n != 12 {
		t.Errorf("related of %d courses, %v; want 12", n, err)
	}
	if n, err := s.RefreshRelatedCourses(t.Context(), time.Hour); err != nil || n != 0 {
		t.Errorf("related of %d courses again, %v", n, err)
	}
}

// refresh_related stores the 50 published courses that share the most students with a course, of equal ones those with
// the lowest ids. It replaces what was stored before.
func TestRefreshRelated(t *testing.T) {
	t.Parallel()
	_, db := setup(t, testdb.New(t))
	// Courses 1 to 80 have shares of 2, 3, 5 or 7 in the students, so many are equal. Every ninth is a draft, 81 has one
	// student without another course, and 82 has none.
	exec(t, db, `INSERT INTO users (name, email) SELECT n, n FROM generate_series(1, 121) n;
		INSERT INTO categories (name, slug) VALUES ('K', 'k');
		INSERT INTO courses (slug, title, difficulty, published, published_at, instructor_id, category_id)
		SELECT n, n, 'beginner', n % 9 <> 0, now(), 1, 1 FROM generate_series(1, 82) n;
		INSERT INTO enrollments (user_id, course_id) SELECT u, c FROM generate_series(1, 120) u, generate_series(1, 80) c
		WHERE (u + c / 4) % (ARRAY[2, 3, 5, 7])[1 + c % 4] = 0;
		INSERT INTO enrollments (user_id, course_id) VALUES (121, 81);
		INSERT INTO course_related VALUES (1, 1, 2, 999), (81, 1, 1, 1), (82, 50, 1, 1)`)
	exec(t, db, "SELECT refresh_related(ARRAY(SELECT id FROM courses ORDER BY id DESC))")
	const want = `SELECT * FROM (
		SELECT a.course_id, row_number() OVER (PARTITION BY a.course_id ORDER BY count(*) DESC, b.course_id) AS rank, b.course_id AS related_id, count(*) AS students
		FROM enrollments a JOIN enrollments b USING (user_id) JOIN courses c ON c.id = b.course_id
		WHERE published AND b.course_id <> a.course_id GROUP BY a.course_id, b.course_id) r WHERE rank <= 50`
	const got = "SELECT course_id, rank, related_id, students FROM course_related"
	for what, sql := range map[string]string{
		"missing": "SELECT count(*) FROM (" + want + " EXCEPT " + got + ") d",
		"extra":   "SELECT count(*) FROM (" + got + " EXCEPT " + want + ") d",
	} {
		if n := value[int](t, db, sql); n != 0 {
			t.Errorf("%d rows are %s", n, what)
		}
	}
	if n := value[int](t, db, "SELECT count(*) FROM (SELECT course_id FROM course_related GROUP BY 1 HAVING count(*) = 50) x"); n != 80 {
		t.Errorf("%d courses with 50 related ones, want 80", n)
	}
	if n := value[int](t, db, "SELECT count(*) FROM course_related_made"); n != 82 {
		t.Errorf("%d courses are recorded as computed, want 82", n)
	}
}
