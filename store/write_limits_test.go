package store_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

// A row that another client locks fails the writes that need it, and nothing else: reads and Ping
// still succeed.
func TestLockedRowDoesNotBlockReads(t *testing.T) {
	t.Parallel()
	dsn := testdb.NewWithDemo(t)
	db := testdb.OpenPool(t, dsn)
	s := open(t, store.Config{URL: dsn, MaxConns: 4})
	lock, err := db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = lock.Rollback(t.Context()) }()
	if _, err := lock.Exec(t.Context(), "SELECT FROM courses WHERE id = 1 FOR UPDATE"); err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	for user := range int64(8) {
		wait.Go(func() {
			_, err := s.Enroll(t.Context(), edu.Viewer{ID: user + 100, Role: edu.RoleStudent}, 1, nil)
			if !errors.Is(err, edu.Unavailable) {
				t.Errorf("ended with %v, want %v", err, edu.Unavailable)
			}
		})
	}
	for value[int](t, db, "SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") < 3 {
		if t.Context().Err() != nil {
			t.Fatal("no write waits for the lock")
		}
	}
	n := 0
	if err := s.RunQueries(t.Context(), store.CountCourses(edu.CourseConditions{}, &n)); err != nil || n == 0 {
		t.Errorf("a read found %d courses, %v", n, err)
	}
	if err := s.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	wait.Wait()
}
