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
