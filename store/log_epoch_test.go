package store_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

// Of several processes that register the next epoch of a log, one succeeds. Another log has epochs of its own.
func TestLogEpochs(t *testing.T) {
	t.Parallel()
	s := open(t, store.Config{URL: testdb.New(t)})
	expect := func(log string, want store.LogEpoch) {
		t.Helper()
		got, err := s.LogEpoch(t.Context(), log)
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v; want %+v", log, got, err, want)
		}
		if _, _, polled, err := s.PollChanges(t.Context(), store.Snapshot{}, log); err != nil || polled != want {
			t.Errorf("a poll of %s: %+v, %v; want %+v", log, polled, err, want)
		}
	}
	expect("a", store.LogEpoch{})
	former := store.LogEpoch{}
	for _, name := range []string{"first", "second"} {
		var succeeded atomic.Int64
		var processes sync.WaitGroup
		for range 8 {
			processes.Go(func() {
				ours, err := s.RegisterLogEpoch(t.Context(), "a", name, former)
				if err != nil {
					t.Error(err)
				}
				if ours {
					succeeded.Add(1)
				}
			})
		}
		processes.Wait()
		if n := succeeded.Load(); n != 1 {
			t.Errorf("%d processes have registered the epoch %s, want 1", n, name)
		}
		former = store.LogEpoch{Name: name, Generation: former.Generation + 1}
		expect("a", former)
	}
	expect("b", store.LogEpoch{})
}
