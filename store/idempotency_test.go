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

// bumping is done once: it adds one to the counter of the first category.
func bumping(ctx context.Context, answer string) func(*store.Store) ([]byte, error) {
	return func(s *store.Store) ([]byte, error) {
		return []byte(answer), s.WriteInTx(ctx, func(tx *store.Tx) error { return tx.RunQueries(ctx, bump(1)) })
	}
}

func TestOnce(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	twoCategories(t, func(sql string, args ...any) { exec(t, db, sql, args...) })
	ctx, key, other := t.Context(), [32]byte{7}, [32]byte{7, 31: 1} // which share a lock
	want := func(key [32]byte, answer string, kept bool, bumps int) {
		t.Helper()
		got, was, err := s.RunIdempotent(ctx, key, false, bumping(ctx, answer))
		if n := value[int](t, db, "SELECT course_count FROM categories WHERE id = 1"); err != nil || was != kept || n != bumps {
			t.Errorf("kept %v with %d bumps, %v; want %v with %d", was, n, err, kept, bumps)
		}
		if string(got) != "first" && kept || string(got) != answer && !kept {
			t.Errorf("answered %q", got)
		}
	}
	enough := errors.New("enough")
	_, kept, err := s.RunIdempotent(ctx, key, false, func(s *store.Store) ([]byte, error) {
		answer, err := bumping(ctx, "never")(s)
		return answer, errors.Join(err, enough)
	})
	if kept || !errors.Is(err, enough) {
		t.Errorf("ended with %v, %v; want %v", kept, err, enough)
	}
	want(key, "first", false, 1)
	want(key, "second", true, 1)
	want(other, "third", false, 2)
	exec(t, db, "UPDATE idempotent_answers SET created_at = now() - interval '23 hours 59 minutes'")
	want(key, "fourth", true, 2)
	exec(t, db, "UPDATE idempotent_answers SET created_at = now() - interval '24 hours'")
	want(key, "fifth", false, 3)
	if n := value[int](t, db, "SELECT count(*)::int FROM idempotent_answers WHERE created_at > now() - interval '1 hour'"); n != 1 {
		t.Errorf("%d answers are fresh, want the last", n)
	}
}

// A commit whose answer was lost is found under its key.
func TestOnceFindsLostCommits(t *testing.T) {
	t.Parallel()
	dsn := testdb.New(t)
	direct, db := setup(t, dsn)
	twoCategories(t, func(sql string, args ...any) { exec(t, db, sql, args...) })
	through, cut := proxy(t, dsn, deaf)
	s, ctx := open(t, store.Config{URL: through, MaxConns: 1}), t.Context()
	if _, _, err := s.RunIdempotent(ctx, [32]byte{1}, false, bumping(ctx, "a")); err != nil { // the statements are prepared from here on
		t.Fatal(err)
	}
	_, _, err := s.RunIdempotent(ctx, [32]byte{2}, false, func(s *store.Store) ([]byte, error) {
		answer, err := bumping(ctx, "b")(s)
		cut.Store(true)
		return answer, err
	})
	if !errors.Is(err, edu.Unavailable) || !strings.Contains(err.Error(), "look whether it was") {
		t.Errorf("ended with %v, want to be told that it is not known", err)
	}
	answer, kept, err := direct.RunIdempotent(ctx, [32]byte{2}, false, bumping(ctx, "c"))
	if n := value[int](t, db, "SELECT course_count FROM categories WHERE id = 1"); string(answer) != "b" || !kept || err != nil || n != 2 {
		t.Errorf("answered %q, %v, %v with %d bumps; want the first answer and 2", answer, kept, err, n)
	}
}

// A connection lost as a write within the whole ended: nothing was committed, and
// all of it is done again.
func TestOnceOutlivesLostConnections(t *testing.T) {
	t.Parallel()
	dsn := testdb.New(t)
	db := testdb.OpenPool(t, dsn)
	twoCategories(t, func(sql string, args ...any) { exec(t, db, sql, args...) })
	through, cut := proxy(t, dsn, deaf)
	s, ctx := open(t, store.Config{URL: through, MaxConns: 1}), t.Context()
	runs, told := 0, 0
	_, _, err := s.RunIdempotent(ctx, [32]byte{1}, false, func(s *store.Store) ([]byte, error) {
		runs++
		s.AfterCommit(func() { told = runs })
		return []byte("a"), s.WriteInTx(ctx, func(tx *store.Tx) error {
			err := tx.RunQueries(ctx, bump(1))
			cut.Store(runs == 1)
			return errors.Join(err, tx.Commit(ctx, bump(2)))
		})
	})
	if err != nil || runs != 2 || told != 2 {
		t.Errorf("ran %d times, told at %d and ended with %v; want 2, 2 and no error", runs, told, err)
	}
	if sum := value[int](t, db, "SELECT sum(course_count)::int FROM categories"); sum != 2 {
		t.Errorf("the counters sum up to %d, want 2", sum)
	}
}

// A read that fails takes all back, whoever ignores its error.
func TestOnceOfAFailedRead(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	twoCategories(t, func(sql string, args ...any) { exec(t, db, sql, args...) })
	ctx := t.Context()
	_, _, err := s.RunIdempotent(ctx, [32]byte{1}, false, func(s *store.Store) ([]byte, error) {
		answer, err := bumping(ctx, "a")(s)
		first := s.RunQueries(ctx, store.Statement("SELECT 1 / $1", 0))
		if again := s.RunQueries(ctx, bump(1)); !errors.Is(again, errors.Unwrap(first)) {
			t.Errorf("failed with %v and then with %v, want the same", first, again)
		}
		return answer, err
	})
	if err == nil || !strings.Contains(err.Error(), "division by zero") {
		t.Errorf("ended with %v", err)
	}
	if n := value[int](t, db, "SELECT course_count + (SELECT count(*) FROM idempotent_answers)::int FROM categories WHERE id = 1"); n != 0 {
		t.Errorf("%d rows were written", n)
	}
}

// Nobody is told of a write before all can see it, nor of one that was taken back.
func TestAfterCommit(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.New(t))
	twoCategories(t, func(sql string, args ...any) { exec(t, db, sql, args...) })
	ctx := t.Context()
	var seen []int
	look := func() { seen = append(seen, value[int](t, db, "SELECT course_count FROM categories WHERE id = 1")) }
	write := func(end error) {
		_ = s.RunAtomically(ctx, func(s *store.Store) error {
			_, err := bumping(ctx, "")(s)
			return errors.Join(err, end, s.RunAtomically(ctx, func(s *store.Store) error { s.AfterCommit(look); return nil }))
		})
	}
	s.AfterCommit(look)
	write(errors.New("enough"))
	write(nil)
	if want := []int{0, 1}; !slices.Equal(seen, want) {
		t.Errorf("told when the counter was %v, want %v", seen, want)
	}
}

// However many wait under keys, half of the connections are left to others.
func TestOnceLendsHalf(t *testing.T) {
	t.Parallel()
	s, _ := setup(t, testdb.New(t)) // of 4 connections
	ctx := t.Context()
	began, release := make(chan struct{}, 8), make(chan struct{})
	var wait sync.WaitGroup
	defer wait.Wait()
	defer close(release)
	for i := range byte(8) {
		wait.Go(func() {
			_, _, err := s.RunIdempotent(ctx, [32]byte{i}, false, func(*store.Store) ([]byte, error) {
				began <- struct{}{}
				<-release
				return []byte{i}, nil
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
		t.Errorf("%d hold a connection, want 2", n)
	}
	gone, leave := context.WithCancel(ctx)
	leave()
	if _, _, err := s.RunIdempotent(gone, [32]byte{9}, false, bumping(ctx, "")); !errors.Is(err, context.Canceled) {
		t.Errorf("one who left while waiting was told %v", err)
	}
}

func TestDeleteExpiredAnswers(t *testing.T) {
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
		t.Errorf("%d are left, want the fresh 2", n)
	}
}
