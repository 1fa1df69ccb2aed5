package ratelimit

import (
	"fmt"
	"regexp"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/7p-education/api/internal/cache"
	"github.com/7p-education/api/internal/cache/redistest"
)

var scriptCalls = regexp.MustCompile(`cmdstat_eval(?:sha)?:calls=(\d+)`)

// countScripts returns how many scripts a Redis has run.
func countScripts(server *redistest.Server) (n int) {
	for _, calls := range scriptCalls.FindAllStringSubmatch(server.RunCommand("INFO", "commandstats"), -1) {
		count, _ := strconv.Atoi(calls[1])
		n += count
	}
	return n
}

// openCountedRedis returns a Redis of the test alone.
func openCountedRedis(t *testing.T) (*redistest.Server, *cache.Redis) {
	t.Helper()
	server := redistest.StartServer(t)
	r := openRedis(t, server.URL(), "", time.Minute)
	waitForRedis(t, r)
	return server, r
}

// TestCommandsPerRequest counts the commands that Redis runs for the requests of one caller, until all its permits
// have returned.
func TestCommandsPerRequest(t *testing.T) {
	t.Parallel()
	server, r := openCountedRedis(t)
	for i, tt := range []struct {
		rate, cost int     // requests a second
		processes  int     // that get them in turn
		burst      int     // of requests, with pauses of 2 s; 0 for requests without pauses
		spent      int     // of the limit, before
		limit      float64 // commands per request
	}{
		{100, 1, 1, 0, 0, 0.2},
		{100, 33, 1, 0, 0, 0.2},
		{100, 33, 1, 0, 100_000, 0.2},
		{100, 100, 1, 0, 0, 0.2},
		{100, 100, 2, 0, 0, 0.2},
		{100, 33, 4, 0, 0, 0.2},
		// Real time passes too: on a slow machine these callers send less often, and their permits return in between.
		{10, 500, 1, 0, 0, 1},
		{5, 100, 1, 0, 0, 1.5},
		{1, 5000, 1, 0, 0, 1.5},
		{50, 100, 1, 4, 0, 1.5},
		{50, 100, 1, 4, 100_000, 1.75},
		{50, 100, 1, 6, 100_000, 1.75},
		{50, 100, 1, 10, 100_000, 1.5},
	} {
		f := newFleet(t, r, Policy{Name: fmt.Sprint("cost", i), Limit: costs.Limit, Window: costs.Window}, tt.processes)
		if tt.spent > 0 {
			f.limiters[0].RedisLimiter.Allow(t.Context(), fleetKey, tt.spent)
		}
		before, requests, step := countScripts(server), 0, time.Second/time.Duration(tt.rate)
		for passed := time.Duration(0); passed < 5*time.Second; passed += step {
			if d := f.allow(requests%tt.processes, tt.cost); !d.Allowed {
				t.Fatalf("%+v: %+v after %v", tt, d, passed)
			}
			requests++
			if tt.burst > 0 && requests%tt.burst == 0 {
				f.advanceAndSweep(2 * time.Second)
			}
			f.advanceAndSweep(step)
		}
		for range 2 { // the first may find a return in progress
			f.advanceAndSweep(2 * time.Second)
		}
		commands := float64(countScripts(server)-before) / float64(requests)
		t.Logf("%3d requests a second of %4d, processes: %d, bursts: %2d, spent before: %6d: %.3f commands per request",
			tt.rate, tt.cost, tt.processes, tt.burst, tt.spent, commands)
		if commands > tt.limit {
			t.Errorf("%+v: %.3f commands per request", tt, commands)
		}
		if held := f.held(0); held > 0 && tt.processes == 1 {
			t.Errorf("%+v: the process still holds %d permits", tt, held)
		}
	}
}

// TestConcurrentRequestsShareALease checks that the concurrent requests of a busy caller share a script.
func TestConcurrentRequestsShareALease(t *testing.T) {
	t.Parallel()
	server, r := openCountedRedis(t)
	l := newLeasedLimiter(costs, r)
	l.clock = func() int64 { return 10 * l.lifetime }
	for range 5 { // a busy caller
		l.Allow(t.Context(), "a", 10)
	}
	before := countScripts(server)
	server.Pause()
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			if d := l.Allow(t.Context(), "a", 10); !d.Allowed || d.Policy != costs {
				t.Errorf("%+v", d)
			}
		})
	}
	for { // until all requests wait
		l.mu.Lock()
		recent := l.leases["a"].recent
		l.mu.Unlock()
		if recent == 105*10 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	server.Resume()
	wg.Wait()
	if scripts := countScripts(server) - before; scripts > 10 {
		t.Errorf("100 concurrent requests ran %d scripts, want 10 at most", scripts)
	}
}

// TestLeasesAreBounded checks that callers beyond the maximum are decided by Redis.
func TestLeasesAreBounded(t *testing.T) {
	t.Parallel()
	r := newRedis(t)
	l := newLeasedLimiter(Policy{Name: "cost", Limit: 100_000, Window: 100_000 * time.Hour}, r)
	l.clock = func() int64 { return 10 * l.lifetime }
	for i := range maxLeases {
		l.leases[strconv.Itoa(i)] = &lease{}
	}
	for n := range 50 {
		if d := l.Allow(t.Context(), "a", 10); d.Remaining != 100_000-10*(n+1) {
			t.Errorf("request %d: %+v", n, d)
		}
	}
	if len(l.leases) > maxLeases || l.localDecisions.Load() > 0 {
		t.Errorf("%d leases, %d decisions without Redis", len(l.leases), l.localDecisions.Load())
	}
	l.sweep(t.Context())
	if len(l.leases) > 0 {
		t.Errorf("%d leases of callers without requests", len(l.leases))
	}
}
