package cdn

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

// recorder is a CDN that records the keys of each purge, and fails a number of times first.
type recorder struct {
	mu       sync.Mutex
	failures int
	purged   chan []string
}

func (r *recorder) Purge(_ context.Context, keys []string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failures > 0 {
		r.failures--
		return errors.New("the CDN is away")
	}
	r.purged <- keys
	return nil
}

func (*recorder) Limits() Limits { return Limits{Keys: 50, Interval: time.Millisecond} }

func (r *recorder) fail(times int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failures = times
}

// await returns the next purge.
func (r *recorder) await(t *testing.T) []string {
	t.Helper()
	select {
	case keys := <-r.purged:
		return keys
	case <-time.After(20 * time.Second):
		t.Fatal("no purge")
		return nil
	}
}

// startWorker runs a worker on a database until the test ends.
func startWorker(t *testing.T, againAfter time.Duration) (*store.Store, *Worker, *recorder) {
	t.Helper()
	db, err := store.Open(t.Context(), store.Config{URL: testdb.New(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	r := &recorder{purged: make(chan []string, 100)}
	w := NewWorker(db, r, againAfter, slog.New(slog.DiscardHandler))
	ctx, end := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { w.Run(ctx) })
	t.Cleanup(func() { end(); running.Wait() })
	return db, w, r
}

// awaitStats waits until the counts fulfil a condition: the worker counts a purge after the CDN has accepted it.
func awaitStats(t *testing.T, w *Worker, fulfilled func(Stats) bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !fulfilled(w.Stats()); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%+v", w.Stats())
		}
	}
}

// A worker first purges everything, because it may have missed changes. Then it purges the keys of each committed
// change, and again after the time that a response may be on its way.
func TestChangesArePurgedTwice(t *testing.T) {
	t.Parallel()
	db, w, purges := startWorker(t, time.Second)
	everything := []string{everythingKey}
	if keys := purges.await(t); !slices.Equal(keys, everything) {
		t.Errorf("a new worker purges %v", keys)
	}
	if keys := purges.await(t); !slices.Equal(keys, everything) {
		t.Errorf("then it purges %v", keys)
	}
	tags := []edu.Tag{edu.TagCourse.WithID(12), edu.TagUserProgress.WithID(7)}
	if err := db.InvalidateTags(t.Context(), tags); err != nil {
		t.Fatal(err)
	}
	want := slices.Sorted(slices.Values(PurgeKeys(tags[0])))
	first, start := purges.await(t), time.Now()
	second := purges.await(t)
	if !slices.Equal(first, want) || !slices.Equal(second, want) {
		t.Errorf("purged %v and %v, want %v", first, second, want)
	}
	if pause := time.Since(start); pause < 800*time.Millisecond {
		t.Errorf("the second purge came %v after the first", pause)
	}
	awaitStats(t, w, func(s Stats) bool { return s.Running && s.Purges == 4 && s.PurgedKeys == 6 && s.FailedPurges == 0 })
}

// Changes that come while the CDN is away are purged once it is back.
func TestFailedPurgesAreRepeated(t *testing.T) {
	t.Parallel()
	db, w, purges := startWorker(t, time.Hour)
	purges.await(t)
	purges.fail(2)
	var want []string
	for id := range int64(2) {
		tag := edu.TagCategory.WithID(id + 1)
		if err := db.InvalidateTags(t.Context(), []edu.Tag{tag}); err != nil {
			t.Fatal(err)
		}
		want = append(want, PurgeKeys(tag)...)
	}
	slices.Sort(want)
	if keys := purges.await(t); !slices.Equal(keys, slices.Compact(want)) {
		t.Errorf("purged %v, want %v", keys, want)
	}
	awaitStats(t, w, func(s Stats) bool { return s.FailedPurges == 2 && s.Pending == 0 })
}

// Too many waiting keys become one purge of everything, and so does a change with a tag of another release.
func TestTooManyKeysPurgeEverything(t *testing.T) {
	t.Parallel()
	q, now := newQueue(), time.Now()
	for id := range int64(maxPending) {
		q.add(now, PurgeKeys(edu.TagCourse.WithID(id+1))...)
	}
	q.add(now, PurgeKeys(edu.TagUser.WithID(1))...)
	if keys := q.take(100).keys(); !slices.Contains(keys, everythingKey) {
		t.Errorf("%d keys are purged by %v", maxPending+2, keys)
	}
	if keys := changeKeys(store.Change{Tags: []string{"course:1", "lesson:4"}}); !slices.Equal(keys, []string{everythingKey}) {
		t.Errorf("an unknown tag purges %v", keys)
	}
}
