package invalidation

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// patience is how long a test waits for an event that should take no time.
const patience = 10 * time.Second

// TestCoalescerRunsAfterTheCall checks that each caller gets the result of a run that began
// after its call, however many call.
func TestCoalescerRunsAfterTheCall(t *testing.T) {
	t.Parallel()
	var clock, runs atomic.Int64
	var c coalescer
	began := atomic.Int64{} // when the last run began
	c.run = func() error {
		began.Store(clock.Add(1))
		runs.Add(1)
		return nil
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 2000 {
				called := clock.Add(1)
				if err := c.awaitRun(t.Context()); err != nil || began.Load() < called {
					t.Errorf("a call at %d got the result of a run at %d: %v", called, began.Load(), err)
					return
				}
			}
		})
	}
	wg.Wait()
	if n := runs.Load(); n > 16_000 {
		t.Errorf("%d runs for 16,000 calls", n)
	}
}

// TestCoalescerSharesRuns checks that the callers that arrive during a run share the next one,
// and its error. A caller whose context ends does not wait for it.
func TestCoalescerSharesRuns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		errRun := errors.New("run failed")
		finish := make(chan struct{})
		runs := 0
		c := coalescer{run: func() error {
			runs++
			<-finish
			return errRun
		}}
		var returned atomic.Int64
		call := func() {
			if err := c.awaitRun(t.Context()); !errors.Is(err, errRun) {
				t.Errorf("got %v", err)
			}
			returned.Add(1)
		}
		go call()
		synctest.Wait()
		for range 10 {
			go call()
		}
		canceled, cancel := context.WithCancel(t.Context())
		cancel()
		if err := c.awaitRun(canceled); !errors.Is(err, context.Canceled) {
			t.Errorf("the canceled caller got %v", err)
		}
		synctest.Wait()
		finish <- struct{}{}
		synctest.Wait()
		if runs != 2 || returned.Load() != 1 {
			t.Errorf("%d runs have begun, %d calls have returned", runs, returned.Load())
		}
		finish <- struct{}{}
		synctest.Wait()
		if runs != 2 || returned.Load() != 11 || c.busy {
			t.Errorf("%d runs, %d calls have returned, busy is %t", runs, returned.Load(), c.busy)
		}
	})
}
