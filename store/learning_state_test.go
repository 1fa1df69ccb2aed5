package store_test

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/store"
)

// stateOf returns the learning state of a student in course 1: the completed videos, the seconds that remain,
// and the positions of the next and of the last video, 0 if there is none.
func stateOf(t *testing.T, s *store.Store, student int64) string {
	t.Helper()
	states := readRows(t, s, func(into func(*edu.LearningState)) store.Query {
		return store.LearningStates([]edu.UserCourse{{UserID: student, CourseID: 1}}, into)
	})
	position := func(v *edu.Video) int {
		if v == nil {
			return 0
		}
		return v.Position
	}
	state := states[0]
	return fmt.Sprintf("%d completed, %d s remain, next %d, last %d", state.CompletedVideos, state.RemainingSeconds, position(state.NextVideo), position(state.LastVideo))
}

// watchVideo stores that student 2 reached a position of a video, after all that is stored.
func watchVideo(t *testing.T, db *pgxpool.Pool, video int64, seconds int) {
	t.Helper()
	exec(t, db, "INSERT INTO video_progress (user_id, video_id, progress_seconds, watched_at) VALUES (2, $1, $2, now())", video, seconds)
}

func TestLearningState(t *testing.T) {
	t.Parallel()
	s, db := setupProgress(t, 4)
	want := func(want string) {
		t.Helper()
		if got := stateOf(t, s, 2); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	want("0 completed, 400 s remain, next 1, last 0")
	watchVideo(t, db, 2, 40)
	want("0 completed, 360 s remain, next 2, last 2")
	watchVideo(t, db, 2, 90)
	watchVideo(t, db, 2, 10) // watched again
	want("1 completed, 300 s remain, next 3, last 2")
	watchVideo(t, db, 4, 300) // beyond its end, as a video that became shorter
	want("2 completed, 200 s remain, next 1, last 4")
	watchVideo(t, db, 1, 89)
	want("2 completed, 111 s remain, next 1, last 1")
	watchVideo(t, db, 1, 90)
	watchVideo(t, db, 3, 90)
	want("4 completed, 0 s remain, next 0, last 3")
	if got, want := stateOf(t, s, 3), "0 completed, 400 s remain, next 1, last 0"; got != want {
		t.Errorf("another student has %s, want %s", got, want)
	}
	exec(t, db, "DELETE FROM videos WHERE course_id = 1")
	want("0 completed, 0 s remain, next 0, last 0")
}

// Courses that were begun and are not completed are continued, the last opened first.
func TestContinuedEnrollments(t *testing.T) {
	t.Parallel()
	s, db := setupProgress(t, 1)
	exec(t, db, `INSERT INTO courses (slug, title, difficulty, published, published_at, instructor_id, category_id)
			SELECT 'c' || n, 'C' || n, 'beginner', true, now(), 1, 1 FROM generate_series(3, 7) n;
		INSERT INTO enrollments (user_id, course_id, progress, enrolled_at, last_accessed_at, completed_at) VALUES
			(2, 3, 0, '2026-01-01', '2026-01-04', NULL), (2, 4, 50, '2026-01-01', '2026-01-05', NULL), (2, 5, 100, '2026-01-01', '2026-01-06', NULL),
			(2, 6, 50, '2026-01-01', '2026-01-06', '2026-01-06'), (2, 7, 25, '2026-01-03', NULL, NULL)`)
	var got []int64
	for _, e := range readRows(t, s, func(into func(*edu.Enrollment)) store.Query { return store.ContinuedEnrollments(2, 3, into) }) {
		got = append(got, e.CourseID)
	}
	if fmt.Sprint(got) != "[4 3 7]" {
		t.Errorf("courses %v, want 4, 3 and 7", got)
	}
}
