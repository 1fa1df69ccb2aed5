package ratelimit

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/7p-education/api/internal/cache/redistest"
)

// slowCosts refills so slowly that the duration of a test does not change Remaining.
var slowCosts = Policy{Name: "cost", Limit: 200_000, Window: 200_000 * time.Minute}

// TestLeasesDecideAsOneBucket compares each decision of one process with that of a bucket without leases.
func TestLeasesDecideAsOneBucket(t *testing.T) {
	t.Parallel()
	f := newFleet(t, newRedis(t), slowCosts, 1)
	exact, random := NewMemoryLimiter(slowCosts), rand.New(rand.NewPCG(7, 7))
	rejected := 0
	for i := range 3000 {
		cost := 1 + random.IntN(60)
		if i%100 == 0 {
			cost = random.IntN(8000)
		}
		want, got := exact.Allow(t.Context(), fleetKey, cost), f.allow(0, cost)
		if got.Allowed != want.Allowed || got.Remaining != want.Remaining || roundUp(got.RetryAfter) != roundUp(want.RetryAfter) {
			t.Fatalf("request %d of %d: %+v, want %+v", i, cost, got, want)
		}
		if !got.Allowed {
			rejected++
		}
		if i%300 == 299 {
			f.advanceAndSweep(2 * time.Second)
		}
	}
	if local := f.decisionsWithoutRedis(); local < 1000 || rejected < 10 {
		t.Errorf("%d decisions without Redis, %d rejected", local, rejected)
	}
}

// TestRejectionsReturnPermits checks that nothing is held when a request is rejected.
func TestRejectionsReturnPermits(t *testing.T) {
	t.Parallel()
	f := newFleet(t, newRedis(t), slowCosts, 2)
	f.lease(0, 10)
	remaining := f.remaining() + int(f.held(0))
	if d := f.allow(0, remaining+1); d.Allowed || d.Remaining != remaining || f.held(0) != 0 || f.remaining() != remaining {
		t.Errorf("one more than remains: %+v, %d held, %d in Redis; want %d", d, f.held(0), f.remaining(), remaining)
	}
	f.advance(time.Second)
	f.lease(0, 10)
	f.allow(1, 10) // permits of the first process can no longer return
	held := int(f.held(0))
	if d := f.allow(0, f.remaining()+held); !d.Allowed || d.Remaining != 0 || f.held(0) != 0 {
		t.Errorf("all that remains, of which %d are held: %+v, %d held", held, d, f.held(0))
	}
}

// TestWhatIsNotLeased checks that each decision about a small limit, a bucket that is nearly empty and a caller with
// few requests is made by Redis, as is that of each limit but the one of cost.
func TestWhatIsNotLeased(t *testing.T) {
	t.Parallel()
	r := newRedis(t)
	small := newFleet(t, r, Policy{Name: "small", Limit: 5, Window: time.Hour}, 1)
	empty := newFleet(t, r, Policy{Name: "empty", Limit: 200_000, Window: 200_000 * time.Minute}, 1)
	few := newFleet(t, r, slowCosts, 1)
	empty.limiters[0].RedisLimiter.Allow(t.Context(), fleetKey, 199_000)
	for range 20 {
		small.allow(0, 1)
		empty.allow(0, 40)
		few.allow(0, 1)
		few.advance(350 * time.Millisecond)
	}
	for _, f := range []*fleet{small, empty, few} {
		if n := f.decisionsWithoutRedis(); n > 0 || f.held(0) > 0 {
			t.Errorf("%s: %d decisions without Redis, %d held", f.policy.Name, n, f.held(0))
		}
	}
	p := Policy{Limit: 1000, Window: time.Minute}
	l := New(Rules{Anonymous: p, Viewer: p, Premium: p, Cost: p, SignIns: p, Emails: p, Mails: p, Registrations: p}, r)
	for _, c := range []*countedLimiter{
		l.anonymous.mutations, l.viewer.mutations, l.premium.mutations, l.refreshes, l.signIns.countedLimiter,
		l.registrations, l.mails, l.failures, l.emails.all, l.emails.known,
	} {
		if _, exact := c.Limiter.(*RedisLimiter); !exact {
			t.Errorf("%s: %T", c.policy.Name, c.Limiter)
		}
	}
}

// TestPermitsReturn checks that permits return when they are no longer valid, and when the limiter is closed.
func TestPermitsReturn(t *testing.T) {
	t.Parallel()
	r := newRedis(t)
	for name, end := range map[string]func(f *fleet){
		"swept":  func(f *fleet) { f.advanceAndSweep(2 * time.Second) },
		"closed": func(f *fleet) { f.limiters[0].close(t.Context()) },
	} {
		f := newFleet(t, r, Policy{Name: name, Limit: slowCosts.Limit, Window: slowCosts.Window}, 2)
		f.lease(0, 10)
		want, held := f.remaining()+int(f.held(0)), f.held(0)
		end(f)
		if got := f.remaining(); got != want || held == 0 || len(f.limiters[0].leases) > 0 {
			t.Errorf("%s: %d remain of %d, of which %d were held; %d leases", name, got, want, held, len(f.limiters[0].leases))
		}
		end(f) // a second time
		if d := f.allow(1, 1); d.Remaining != want-1 || f.remaining() != want-1 {
			t.Errorf("%s: the other process: %+v, want %d", name, d, want-1)
		}
	}
	l := newLeasedLimiter(slowCosts, r)
	l.close(t.Context())
	for range 50 {
		l.Allow(t.Context(), "a", 10)
	}
	if n := l.localDecisions.Load(); n > 0 {
		t.Errorf("%d decisions by permits after close", n)
	}
}

// TestRefilledPermitsAreVoid checks that a caller cannot spend permits of a full bucket and then what the bucket has
// refilled meanwhile.
func TestRefilledPermitsAreVoid(t *testing.T) {
	t.Parallel()
	for _, pause := range []time.Duration{300, 550, 700, 900} {
		f := newFleet(t, newRedis(t), costs, 1)
		f.lease(0, 10)
		f.advance(pause * time.Millisecond)
		var admitted []admission
		for _, cost := range []int{10, 2000, 10} { // until each is rejected
			for n := 0; cost > 10 || n < 100; n++ {
				began := f.now()
				if !f.allow(0, cost).Allowed {
					break
				}
				admitted = append(admitted, admission{int64(cost), began, f.now()})
			}
		}
		if worst := excess(costs, admitted); worst > 1 || len(admitted) < 200 {
			t.Errorf("after %d ms %d requests exceed the limit by %.1f", pause, len(admitted), worst)
		}
	}
}

// TestParkedPermits checks that permits which cannot return, because another process took after them, pay for the next
// requests to their process.
func TestParkedPermits(t *testing.T) {
	t.Parallel()
	f := newFleet(t, newRedis(t), slowCosts, 2)
	f.lease(0, 10)
	f.allow(1, 10)
	held, remaining := f.held(0), f.remaining()
	f.advanceAndSweep(5 * time.Second)
	if f.held(0) != held || f.remaining() != remaining {
		t.Errorf("%d held, %d remain; want %d and %d", f.held(0), f.remaining(), held, remaining)
	}
	if d := f.allow(0, 10); !d.Allowed || f.held(0) != held-10 || f.remaining() != remaining || d.Remaining != remaining+int(held)-10 {
		t.Errorf("%+v, %d held, %d remain; want %d and %d", d, f.held(0), f.remaining(), held-10, remaining)
	}
}

// TestLeaseIsAShare checks how much a process takes from others, and loses in a crash.
func TestLeaseIsAShare(t *testing.T) {
	t.Parallel()
	f := newFleet(t, newRedis(t), slowCosts, 2)
	for spent := 0; spent < 150_000; spent += 3000 {
		f.allow(0, 3000)
		if held, remaining := f.held(0), f.remaining(); int(held) > (remaining+int(held))/16 {
			t.Fatalf("%d are held of %d", held, remaining+int(held))
		}
	}
	f.advance(time.Second)
	f.lease(0, 10)
	remaining := f.remaining()
	f.restart(0)
	if d := f.allow(0, 1); d.Remaining != remaining-1 {
		t.Errorf("after a crash: %+v, want %d remaining", d, remaining-1)
	}
}

// TestLeasesSurviveEviction checks that a bucket that Redis evicts is restored, less the permits that return.
func TestLeasesSurviveEviction(t *testing.T) {
	t.Parallel()
	f := newFleet(t, newRedis(t), slowCosts, 1)
	f.allow(0, 100_000)
	f.advance(time.Second)
	f.lease(0, 10)
	want := f.remaining() + int(f.held(0))
	evict := func() {
		err := f.redis.RunCommands(t.Context(), func(ctx context.Context, c redis.UniversalClient) error {
			return c.Del(ctx, f.limiters[0].redisKey(fleetKey)).Err()
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	evict()
	f.limiters[0].close(t.Context())
	if got := f.remaining(); got != want {
		t.Errorf("%d remain after an eviction, want %d", got, want)
	}
	evict()
	if d := f.allow(0, 1); d.Remaining != want-1 {
		t.Errorf("after another eviction: %+v, want %d remaining", d, want-1)
	}
}

// TestLeasesInAnOutage checks that a process without Redis spends its permits and then decides by its shadow.
func TestLeasesInAnOutage(t *testing.T) {
	t.Parallel()
	server, r := openCountedRedis(t)
	f := newFleet(t, r, slowCosts, 1)
	f.allow(0, 150_000)
	f.advance(time.Second)
	f.stopped.Store(f.now())
	f.lease(0, 10)
	server.Kill()
	if d := f.allow(0, 10); !d.Allowed || d.Policy != slowCosts {
		t.Errorf("with permits: %+v", d)
	}
	if d := f.allow(0, 30_000); d.Allowed || d.Policy != slowCosts.halveLimit() || f.held(0) != 0 {
		t.Errorf("beyond the permits, three quarters of the limit spent: %+v, %d held", d, f.held(0))
	}
	server.Restart()
	waitForRedis(t, r)
	if d := f.allow(0, 10); d.Policy != slowCosts || d.Remaining > 50_000 {
		t.Errorf("after Redis returned without its data: %+v", d)
	}
}

// TestWaitingRequestLeaves checks that a request does not wait for the change of another one when its client has left.
func TestWaitingRequestLeaves(t *testing.T) {
	t.Parallel()
	server := redistest.StartServer(t)
	r := openRedis(t, server.URL(), "", time.Minute)
	waitForRedis(t, r)
	l := newLeasedLimiter(slowCosts, r)
	l.leases["a"] = &lease{changing: make(chan struct{})}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if d := l.Allow(ctx, "a", 1); d.Policy != slowCosts.halveLimit() {
		t.Errorf("%+v", d)
	}
}
