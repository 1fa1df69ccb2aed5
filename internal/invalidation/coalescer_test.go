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

// patience is how long a test waits for what should take no time.
const patience = 10 * time.Second

// Whoever asks gets a run that began after he asked, however many ask.
func TestRoundsBeginLater(t *testing.T) {
	t.Parallel()
	var clock, runs atomic.Int64 // of runs that began
	var rounds coalescer
	began := atomic.Int64{}
	rounds.run = func() error {
		began.Store(clock.Add(1))
		runs.Add(1)
		return nil
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 2000 {
				asked := clock.Add(1)
				if err := rounds.awaitRun(t.Context()); err != nil || began.Load() < asked {
					t.Errorf("asked at %d, answered by a run of %d: %v", asked, began.Load(), err)
					return
				}
			}
		})
	}
	wg.Wait()
	if n := runs.Load(); n > 16_000 {
		t.Errorf("%d runs for 16,000 who asked", n)
	}
}

// Many who ask while one runs share the next run, and its error. Who leaves does not
// wait for it.
func TestRoundsAreShared(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		errRun := errors.New("refused")
		leave := make(chan struct{})
		runs := 0
		rounds := coalescer{run: func() error {
			runs++
			<-leave
			return errRun
		}}
		var answered atomic.Int64
		ask := func() {
			if err := rounds.awaitRun(t.Context()); !errors.Is(err, errRun) {
				t.Errorf("got %v", err)
			}
			answered.Add(1)
		}
		go ask()
		synctest.Wait()
		for range 10 {
			go ask()
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if err := rounds.awaitRun(gone); !errors.Is(err, context.Canceled) {
			t.Errorf("who left got %v", err)
		}
		synctest.Wait()
		leave <- struct{}{}
		synctest.Wait()
		if runs != 2 || answered.Load() != 1 {
			t.Errorf("%d runs have begun, and answered %d", runs, answered.Load())
		}
		leave <- struct{}{}
		synctest.Wait()
		if runs != 2 || answered.Load() != 11 || rounds.busy {
			t.Errorf("%d runs, and %d were answered; busy is %t", runs, answered.Load(), rounds.busy)
		}
	})
}
