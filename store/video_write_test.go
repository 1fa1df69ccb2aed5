package store_test

import (
	"testing"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/store"
)

// A new video moves the later videos of its course and locks them in the order of their ids, whichever plan
// the database chooses. Other courses keep their videos and their duration.
func TestAddVideoMovesVideosInOrder(t *testing.T) {
	t.Parallel()
	_, db := setupProgress(t, 2)
	exec(t, db, "UPDATE videos SET title = 'First' WHERE id = 1") // moves its row behind the others in the table
	exec(t, db, "ALTER DATABASE "+value[string](t, db, "SELECT quote_ident(current_database())")+" SET enable_nestloop = off")
	s := open(t, store.Config{URL: db.Config().ConnString(), MaxConns: 2})
	expectLockOrder(t, db, "videos", [2]int64{1, 2}, func() error {
		position := 1
		_, err := s.AddVideo(t.Context(), author, edu.Video{CourseID: 1, Title: "New", DurationSeconds: 60}, store.VideoPlace{Position: &position}, nil)
		return err
	})
	const want = "New 1, First 2, V 3; V 1, V 2"
	if got := value[string](t, db, "SELECT string_agg(titles, '; ' ORDER BY course_id) FROM (SELECT course_id, string_agg(title || ' ' || position, ', ' ORDER BY position) AS titles FROM videos GROUP BY course_id) v"); got != want {
		t.Errorf("videos %s, want %s", got, want)
	}
	if got := value[string](t, db, "SELECT string_agg(duration_seconds::text, ' ' ORDER BY id) FROM courses"); got != "260 0" {
		t.Errorf("the courses take %s s, want 260 0", got)
	}
}

// A video that becomes shorter raises the enrollments of students who have completed it now, in the order of locks of
// RecordProgress. It lowers none, and a longer video changes none.
func TestShorterVideoRaisesProgress(t *testing.T) {
	t.Parallel()
	s, db := setupProgress(t, 2)
	watchVideo(t, db, 1, 54)
	watchVideo(t, db, 2, 90)
	exec(t, db, "UPDATE enrollments SET progress = 50 WHERE user_id = 2 AND course_id = 1")
	exec(t, db, "UPDATE enrollments SET progress = 80 WHERE user_id = 3")
	setLength := func(seconds int) func() error {
		return func() error {
			_, err := s.UpdateVideo(t.Context(), author, 1, store.VideoChanges{DurationSeconds: &seconds}, nil)
			return err
		}
	}
	want := func(want string) {
		t.Helper()
		if got := value[string](t, db, "SELECT string_agg(progress || CASE WHEN completed_at IS NULL THEN '' ELSE ' completed' END, ', ' ORDER BY user_id) FROM enrollments WHERE course_id = 1"); got != want {
			t.Errorf("the enrollments have %s, want %s", got, want)
		}
	}
	expectLockOrder(t, db, "videos", [2]int64{1, 2}, setLength(61))
	want("50.00, 80.00")
	if got, want := stateOf(t, s, 2), "1 completed, 7 s remain, next 1, last 2"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	first := value[int64](t, db, "SELECT min(id) FROM enrollments WHERE course_id = 1")
	last := value[int64](t, db, "SELECT max(id) FROM enrollments WHERE course_id = 1")
	expectLockOrder(t, db, "enrollments", [2]int64{first, last}, setLength(60))
	want("100.00 completed, 80.00")
	if err := setLength(500)(); err != nil {
		t.Fatal(err)
	}
	want("100.00 completed, 80.00")
}
