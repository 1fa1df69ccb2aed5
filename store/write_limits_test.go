package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

// lockRow locks a row on a connection of its own until the returned transaction ends.
func lockRow(t *testing.T, db *pgxpool.Pool, sql string) pgx.Tx {
	t.Helper()
	lock, err := db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = lock.Rollback(context.Background()) })
	if _, err := lock.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
	return lock
}

// awaitBlocked returns when some connection waits for a lock.
func awaitBlocked(t *testing.T, db *pgxpool.Pool) {
	t.Helper()
	for value[int](t, db, "SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") == 0 {
		if t.Context().Err() != nil {
			t.Fatal("no write waits for the lock")
		}
	}
}

// awaitBlockedOrDone returns when some connection waits for a lock, or when the write is done.
func awaitBlockedOrDone(t *testing.T, db *pgxpool.Pool, done <-chan error) {
	t.Helper()
	for len(done) == 0 && !value[bool](t, db, "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')") {
	}
}

// expectLockOrder checks that a write locks the first of two rows of a table before the second: while another
// client has locked the first, it can lock the second too.
func expectLockOrder(t *testing.T, db *pgxpool.Pool, table string, ids [2]int64, write func() error) {
	t.Helper()
	sql := func(id int64) string { return fmt.Sprintf("SELECT FROM %s WHERE id = %d FOR UPDATE NOWAIT", table, id) }
	lock := lockRow(t, db, sql(ids[0]))
	done := make(chan error, 1)
	go func() { done <- write() }()
	awaitBlockedOrDone(t, db, done)
	if len(done) > 0 {
		t.Errorf("the write does not wait for row %d of %s", ids[0], table)
	}
	if _, err := lock.Exec(t.Context(), sql(ids[1])); err != nil {
		t.Errorf("row %d of %s is locked before row %d: %v", ids[1], table, ids[0], err)
	}
	if err := lock.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// A row that another client locks fails the writes that need it, and nothing else: reads, Ping and the
// writers of other rows succeed meanwhile, with an idempotency key or without one.
func TestLockedRowBlocksOnlyItsWriters(t *testing.T) {
	t.Parallel()
	for _, keyed := range []bool{false, true} {
		t.Run(fmt.Sprintf("keyed %v", keyed), func(t *testing.T) {
			t.Parallel()
			dsn := testdb.NewWithDemo(t)
			db := testdb.OpenPool(t, dsn)
			s := open(t, store.Config{URL: dsn, MaxConns: 4})
			enroll := func(user, course int64) error {
				enroll := func(s *store.Store) error {
					_, err := s.Enroll(t.Context(), edu.Viewer{ID: user, Role: edu.RoleStudent}, course, nil)
					return err
				}
				if !keyed {
					return enroll(s)
				}
				return s.RunAtomically(t.Context(), enroll)
			}
			exec(t, db, "DELETE FROM enrollments WHERE course_id IN (1, 24)")
			_ = lockRow(t, db, "SELECT FROM courses WHERE id = 1 FOR UPDATE")
			var wait sync.WaitGroup
			for user := range int64(32) {
				wait.Go(func() {
					if err := enroll(user+1, 1); !errors.Is(err, edu.Unavailable) {
						t.Errorf("ended with %v, want %v", err, edu.Unavailable)
					}
				})
			}
			awaitBlocked(t, db)
			for user := range int64(8) {
				if err := enroll(user+1, 24); err != nil {
					t.Errorf("a writer of another course: %v", err)
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
		})
	}
}

// TestObserveWrites checks that the writes of one row count while they need a connection, and not while they wait in the
// process.
func TestObserveWrites(t *testing.T) {
	t.Parallel()
	for _, keyed := range []bool{false, true} {
		t.Run(fmt.Sprintf("keyed %v", keyed), func(t *testing.T) {
			t.Parallel()
			dsn := testdb.NewWithDemo(t)
			db := testdb.OpenPool(t, dsn)
			s := open(t, store.Config{URL: dsn, MaxConns: 8})
			var current, peak atomic.Int64
			s.ObserveWrites(func(delta int) {
				if n := current.Add(int64(delta)); n > peak.Load() {
					peak.Store(n)
				}
			})
			exec(t, db, "DELETE FROM enrollments WHERE course_id = 1")
			lock := lockRow(t, db, "SELECT FROM courses WHERE id = 1 FOR UPDATE")
			const writers = 8
			var wait sync.WaitGroup
			for user := range int64(writers) {
				wait.Go(func() {
					enroll := func(s *store.Store) error {
						_, err := s.Enroll(t.Context(), edu.Viewer{ID: user + 1, Role: edu.RoleStudent}, 1, nil)
						return err
					}
					run := func(_ context.Context, f func(*store.Store) error) error { return f(s) }
					if keyed {
						run = s.RunAtomically
					}
					if err := run(t.Context(), enroll); err != nil && !errors.Is(err, edu.Unavailable) { // on a busy machine
						t.Error(err)
					}
				})
			}
			awaitBlocked(t, db)
			if err := lock.Rollback(t.Context()); err != nil {
				t.Fatal(err)
			}
			wait.Wait()
			if n, most := current.Load(), peak.Load(); n != 0 || most < 1 || most > 2 {
				t.Errorf("at the end %d writes need a connection, and %d did at most; not 0, and 1 or 2", n, most)
			}
		})
	}
}

// The rows that an idempotent write has locked become free after MaxLockTime, even while the operation
// goes on: here it waits for them to be free. Nothing is written.
func TestIdempotentRowsBecomeFree(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	createTwoCategories(t, func(sql string, args ...any) { exec(t, db, sql, args...) })
	_, _, err := s.RunIdempotent(t.Context(), store.IdempotentRun{Key: [32]byte{1}}, func(s *store.Store) ([]byte, error) {
		response, err := bumpAndRespond(t.Context(), "a")(s)
		exec(t, db, "UPDATE categories SET name = 'Free' WHERE id = 1")
		return response, err
	})
	if !errors.Is(err, edu.Unavailable) {
		t.Errorf("ended with %v, want %v", err, edu.Unavailable)
	}
	if n := value[int](t, db, "SELECT course_count + (SELECT count(*) FROM idempotent_answers)::int FROM categories WHERE id = 1"); n != 0 {
		t.Errorf("%d rows were written", n)
	}
}

// An idempotent write that waits for a second row releases the first one, and retries.
func TestIdempotentWriteRetriesSecondRow(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	createTwoCategories(t, func(sql string, args ...any) { exec(t, db, sql, args...) })
	lock := lockRow(t, db, "SELECT FROM categories WHERE id = 2 FOR UPDATE")
	runs := 0
	_, _, err := s.RunIdempotent(t.Context(), store.IdempotentRun{Key: [32]byte{1}}, func(s *store.Store) ([]byte, error) {
		if runs++; runs == 2 {
			exec(t, db, "UPDATE categories SET name = 'Free' WHERE id = 1")
			if err := lock.Rollback(t.Context()); err != nil {
				return nil, err
			}
		}
		_, err := bumpAndRespond(t.Context(), "a")(s)
		return []byte("a"), errors.Join(err, s.WriteInTx(t.Context(), func(tx *store.Tx) error { return tx.RunQueries(t.Context(), bump(2)) }))
	})
	if err != nil || runs < 2 {
		t.Errorf("ran %d times and ended with %v; want at least 2 and no error", runs, err)
	}
	if sum := value[int](t, db, "SELECT sum(course_count)::int FROM categories"); sum != 2 {
		t.Errorf("the counters sum up to %d, want 2", sum)
	}
}
