package ratelimit

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"github.com/7p-education/api/internal/cache"
)

// costs is the default of RATE_LIMIT_COST.
var costs = Policy{Name: "cost", Limit: 200_000, Window: time.Minute}

// fleet is several processes with one Redis. The test moves their time, and that of the bucket of its one caller.
type fleet struct {
	t        *testing.T
	redis    *cache.Redis
	policy   Policy
	script   *redis.Script
	began    time.Time
	moved    atomic.Int64 // by how much the test moved the time, in microseconds
	stopped  atomic.Int64 // the time at which the test stopped it; 0 while it runs
	limiters []*leasedLimiter
	swept    int64  // when the leases were swept last
	local    uint64 // decisions without Redis of processes that crashed
}

const fleetKey = "address:192.0.2.7"

func newFleet(t *testing.T, r *cache.Redis, p Policy, processes int) *fleet {
	t.Helper()
	f := &fleet{t: t, redis: r, policy: p, script: gcraScript, began: time.Now(), limiters: make([]*leasedLimiter, processes)}
	for i := range f.limiters {
		f.restart(i)
	}
	return f
}

// restart replaces a process. The permits of the former one are lost, as in a crash.
func (f *fleet) restart(i int) {
	l := newLeasedLimiter(f.policy, f.redis)
	l.script, l.clock = f.script, f.now
	if former := f.limiters[i]; former != nil {
		former.mu.Lock()
		clear(former.leases)
		former.mu.Unlock()
		f.local += former.localDecisions.Load()
	}
	f.limiters[i] = l
}

// now returns the time since the fleet began, in microseconds.
func (f *fleet) now() int64 {
	if stopped := f.stopped.Load(); stopped > 0 {
		return stopped
	}
	return time.Since(f.began).Microseconds() + f.moved.Load()
}

// advance lets a time pass: it moves all that is in Redis's time back, as it cannot set the clock of Redis.
func (f *fleet) advance(passed time.Duration) {
	f.t.Helper()
	d := passed.Microseconds()
	for _, l := range f.limiters {
		l.lockIdle()
		defer l.mu.Unlock()
		for _, c := range l.leases {
			c.permits.from, c.permits.to, c.tat, c.offset = c.permits.from-d, c.permits.to-d, c.tat-d, c.offset-d
		}
		l.clockOffset.Add(-d)
		l.shadow.mu.Lock()
		for key := range l.shadow.arrivalTimes {
			l.shadow.arrivalTimes[key] -= d
		}
		l.shadow.mu.Unlock()
	}
	err := f.redis.RunCommands(f.t.Context(), func(ctx context.Context, c redis.UniversalClient) error {
		key := f.limiters[0].redisKey(fleetKey)
		tat, err := c.Get(ctx, key).Int64()
		if err != nil {
			return err
		}
		return c.Set(ctx, key, strconv.FormatInt(tat-d, 10), maxWindow).Err()
	})
	if err != nil && !errors.Is(err, redis.Nil) {
		f.t.Fatal(err)
	}
	f.moved.Add(d)
}

// advanceAndSweep lets a time pass in which the processes sweep their leases as their timers do.
func (f *fleet) advanceAndSweep(passed time.Duration) {
	f.t.Helper()
	for passed > 0 {
		step := min(passed, time.Duration(f.limiters[0].lifetime/2)*time.Microsecond)
		f.advance(step)
		if now := f.now(); now-f.swept >= f.limiters[0].lifetime/2 {
			f.swept = now
			for _, l := range f.limiters {
				l.sweep(f.t.Context())
			}
		}
		passed -= step
	}
}

// lockIdle locks a limiter while no change is in progress.
func (l *leasedLimiter) lockIdle() {
	for {
		l.mu.Lock()
		var changing chan struct{}
		for _, c := range l.leases {
			if c.changing != nil {
				changing = c.changing
			}
		}
		if changing == nil {
			return
		}
		l.mu.Unlock()
		<-changing
	}
}

func (f *fleet) allow(i, cost int) Decision {
	return f.limiters[i].Allow(f.t.Context(), fleetKey, cost)
}

// lease sends requests of a cost to a process until it holds permits.
func (f *fleet) lease(i, cost int) {
	f.t.Helper()
	for range 20 {
		f.allow(i, cost)
		if f.held(i) > 0 {
			return
		}
	}
	f.t.Fatal("no permits are leased")
}

// decisionsWithoutRedis returns how many decisions of all processes took no command.
func (f *fleet) decisionsWithoutRedis() uint64 {
	n := f.local
	for _, l := range f.limiters {
		n += l.localDecisions.Load()
	}
	return n
}

// held returns how many permits a process holds.
func (f *fleet) held(i int) int64 {
	l := f.limiters[i]
	l.lockIdle()
	defer l.mu.Unlock()
	if c := l.leases[fleetKey]; c != nil {
		return c.permits.left(l.clock()+c.offset) / l.gcra.interval
	}
	return 0
}

// remaining returns what the bucket in Redis holds.
func (f *fleet) remaining() int {
	f.t.Helper()
	b, err := f.limiters[0].changeBucket(f.t.Context(), fleetKey, bucketChange{})
	if err != nil {
		f.t.Fatal(err)
	}
	return f.limiters[0].gcra.newDecision(b.tat-b.now, 0).Remaining
}

// modelChange is gcra.lua in Go.
func modelChange(g gcra, tat, now int64, c bucketChange) bucketState {
	tat = min(max(tat, c.seen, now), now+g.burst)
	held := c.held
	held.from = max(held.from, now)
	if held.left(now) > 0 && tat == held.to {
		tat, held = held.from, permits{}
	}
	due := c.cost * g.interval
	paid := max(min(due, held.left(now)), 0)
	b := bucketState{now: now, tat: tat, wait: max(tat+due-paid-now-g.burst, 0)}
	if b.wait == 0 {
		held.from += paid
		b.tat = max(tat+due-paid, now)
		span := min(c.lease*g.interval+max(now+c.reserve-b.tat, 0), (now+g.burst-b.tat)/16)
		if held.left(now) == 0 && c.lease > 0 && span >= 2*due {
			held = permits{b.tat, b.tat + span}
			b.tat = held.to
		}
	}
	if held.left(now) > 0 {
		b.held = held
	}
	return b
}

// TestLeasesMatchGo compares random changes of Redis with those of Go on the same bucket at the same microsecond.
func TestLeasesMatchGo(t *testing.T) {
	t.Parallel()
	r := newRedis(t)
	random := rand.New(rand.NewPCG(7, 7))
	for _, p := range []Policy{{Limit: 10, Window: 10 * time.Minute}, {Limit: 100, Window: time.Hour}, {Limit: 200_000, Window: 100 * time.Hour}} {
		t.Run(p.String(), func(t *testing.T) {
			l := redisLimiter{NewRedisLimiter(p, r)}
			kinds := map[string]int{}
			l.Allow(t.Context(), "key", 1)
			for i := range 500 {
				l.rewind(t, "key", time.Duration(random.Int64N(l.gcra.burst*5/4)-l.gcra.burst)*time.Microsecond)
				tat := l.tat(t, "key")
				c := bucketChange{cost: random.Int64N(int64(p.Limit)/2 + 2), lease: random.Int64N(int64(p.Limit)/8 + 2), reserve: random.Int64N(l.gcra.burst / 60)}
				if random.IntN(3) > 0 {
					c.held.to = tat - random.Int64N(2)*random.Int64N(l.gcra.burst/16)
					c.held.from = c.held.to - random.Int64N(l.gcra.burst/16)
				}
				got, err := l.changeBucket(t.Context(), "key", c)
				if err != nil {
					t.Fatal(err)
				}
				want := modelChange(l.gcra, tat, got.now, c)
				if diff := cmp.Diff(want, got, cmp.AllowUnexported(bucketState{}, permits{})); diff != "" {
					t.Fatalf("step %d, %+v of a bucket of %d (-Go +Redis):\n%s", i, c, tat-got.now, diff)
				}
				kinds[changeKind(c, got)]++
				if got.tat == got.now {
					l.Allow(t.Context(), "key", 1) // Redis has deleted the full bucket
				}
			}
			if len(kinds) < 7 {
				t.Errorf("the comparison covers %v only", kinds)
			}
		})
	}
}

// changeKind describes a change and its result.
func changeKind(c bucketChange, b bucketState) string {
	var words []string
	if c.held != (permits{}) {
		words = append(words, "with permits")
	}
	if b.wait > 0 {
		words = append(words, "rejected")
	}
	switch {
	case b.held == (permits{}):
	case b.held.to == c.held.to:
		words = append(words, "kept")
	default:
		words = append(words, "leased")
	}
	return strings.Join(words, ", ")
}
