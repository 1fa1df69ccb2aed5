package store_test

import (
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/migrations"
)

// sittingsOf returns the sittings of a student, in the order of their last events: the furthest position and
// the time watched.
func sittingsOf(t *testing.T, db *pgxpool.Pool, student int64) string {
	t.Helper()
	return value[string](t, db, `SELECT coalesce(string_agg(video_id || ' at ' || progress_seconds || ' watched ' || watched_seconds, ', ' ORDER BY video_id, watched_at), '')
		FROM video_progress WHERE user_id = $1`, student)
}

// Heartbeats of a video are one sitting, and its watch time is the time watched, however often they are sent.
func TestHeartbeatsAreOneSitting(t *testing.T) {
	t.Parallel()
	s, db := setupProgress(t, 2)
	exec(t, db, "UPDATE videos SET duration_seconds = 600 WHERE id = 1")
	start := time.Now().Add(-time.Hour)
	var events []edu.VideoEvent
	for n := 10; n <= 600; n += 10 {
		events = append(events, event(1, n, start.Add(time.Duration(n)*time.Second)))
	}
	for _, e := range events[:30] {
		watch(t, s, 2, e)
	}
	watch(t, s, 2, slices.Concat(events, events[40:])...)
	watch(t, s, 2, events[29])
	if got, want := sittingsOf(t, db, 2), "1 at 600 watched 600"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	// The next day adds its growth; a position that was reached before counts again.
	watch(t, s, 2, event(2, 50, start), event(2, 20, start.Add(40*time.Minute)), event(2, 30, start.Add(40*time.Minute+10*time.Second)))
	if got, want := sittingsOf(t, db, 2), "1 at 600 watched 600, 2 at 50 watched 50, 2 at 30 watched 10"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got := value[time.Time](t, db, "SELECT max(watched_at) FROM video_progress WHERE video_id = 1"); !got.Equal(start.Add(10 * time.Minute).Truncate(time.Millisecond)) {
		t.Errorf("watched at %v, want the time of the last event", got)
	}
}

// Two devices that send the same and other events at the same time, in any order, count each once. Late
// events join sittings, also across partitions.
func TestSittingsOfTwoDevices(t *testing.T) {
	t.Parallel()
	s, db := setupProgress(t, 2)
	exec(t, db, "UPDATE videos SET duration_seconds = 10000 WHERE id = 1")
	start := time.Now().Add(-5 * time.Hour)
	var events []edu.VideoEvent
	for n := 1; n <= 300; n++ {
		events = append(events, event(1, n*10, start.Add(time.Duration(n*20)*time.Second)))
	}
	var wait sync.WaitGroup
	for device := range 4 {
		wait.Go(func() {
			mine := slices.Clone(events)
			rand.Shuffle(len(mine), func(i, j int) { mine[i], mine[j] = mine[j], mine[i] })
			for part := range slices.Chunk(mine[:len(mine)*(device+1)/4], 25) {
				watch(t, s, 2, part...)
			}
		})
	}
	wait.Wait()
	if got, want := sittingsOf(t, db, 2), "1 at 3000 watched 3000"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	// The sitting was begun in another month, so its row is in another partition.
	exec(t, db, "INSERT INTO video_progress (user_id, video_id, progress_seconds, watched_seconds, watched_at, created_at) VALUES (3, 1, 100, 90, $1, $1::timestamptz - interval '1 hour')", start)
	exec(t, db, "SELECT ensure_progress_partitions(now() - interval '2 months', now() + interval '1 month')")
	watch(t, s, 3, event(1, 150, start.Add(time.Minute)), event(1, 900, start.Add(50*time.Minute)))
	watch(t, s, 3, event(1, 300, start.Add(25*time.Minute)))
	if got, want := sittingsOf(t, db, 3), "1 at 900 watched 890"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if n := value[int](t, db, "SELECT count(*) FROM video_progress WHERE user_id = 2"); n != 1 {
		t.Errorf("another student has %d rows", n)
	}
}

// Positions are not beyond the end of the video, as players that round report them.
func TestPositionEndsWithVideo(t *testing.T) {
	t.Parallel()
	s, db := setupProgress(t, 1)
	exec(t, db, "UPDATE videos SET duration_seconds = 10 WHERE id = 1")
	watch(t, s, 2, event(1, 40, time.Now()))
	if got, want := sittingsOf(t, db, 2), "1 at 10 watched 10"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// An enrollment after another finds the progress that is there, by enroll and by bulkEnroll. Progress is
// rounded half up.
func TestEnrollFindsProgress(t *testing.T) {
	t.Parallel()
	s, db := setupProgress(t, 11)
	var events []edu.VideoEvent
	for n := range 6 {
		events = append(events, event(int64(n+1), 90, time.Now()))
	}
	events = append(events, event(7, 89, time.Now()))
	watch(t, s, 2, events...)
	watch(t, s, 3, event(1, 100, time.Now()))
	exec(t, db, "DELETE FROM enrollments WHERE course_id = 1")
	e, err := s.Enroll(t.Context(), edu.Viewer{ID: 2, Role: edu.RoleStudent}, 1, nil)
	if err != nil || e.Progress != 54.55 || e.CompletedAt != nil || e.LastAccessedAt != nil || e.UserID != 2 || e.CourseID != 1 {
		t.Errorf("%+v, %v, want 6 of 11 videos", e, err)
	}
	result, err := s.BulkEnroll(t.Context(), edu.Viewer{ID: 1, Role: edu.RoleAdmin}, 1, []string{"1@7p.example", "2@7p.example", "3@7p.example"}, nil)
	if err != nil || result.Enrolled != 2 || result.AlreadyEnrolled != 1 {
		t.Errorf("%+v, %v", result, err)
	}
	for student, want := range map[int64]string{1: "1: 0.00", 2: "1: 54.55, 2: 0.00", 3: "1: 9.09, 2: 0.00"} {
		if got := enrollmentsOf(t, db, student); got != want {
			t.Errorf("student %d has %s, want %s", student, got, want)
		}
	}
	watch(t, s, 3, event(12, 100, time.Now()))
	exec(t, db, "DELETE FROM videos WHERE course_id = 1 AND id > 6; DELETE FROM enrollments WHERE course_id = 1")
	if e, err = s.Enroll(t.Context(), edu.Viewer{ID: 2, Role: edu.RoleStudent}, 1, nil); err != nil || e.Status() != edu.Completed || e.CompletedAt == nil {
		t.Errorf("%+v, %v, want all videos completed", e, err)
	}
}

// The migration merges rows of single events into sittings, and counts the time watched.
func TestMigrationOfSittings(t *testing.T) {
	t.Parallel()
	s, db := setupProgress(t, 3)
	for file := ""; file != "0021_sittings.sql"; {
		var err error
		if file, err = migrations.RevertLatest(t.Context(), db); err != nil {
			t.Fatal(err)
		}
	}
	const insert = "INSERT INTO video_progress (user_id, video_id, progress_seconds, watched_at, created_at) "
	exec(t, db, "UPDATE videos SET duration_seconds = 600 WHERE id = 1")
	exec(t, db, insert+"SELECT 2, 1, n, '2026-03-31 23:55Z'::timestamptz + n * interval '1 second', '2026-03-31 23:55Z'::timestamptz + n * interval '1 second' FROM generate_series(10, 600, 10) n")
	exec(t, db, insert+"SELECT 2, 1, n, '2026-03-31 23:55Z'::timestamptz + n * interval '1 second', now() FROM generate_series(10, 50, 10) n") // twice
	exec(t, db, insert+`VALUES (2, 2, 20, '2026-03-01', '2026-03-01'), (2, 2, 130, '2026-03-01 00:00:30', '2026-03-01'), (2, 2, 10, '2026-03-01 00:31', '2026-03-02'),
		(3, 2, 90, '2026-03-01', '2026-03-01')`)
	if _, err := migrations.ApplyPending(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	for student, want := range map[int64]string{2: "1 at 600 watched 600, 2 at 100 watched 80, 2 at 10 watched 0", 3: "2 at 90 watched 90"} {
		if got := sittingsOf(t, db, student); got != want {
			t.Errorf("student %d has %s, want %s", student, got, want)
		}
	}
	// An event that the migration merged counts nothing, and what follows counts its growth.
	at := time.Date(2026, 3, 31, 23, 56, 0, 0, time.UTC)
	watch(t, s, 2, event(1, 60, at), event(2, 10, time.Date(2026, 3, 1, 0, 31, 0, 0, time.UTC)), event(2, 30, time.Date(2026, 3, 1, 0, 32, 0, 0, time.UTC)))
	if got, want := sittingsOf(t, db, 2), "1 at 600 watched 600, 2 at 100 watched 80, 2 at 30 watched 20"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got, want := value[string](t, db, "SELECT string_agg(video_id || ' ' || to_char(watched_at AT TIME ZONE 'UTC', 'DD HH24:MI:SS'), ', ' ORDER BY watched_at) FROM video_progress WHERE user_id = 2"),
		"2 01 00:00:30, 2 01 00:32:00, 1 01 00:05:00"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// Events of another client that cannot be decoded are an error, and nothing is written.
func TestMalformedSitting(t *testing.T) {
	t.Parallel()
	s, db := setupProgress(t, 1)
	exec(t, db, `INSERT INTO video_progress (user_id, video_id, progress_seconds, watched_at, events) VALUES (2, 1, 5, now(), '\x00ff')`)
	_, err := s.RecordProgress(t.Context(), edu.Viewer{ID: 2, Role: edu.RoleStudent}, []edu.VideoEvent{event(1, 90, time.Now())}, nil)
	if got := sittingsOf(t, db, 2); err == nil || got != "1 at 5 watched 0" {
		t.Errorf("%s, %v", got, err)
	}
}
