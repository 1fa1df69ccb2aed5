package store_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

// bumpAndRespond returns an idempotent write that adds one to the counter of the first category.
func bumpAndRespond(ctx context.Context, response string) func(*store.Store) ([]byte, error) {
	return func(s *store.Store) ([]byte, error) {
		return []byte(response), s.WriteInTx(ctx, func(tx *store.Tx) error { return tx.RunQueries(ctx, bump(1)) })
	}
}

func TestRunIdempotent(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	createTwoCategories(t, func(sql string, args ...any) { exec(t, db, sql, args...) })
	ctx, key, other := t.Context(), [32]byte{7}, [32]byte{7, 31: 1} // they share a lock
	want := func(key [32]byte, response string, replayed bool, bumps int) {
		t.Helper()
		got, gotReplayed, err := s.RunIdempotent(ctx, store.IdempotentRun{Key: key}, bumpAndRespond(ctx, response))
		if n := value[int](t, db, "SELECT course_count FROM categories WHERE id = 1"); err != nil || gotReplayed != replayed || n != bumps {
			t.Errorf("replayed %v with %d bumps, %v; want %v with %d", gotReplayed, n, err, replayed, bumps)
		}
		if string(got) != "first" && replayed || string(got) != response && !replayed {
			t.Errorf("response %q", got)
		}
	}
	errFailed := errors.New("failed")
	_, replayed, err := s.RunIdempotent(ctx, store.IdempotentRun{Key: key}, func(s *store.Store) ([]byte, error) {
		response, err := bumpAndRespond(ctx, "never")(s)
		return response, errors.Join(err, errFailed)
	})
	if replayed || !errors.Is(err, errFailed) {
		t.Errorf("ended with %v, %v; want %v", replayed, err, errFailed)
	}
	want(key, "first", false, 1)
	want(key, "second", true, 1)
	want(other, "third", false, 2)
	exec(t, db, "UPDATE idempotent_answers SET created_at = now() - interval '23 hours 59 minutes'")
	want(key, "fourth", true, 2)
	exec(t, db, "UPDATE idempotent_answers SET created_at = now() - interval '24 hours'")
	want(key, "fifth", false, 3)
	if n := value[int](t, db, "SELECT count(*)::int FROM idempotent_answers WHERE created_at > now() - interval '1 hour'"); n != 1 {
		t.Errorf("%d fresh responses, want the last", n)
	}
}

// A commit whose response was lost is replayed under its key.
func TestRunIdempotentReplaysLostCommits(t *testing.T) {
	t.Parallel()
	dsn := testdb.New(t)
	direct, db := setup(t, dsn)
	createTwoCategories(t, func(sql string, args ...any) { exec(t, db, sql, args...) })
	through, cut := proxy(t, dsn, dropResponse)
	s, ctx := open(t, store.Config{URL: through, MaxConns: 1}), t.Context()
	if _, _, err := s.RunIdempotent(ctx, store.IdempotentRun{Key: [32]byte{1}}, bumpAndRespond(ctx, "a")); err != nil { // the statements are prepared from here on
		t.Fatal(err)
	}
	_, _, err := s.RunIdempotent(ctx, store.IdempotentRun{Key: [32]byte{2}}, func(s *store.Store) ([]byte, error) {
		response, err := bumpAndRespond(ctx, "b")(s)
		cut.Store(true)
		return response, err
	})
	if !errors.Is(err, edu.Unavailable) || !strings.Contains(err.Error(), "check whether the change was made") {
		t.Errorf("ended with %v, want an error that the outcome is unknown", err)
	}
	response, replayed, err := direct.RunIdempotent(ctx, store.IdempotentRun{Key: [32]byte{2}}, bumpAndRespond(ctx, "c"))
	if n := value[int](t, db, "SELECT course_count FROM categories WHERE id = 1"); string(response) != "b" || !replayed || err != nil || n != 2 {
		t.Errorf("response %q, replayed %v, %v with %d bumps; want the first response and 2", response, replayed, err, n)
	}
}

// If the connection is lost during a write within the transaction, nothing is committed and the
// whole transaction is retried.
func TestRunIdempotentRetriesLostConnections(t *testing.T) {
	t.Parallel()
	dsn := testdb.New(t)
	db := testdb.OpenPool(t, dsn)
	createTwoCategories(t, func(sql string, args ...any) { exec(t, db, sql, args...) })
	through, cut := proxy(t, dsn, dropResponse)
	s, ctx := open(t, store.Config{URL: through, MaxConns: 1}), t.Context()
	runs, announcedAt := 0, 0
	_, _, err := s.RunIdempotent(ctx, store.IdempotentRun{Key: [32]byte{1}}, func(s *store.Store) ([]byte, error) {
		runs++
		s.AfterCommit(func() { announcedAt = runs })
		return []byte("a"), s.WriteInTx(ctx, func(tx *store.Tx) error {
			err := tx.RunQueries(ctx, bump(1))
			cut.Store(runs == 1)
			return errors.Join(err, tx.Commit(ctx, bump(2)))
		})
	})
	if err != nil || runs != 2 || announcedAt != 2 {
		t.Errorf("ran %d times, announced in run %d and ended with %v; want 2, 2 and no error", runs, announcedAt, err)
	}
	if sum := value[int](t, db, "SELECT sum(course_count)::int FROM categories"); sum != 2 {
		t.Errorf("the counters sum up to %d, want 2", sum)
	}
}

// A failed read rolls back the transaction even if its error is ignored.
func TestRunIdempotentRollsBackFailedReads(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	createTwoCategories(t, func(sql string, args ...any) { exec(t, db, sql, args...) })
	ctx := t.Context()
	_, _, err := s.RunIdempotent(ctx, store.IdempotentRun{Key: [32]byte{1}}, func(s *store.Store) ([]byte, error) {
		response, err := bumpAndRespond(ctx, "a")(s)
		first := s.RunQueries(ctx, store.Statement("SELECT 1 / $1", 0))
		if again := s.RunQueries(ctx, bump(1)); !errors.Is(again, errors.Unwrap(first)) {
			t.Errorf("failed with %v and then with %v, want the same", first, again)
		}
		return response, err
	})
	if err == nil || !strings.Contains(err.Error(), "division by zero") {
		t.Errorf("ended with %v", err)
	}
	if n := value[int](t, db, "SELECT course_count + (SELECT count(*) FROM idempotent_answers)::int FROM categories WHERE id = 1"); n != 0 {
		t.Errorf("%d rows were written", n)
	}
}

// Functions of AfterCommit run after their write is visible, and never for a write that is rolled
// back.
func TestAfterCommit(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	createTwoCategories(t, func(sql string, args ...any) { exec(t, db, sql, args...) })
	ctx := t.Context()
	var seen []int
	announce := func() { seen = append(seen, value[int](t, db, "SELECT course_count FROM categories WHERE id = 1")) }
	write := func(end error) {
		_ = s.RunAtomically(ctx, func(s *store.Store) error {
			_, err := bumpAndRespond(ctx, "")(s)
			s.AfterCommit(announce)
			return errors.Join(err, end)
		})
	}
	s.AfterCommit(announce)
	write(errors.New("failed"))
	write(nil)
	if want := []int{0, 1}; !slices.Equal(seen, want) {
		t.Errorf("announced when the counter was %v, want %v", seen, want)
	}
}

// Idempotent writes that wait leave half of the connections to others.
func TestRunIdempotentUsesHalfTheConnections(t *testing.T) {
	t.Parallel()
	s, _ := setup(t, testdb.New(t)) // a pool of 4 connections
	ctx := t.Context()
	began, release := make(chan struct{}, 8), make(chan struct{})
	var wait sync.WaitGroup
	defer wait.Wait()
	defer close(release)
	for i := range byte(8) {
		wait.Go(func() {
			_, _, err := s.RunIdempotent(ctx, store.IdempotentRun{Key: [32]byte{i}, OwnRows: true}, func(s *store.Store) ([]byte, error) {
				response, err := bumpAndRespond(ctx, "a")(s)
				began <- struct{}{}
				<-release
				return response, err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	<-began
	<-began
	soon, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for range 50 {
		if err := s.RunQueries(soon, bump(0)); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(began) + 2; n != 2 {
		t.Errorf("%d writes hold a connection, want 2", n)
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if _, _, err := s.RunIdempotent(cancelled, store.IdempotentRun{Key: [32]byte{9}}, bumpAndRespond(ctx, "")); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled call ended with %v, want %v", err, context.Canceled)
	}
}

func TestDeleteExpiredResponses(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	exec(t, db, `INSERT INTO idempotent_answers (key, answer, created_at)
		SELECT sha256(n::text::bytea), '', now() - interval '24 hours' + interval '1 hour' * (n / 2100) FROM generate_series(1, 2101) n`)
	for _, want := range []int{2099, 0} {
		if n, err := s.DeleteExpiredResponses(t.Context()); n != want || err != nil {
			t.Errorf("deleted %d, %v; want %d", n, err, want)
		}
	}
	if n := value[int](t, db, "SELECT count(*)::int FROM idempotent_answers"); n != 2 {
		t.Errorf("%d responses are left, want the 2 that have not expired", n)
	}
}

// TestRunIdempotentOnTwoServers checks that a request that arrives at another server while the first is in
// progress gets the stored response, although its own run fails at the key.
func TestRunIdempotentOnTwoServers(t *testing.T) {
	t.Parallel()
	dsn := testdb.New(t)
	first, db := setup(t, dsn)
	second, _ := setup(t, dsn)
	createTwoCategories(t, func(sql string, args ...any) { exec(t, db, sql, args...) })
	ctx, run := t.Context(), store.IdempotentRun{Key: [32]byte{7}, OwnRows: true}
	written, finish := make(chan struct{}), make(chan struct{})
	var done sync.WaitGroup
	done.Go(func() {
		got, replayed, err := first.RunIdempotent(ctx, run, func(s *store.Store) ([]byte, error) {
			response, err := bumpAndRespond(ctx, "first")(s)
			close(written)
			<-finish
			return response, err
		})
		if string(got) != "first" || replayed || err != nil {
			t.Errorf("the first one: %q, %v, %v", got, replayed, err)
		}
	})
	<-written
	done.Go(func() {
		errFailed := errors.New("the response has errors")
		got, replayed, err := second.RunIdempotent(ctx, run, func(s *store.Store) ([]byte, error) {
			close(finish) // it has found no response, and waits for the key from here on
			if _, err := bumpAndRespond(ctx, "second")(s); err != nil {
				return nil, errFailed
			}
			return []byte("second"), nil
		})
		if string(got) != "first" || !replayed || err != nil {
			t.Errorf("the second one: %q, %v, %v", got, replayed, err)
		}
	})
	done.Wait()
	if n := value[int](t, db, "SELECT course_count FROM categories WHERE id = 1"); n != 1 {
		t.Errorf("%d bumps, want 1", n)
	}
}
