package cache_test

import (
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"

	"github.com/7p-education/api/internal/cache/redistest"
)

// busyProcess marks the process in which TestBusyProcess runs: one with a single processor.
const busyProcess = "TEST_BUSY_PROCESS"

// TestBusyProcess checks that a process whose goroutines wait long for a processor never opens the
// circuit breaker while Redis works, and does open it once Redis stops.
func TestBusyProcess(t *testing.T) {
	if os.Getenv(busyProcess) == "" {
		t.Parallel()
		child := exec.Command(os.Args[0], "-test.run=^TestBusyProcess$", "-test.v")
		child.Env = append(os.Environ(), busyProcess+"=1", "GOMAXPROCS=1")
		out, err := child.CombinedOutput()
		if t.Log(string(out)); err != nil {
			t.Fatal(err)
		}
		return
	}
	server := redistest.StartServer(t)
	r, ctx := openRedis(t, server.URL(), "", 0), t.Context()
	eventually(t, "Redis replies", func() bool { return r.Check(ctx) == nil })
	burn(t, 8)
	const callers, commands = 50, 100
	var group sync.WaitGroup
	for i := range callers {
		group.Go(func() {
			for range commands {
				r.Get(ctx, fmt.Sprint(i), 0)
			}
		})
	}
	group.Wait()
	s := r.Stats()
	t.Logf("%d commands: %+v", callers*commands, s)
	if s.CircuitOpen || s.ShortCircuited > 0 {
		t.Error("the circuit breaker opened while Redis worked")
	}
	server.Pause()
	eventually(t, "the circuit breaker opens", func() bool {
		r.Get(ctx, "key", 0)
		return r.Stats().CircuitOpen
	})
	server.Resume()
}

// burn occupies the processors with n goroutines until the test ends.
func burn(t *testing.T, n int) {
	stop := make(chan struct{})
	var group sync.WaitGroup
	t.Cleanup(func() { close(stop); group.Wait() })
	for range n {
		group.Go(func() {
			for sum := 0; ; sum++ {
				if sum%1_000_000 == 0 {
					select {
					case <-stop:
						return
					default:
					}
				}
			}
		})
	}
}
