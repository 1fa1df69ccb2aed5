package loaders_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/loaders"
	"github.com/7p-education/api/store"
)

// setup returns the loaders of an operation of a student, and the statistics of the statements that
// they send.
func setup(t *testing.T) (*loaders.Loaders, *store.Stats, *pgxpool.Pool) {
	t.Helper()
	dsn := testdb.NewWithDemo(t)
	s, err := store.Open(t.Context(), store.Config{URL: dsn, MaxConns: 4})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	stats := &store.Stats{}
	ctx := store.WithStats(t.Context(), stats)
	return loaders.New(ctx, s, edu.Viewer{ID: 1, Role: edu.RoleStudent}, testdb.Now), stats, testdb.OpenPool(t, dsn)
}

func sent(s *store.Stats) [2]int64 { return [2]int64{s.StatementCount(), s.RoundTripCount()} }

// load reads keys of a loader in a batch of their own.
func load[K comparable, V any](l *loaders.Loaders, from *loaders.Loader[K, V], keys ...K) error {
	batch := l.NewBatch()
	from.AddToBatch(batch, keys)
	return batch.Send()
}

// Keys of one batch are one statement, in any order and however often they are added. Missing keys
// are nil.
func TestBatchSend(t *testing.T) {
	t.Parallel()
	l, stats, _ := setup(t)
	keys := []int64{24, 1, 999999, 24, 8}
	batch := l.NewBatch()
	l.Video.AddToBatch(batch, keys)
	l.Video.AddToBatch(batch, keys[:2])
	l.Category.AddToBatch(batch, []int64{1, 2})
	if batch.IsEmpty() {
		t.Fatal("the batch is empty")
	}
	if err := batch.Send(); err != nil {
		t.Fatal(err)
	}
	if got := sent(stats); got != [2]int64{2, 1} {
		t.Errorf("sent %v statements and round trips, want 2 and 1", got)
	}
	for i, v := range l.Video.CachedValues(keys) {
		if keys[i] == 999999 {
			if v != nil {
				t.Errorf("video 999999 exists: %+v", v)
			}
		} else if v.ID != keys[i] {
			t.Errorf("place %d is %d, want %d", i, v.ID, keys[i])
		}
	}
	// All values are cached, those of missing keys too.
	for _, key := range keys {
		if v, err := l.Video.Load(t.Context(), key); err != nil || (v == nil) != (key == 999999) {
			t.Errorf("%d: %v, %v", key, v, err)
		}
	}
	if err := load(l, l.Video, keys...); err != nil || sent(stats) != [2]int64{2, 1} || l.TimedBatches() != 0 {
		t.Errorf("second load: %v, sent %v, %d timed batches", err, sent(stats), l.TimedBatches())
	}
}

// Concurrent calls of Load are batched, and each caller gets its own value.
func TestTimedBatch(t *testing.T) {
	t.Parallel()
	l, stats, _ := setup(t)
	var wg sync.WaitGroup
	for key := range int64(50) {
		wg.Go(func() {
			v, err := l.User.Load(t.Context(), loaders.EntityKey{ID: key + 1})
			if err != nil || v.ID != key+1 {
				t.Errorf("user %d: %+v, %v", key+1, v, err)
			}
		})
	}
	wg.Wait()
	// A batch waits for a millisecond. A machine that stalls may need several batches, but never
	// one for each key.
	if n := stats.StatementCount(); n < 1 || n > 10 || n != l.TimedBatches() {
		t.Errorf("%d statements in %d batches for 50 keys", n, l.TimedBatches())
	}
}

// An entity with other columns is another value.
func TestColumnsArePartOfTheKey(t *testing.T) {
	t.Parallel()
	l, stats, _ := setup(t)
	lean, full := loaders.EntityKey{ID: 24}, loaders.EntityKey{ID: 24, Columns: edu.CourseDescription}
	if err := load(l, l.Course, lean, full); err != nil {
		t.Fatal(err)
	}
	courses := l.Course.CachedValues([]loaders.EntityKey{lean, full})
	if courses[0].Description != "" || courses[1].Description == "" {
		t.Errorf("lean %+v, full %+v", courses[0], courses[1])
	}
	if sent(stats) != [2]int64{2, 1} {
		t.Errorf("sent %v", sent(stats))
	}
}

// The same page under many parents is one statement. Other arguments are another one, in the same
// round trip.
func TestPages(t *testing.T) {
	t.Parallel()
	l, stats, _ := setup(t)
	type key = loaders.ListKey[edu.ReviewList]
	small, large := edu.PageArgs{Limit: 2}, edu.PageArgs{Limit: 5}
	keys := []key{{Parent: 24, Page: small}, {Parent: 1, Page: small}, {Parent: 24, Page: large}, {Parent: 999999, Page: small}}
	for i := range keys {
		keys[i].Args.Order = edu.NewestReviews
	}
	if err := load(l, l.ReviewsByCourse, keys...); err != nil {
		t.Fatal(err)
	}
	if sent(stats) != [2]int64{2, 1} {
		t.Errorf("sent %v, want 2 statements in 1 round trip", sent(stats))
	}
	pages := l.ReviewsByCourse.CachedValues(keys)
	for i, n := range []int{2, 2, 5, 0} {
		if len(pages[i].Nodes) != n {
			t.Errorf("page %d has %d rows, want %d", i, len(pages[i].Nodes), n)
		}
		for _, r := range pages[i].Nodes {
			if r.CourseID != keys[i].Parent {
				t.Errorf("page %d has a review of course %d", i, r.CourseID)
			}
		}
	}
	if !slices.EqualFunc(pages[0].Nodes, pages[2].Nodes[:2], func(a, b *edu.Review) bool { return a.ID == b.ID }) {
		t.Error("the smaller page is not a prefix of the larger")
	}
}

// All callers of a failed batch get its error, and the error is not cached.
func TestErrorsAreNotCached(t *testing.T) {
	t.Parallel()
	l, _, db := setup(t)
	rename := func(from, to string) {
		if _, err := db.Exec(t.Context(), fmt.Sprintf("ALTER TABLE %s RENAME TO %s", from, to)); err != nil {
			t.Fatal(err)
		}
	}
	rename("users", "elsewhere")
	var wg sync.WaitGroup
	for key := range int64(10) {
		wg.Go(func() {
			if v, err := l.User.Load(t.Context(), loaders.EntityKey{ID: key + 1}); err == nil {
				t.Errorf("user %d was read: %+v", key+1, v)
			}
		})
	}
	wg.Wait()
	if err := load(l, l.User, loaders.EntityKey{ID: 1}); err == nil {
		t.Error("a batch without its table succeeded")
	}
	rename("elsewhere", "users")
	for key := range int64(10) {
		if v, err := l.User.Load(t.Context(), loaders.EntityKey{ID: key + 1}); err != nil || v == nil {
			t.Errorf("user %d is not read after the error: %v, %v", key+1, v, err)
		}
	}
}

// A caller whose context is cancelled does not fail the other callers of its batch.
func TestCancelledCaller(t *testing.T) {
	t.Parallel()
	l, _, _ := setup(t)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	var wg sync.WaitGroup
	for key := range int64(20) {
		wg.Go(func() {
			ctx := t.Context()
			if key%2 == 0 {
				ctx = cancelled
			}
			v, err := l.Review.Load(ctx, key+1)
			if key%2 == 1 && (err != nil || v == nil) {
				t.Errorf("review %d: %v, %v", key+1, v, err)
			}
			if key%2 == 0 && err != nil && !errors.Is(err, context.Canceled) {
				t.Errorf("a cancelled caller got %v", err)
			}
		})
	}
	wg.Wait()
}

// Cancelling the context of the operation cancels its reads.
func TestCancelledOperation(t *testing.T) {
	t.Parallel()
	dsn := testdb.NewWithDemo(t)
	s, err := store.Open(t.Context(), store.Config{URL: dsn, MaxConns: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	l := loaders.New(ctx, s, edu.Viewer{}, testdb.Now)
	if _, err := l.Review.Load(t.Context(), 1); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want context.Canceled", err)
	}
}

func TestPrime(t *testing.T) {
	t.Parallel()
	l, stats, _ := setup(t)
	primed := &edu.Video{ID: 5, Title: "primed"}
	l.Video.Prime(5, primed)
	l.Video.Prime(5, &edu.Video{ID: 5, Title: "later"})
	if v, err := l.Video.Load(t.Context(), 5); v != primed || err != nil {
		t.Errorf("%+v, %v", v, err)
	}
	if sent(stats) != [2]int64{} {
		t.Errorf("sent %v", sent(stats))
	}
}

// After ResetForViewer, everything is read again, for the new viewer.
func TestResetForViewer(t *testing.T) {
	t.Parallel()
	l, stats, _ := setup(t)
	l.Video.Prime(5, &edu.Video{ID: 5, Title: "before"})
	if err := load(l, l.ViewerEnrollment, int64(24)); err != nil {
		t.Fatal(err)
	}
	l.ResetForViewer(edu.Viewer{ID: 2, Role: edu.RoleInstructor})
	if v, err := l.Video.Load(t.Context(), 5); err != nil || v.Title == "before" {
		t.Errorf("%+v, %v", v, err)
	}
	if err := load(l, l.ViewerEnrollment, int64(24)); err != nil {
		t.Fatal(err)
	}
	if v, err := l.ViewerEnrollment.Load(t.Context(), 24); err != nil || v != nil {
		t.Errorf("the instructor is enrolled: %+v, %v", v, err)
	}
	if sent(stats) != [2]int64{3, 3} {
		t.Errorf("sent %v, want 3 statements in 3 round trips", sent(stats))
	}
}

// The loaders of two operations share no values.
func TestOperationsShareNothing(t *testing.T) {
	t.Parallel()
	l, stats, _ := setup(t)
	other, otherStats, _ := setup(t)
	for _, each := range []*loaders.Loaders{l, other} {
		if err := load(each, each.ViewerEnrollment, int64(24)); err != nil {
			t.Fatal(err)
		}
	}
	if sent(stats) != [2]int64{1, 1} || sent(otherStats) != [2]int64{1, 1} {
		t.Errorf("sent %v and %v, want one each", sent(stats), sent(otherStats))
	}
}
