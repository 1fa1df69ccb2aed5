package store_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

// setupProgress returns a store with two students, users 2 and 3, who are enrolled in courses 1 and 2 of
// some videos of 100 seconds. The videos of course 1 have the ids from 1 on.
func setupProgress(t *testing.T, videos int) (*store.Store, *pgxpool.Pool) {
	t.Helper()
	s, db := setup(t, testdb.New(t))
	exec(t, db, `INSERT INTO users (name, email, role) SELECT 'U' || n, n || '@7p.example', CASE WHEN n = 1 THEN 'instructor' ELSE 'student' END FROM generate_series(1, 3) n;
		INSERT INTO categories (name, slug) VALUES ('K', 'k');
		INSERT INTO courses (slug, title, difficulty, published, published_at, instructor_id, category_id)
			SELECT 'c' || n, 'C' || n, 'beginner', true, now(), 1, 1 FROM generate_series(1, 2) n;
		INSERT INTO enrollments (user_id, course_id) SELECT u, c FROM generate_series(2, 3) u, generate_series(1, 2) c`)
	exec(t, db, "INSERT INTO videos (course_id, title, position, duration_seconds) SELECT c, 'V', n, 100 FROM generate_series(1, 2) c, generate_series(1, $1::integer) n", videos)
	return s, db
}

// event returns that a video was watched up to a second at a time.
func event(video int64, seconds int, at time.Time) edu.VideoEvent {
	return edu.VideoEvent{VideoID: video, ProgressSeconds: seconds, WatchedAt: at}
}

// watch records events of a student.
func watch(t *testing.T, s *store.Store, student int64, events ...edu.VideoEvent) []*edu.Enrollment {
	t.Helper()
	recorded, err := s.RecordProgress(t.Context(), edu.Viewer{ID: student, Role: edu.RoleStudent}, events, edu.InputPath{"input", "events"})
	if err != nil {
		t.Fatal(err)
	}
	return recorded.Enrollments
}

// enrollmentsOf returns the progress of a student's enrollments, with a mark for each that was opened and
// each that is completed.
func enrollmentsOf(t *testing.T, db *pgxpool.Pool, student int64) string {
	t.Helper()
	return value[string](t, db, `SELECT string_agg(course_id || ': ' || progress || CASE WHEN last_accessed_at IS NULL THEN '' ELSE ' opened' END
		|| CASE WHEN completed_at IS NULL THEN '' ELSE ' completed' END, ', ' ORDER BY course_id) FROM enrollments WHERE user_id = $1`, student)
}

// The progress of a student changes the enrollment of the same student and course only, and that of
// other students does not count.
func TestProgressBelongsToStudent(t *testing.T) {
	t.Parallel()
	s, db := setupProgress(t, 2)
	const untouched = "1: 0.00, 2: 0.00"
	touched := watch(t, s, 2, event(1, 100, time.Now()))
	if len(touched) != 1 || touched[0].UserID != 2 || touched[0].CourseID != 1 {
		t.Errorf("raised %+v", touched)
	}
	if got, want := enrollmentsOf(t, db, 2), "1: 50.00 opened, 2: 0.00"; got != want {
		t.Errorf("the student has %s, want %s", got, want)
	}
	if got := enrollmentsOf(t, db, 3); got != untouched {
		t.Errorf("another student has %s, want %s", got, untouched)
	}
	if n := value[int](t, db, "SELECT count(*) FROM video_progress WHERE user_id <> 2"); n != 0 {
		t.Errorf("%d events are of another student", n)
	}
	watch(t, s, 3, event(2, 100, time.Now())) // not the video that the first student has watched
	for student, want := range map[int64]string{2: "1: 50.00 opened, 2: 0.00", 3: "1: 50.00 opened, 2: 0.00"} {
		if got := enrollmentsOf(t, db, student); got != want {
			t.Errorf("student %d has %s, want %s", student, got, want)
		}
	}
	// An event of a course raises no other course, although the student has watched videos there.
	exec(t, db, "UPDATE enrollments SET progress = 0 WHERE course_id = 1")
	watch(t, s, 2, event(3, 100, time.Now()))
	if got, want := enrollmentsOf(t, db, 2), "1: 0.00 opened, 2: 50.00 opened"; got != want {
		t.Errorf("the student has %s, want %s", got, want)
	}
}

// Students who are not enrolled in the course have no progress, even if others are.
func TestProgressRequiresOwnEnrollment(t *testing.T) {
	t.Parallel()
	s, db := setupProgress(t, 1)
	exec(t, db, "DELETE FROM enrollments WHERE user_id = 3 AND course_id = 1")
	_, err := s.RecordProgress(t.Context(), edu.Viewer{ID: 3, Role: edu.RoleStudent}, []edu.VideoEvent{event(1, 100, time.Now())}, edu.InputPath{"input", "events"})
	if err == nil || value[int](t, db, "SELECT count(*) FROM video_progress") != 0 {
		t.Errorf("recorded the progress of a course that only others are enrolled in: %v", err)
	}
	if got, want := enrollmentsOf(t, db, 2), "1: 0.00, 2: 0.00"; got != want {
		t.Errorf("another student has %s, want %s", got, want)
	}
}

// A course is completed at 100 %, and not at what rounds to it or is just below. Reaching it sets the
// time once.
func TestProgressCompletesAtAll(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		videos, watched int
		want            string
	}{
		{3, 2, "1: 66.67 opened"}, {250, 249, "1: 99.60 opened"}, {250, 250, "1: 100.00 opened completed"}, {1, 1, "1: 100.00 opened completed"},
	} {
		t.Run(fmt.Sprintf("%d of %d", tt.watched, tt.videos), func(t *testing.T) {
			t.Parallel()
			s, db := setupProgress(t, tt.videos)
			var events []edu.VideoEvent
			for n := range tt.watched {
				events = append(events, event(int64(n+1), 90, time.Now()))
			}
			watch(t, s, 2, events...)
			if got := enrollmentsOf(t, db, 2); got != tt.want+", 2: 0.00" {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}

// Times in the future count as now, and an older event moves neither the last access nor the progress
// back.
func TestProgressTimes(t *testing.T) {
	t.Parallel()
	s, db := setupProgress(t, 2)
	lastAccess := func() time.Time {
		return value[time.Time](t, db, "SELECT last_accessed_at FROM enrollments WHERE user_id = 2 AND course_id = 1")
	}
	before := time.Now()
	watch(t, s, 2, event(1, 100, before.Add(12*time.Hour)))
	first := lastAccess()
	if first.Before(before.Add(-time.Minute)) || first.After(time.Now().Add(time.Minute)) {
		t.Errorf("an event in the future was accessed at %v, want now", first)
	}
	if n := value[int](t, db, "SELECT count(*) FROM video_progress WHERE watched_at > now()"); n != 0 {
		t.Errorf("%d events are in the future", n)
	}
	watch(t, s, 2, event(1, 10, before.Add(-time.Hour)))
	if got := lastAccess(); !got.Equal(first) {
		t.Errorf("an older event moved the last access from %v to %v", first, got)
	}
	if got, want := enrollmentsOf(t, db, 2), "1: 50.00 opened, 2: 0.00"; got != want {
		t.Errorf("an older event left %s, want %s", got, want)
	}
	watched := before.Add(-30 * time.Minute).UTC().Truncate(time.Microsecond)
	watch(t, s, 3, event(1, 10, watched))
	watch(t, s, 3, event(1, 10, watched.Add(10*time.Minute)))
	if got := value[time.Time](t, db, "SELECT last_accessed_at FROM enrollments WHERE user_id = 3 AND course_id = 1"); !got.Equal(watched.Add(10 * time.Minute)) {
		t.Errorf("accessed at %v, want the time of the last event, %v", got, watched.Add(10*time.Minute))
	}
}

// Progress locks the enrollments of its courses in the order of their ids. It does not wait for videos and
// enrollments that its events do not touch.
func TestProgressLocksOwnRowsInOrder(t *testing.T) {
	t.Parallel()
	s, db := setupProgress(t, 1)
	exec(t, db, "UPDATE enrollments SET progress = 1 WHERE id = (SELECT min(id) FROM enrollments WHERE user_id = 2)") // moves it in the table
	ids := value[[]int64](t, db, "SELECT array_agg(id ORDER BY id) FROM enrollments WHERE user_id = 2")
	expectLockOrder(t, db, "enrollments", [2]int64(ids), func() error {
		_, err := s.RecordProgress(t.Context(), edu.Viewer{ID: 2, Role: edu.RoleStudent}, []edu.VideoEvent{event(1, 50, time.Now()), event(2, 50, time.Now())}, nil)
		return err
	})
	_ = lockRow(t, db, "SELECT FROM videos v, enrollments e WHERE v.course_id = 2 AND (e.user_id <> 2 OR e.course_id = 2) FOR UPDATE")
	watch(t, s, 2, event(1, 100, time.Now()))
}

// Progress that meets the end of its enrollment waits for it and is rejected: nothing is written.
func TestProgressWaitsForUnenroll(t *testing.T) {
	t.Parallel()
	s, db := setupProgress(t, 1)
	lock := lockRow(t, db, "DELETE FROM enrollments WHERE user_id = 2 AND course_id = 1")
	done := make(chan error, 1)
	go func() {
		_, err := s.RecordProgress(t.Context(), edu.Viewer{ID: 2, Role: edu.RoleStudent}, []edu.VideoEvent{event(1, 100, time.Now())}, edu.InputPath{"input", "events"})
		done <- err
	}()
	awaitBlockedOrDone(t, db, done)
	commit(t, lock)
	problems, ok := errors.AsType[edu.UserErrors](<-done)
	if !ok || problems[0].Code != edu.UserNotEnrolled || value[int](t, db, "SELECT count(*) FROM video_progress") != 0 {
		t.Errorf("progress without an enrollment: %v", problems)
	}
}
