package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/testdb"
)

// A large import or bulk enrollment requests new analytics: a run of the job may begin a minute after the last one,
// before its interval has passed.
func TestLargeWritesRequestAnalytics(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	stageAuthor(t, db)
	exec(t, db, "INSERT INTO users (name, email, role) VALUES ('Admin', 'admin@example.com', 'admin')")
	admin := edu.Viewer{ID: value[int64](t, db, "SELECT id FROM users WHERE email = 'admin@example.com'"), Role: edu.RoleAdmin}
	runs := 0
	claim := func() bool {
		t.Helper()
		runs++
		run := fmt.Sprint("run ", runs)
		claimed, err := s.ClaimJob(t.Context(), "analytics", run, time.Hour)
		if err == nil && claimed {
			err = s.FinishJob(t.Context(), "analytics", run, time.Second, "")
		}
		if err != nil {
			t.Fatal(err)
		}
		return claimed
	}
	importCourses := func(n int) {
		t.Helper()
		if err := s.ImportCourses(t.Context(), author, newCourses(n), edu.InputPath{"input", "courses"}); err != nil {
			t.Fatal(err)
		}
	}
	if !claim() {
		t.Fatal("the first run was not claimed")
	}
	aMinuteLater := func() {
		t.Helper()
		exec(t, db, "UPDATE jobs SET started_at = started_at - interval '1 minute', requested_at = requested_at - interval '1 minute'")
	}
	importCourses(1000)
	if claim() {
		t.Error("a run was claimed at once after the last one")
	}
	aMinuteLater()
	if !claim() {
		t.Error("no run was claimed after a large import")
	}
	aMinuteLater()
	if claim() {
		t.Error("a second run was claimed for one request")
	}
	importCourses(999)
	if claim() {
		t.Error("a run was claimed after a small import")
	}
	course := value[int64](t, db, "SELECT min(id) FROM courses")
	exec(t, db, "UPDATE courses SET published = true, published_at = now() WHERE id = $1", course)
	if _, err := s.BulkEnroll(t.Context(), admin, course, make([]string, 1000), nil); err != nil {
		t.Fatal(err)
	}
	if !claim() {
		t.Error("no run was claimed after a large bulk enrollment")
	}
}

// A renewal that is on its way when the run ends does not keep the job from running again.
func TestFinishedJobIsNotRenewed(t *testing.T) {
	t.Parallel()
	s, _ := setup(t, testdb.New(t))
	for _, run := range []string{"first", "second"} {
		if claimed, err := s.ClaimJob(t.Context(), "partitions", run, 0); err != nil || !claimed {
			t.Fatalf("the %s run is claimed: %v, %v", run, claimed, err)
		}
		if held, err := s.RenewJob(t.Context(), "partitions", run); err != nil || !held {
			t.Errorf("the %s run is renewed: %v, %v", run, held, err)
		}
		if err := s.FinishJob(t.Context(), "partitions", run, time.Second, ""); err != nil {
			t.Fatal(err)
		}
		if held, err := s.RenewJob(t.Context(), "partitions", run); err != nil || held {
			t.Errorf("the %s run is renewed after its end: %v, %v", run, held, err)
		}
	}
}
