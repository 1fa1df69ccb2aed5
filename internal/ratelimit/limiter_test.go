package ratelimit

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"github.com/7p-education/api/internal/cache"
	"github.com/7p-education/api/internal/cache/redistest"
)

// hourly takes so long to fill up one request that the time a test takes does not
// show in Remaining.
var hourly = Policy{Limit: 10, Window: 10 * time.Hour}

// openRedis has a deadline of a minute where a test is not about time, as the
// machine may be busy, and of 0, the usual one, where it is.
func openRedis(t testing.TB, url, prefix string, deadline time.Duration) *cache.Redis {
	t.Helper()
	r, err := cache.OpenRedis(cache.RedisOptions{URL: url, Prefix: prefix, Deadline: deadline, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

func newRedis(t testing.TB) *cache.Redis {
	t.Helper()
	url, prefix := redistest.NewKeyspace(t)
	return openRedis(t, url, prefix, time.Minute)
}

// waitFor polls until Redis answers.
func waitFor(t testing.TB, r *cache.Redis) {
	t.Helper()
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	tooLong := time.After(10 * time.Second)
	for r.Ping(t.Context()) != nil {
		select {
		case <-poll.C:
		case <-tooLong:
			t.Fatal("Redis does not answer")
		}
	}
}

// limiter is a Limiter whose buckets a test can move back in time, as if d had
// passed since they were last used.
type limiter interface {
	Limiter
	rewind(t *testing.T, key string, d time.Duration)
}

type localLimiter struct{ *MemoryLimiter }

func (l localLimiter) rewind(_ *testing.T, key string, d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.arrivalTimes[key] -= d.Microseconds()
}

type sharedLimiter struct{ *RedisLimiter }

func (s sharedLimiter) rewind(t *testing.T, key string, d time.Duration) {
	t.Helper()
	tat := s.tat(t, key) - d.Microseconds()
	err := s.redis.RunCommands(t.Context(), func(ctx context.Context, c redis.UniversalClient) error {
		return c.Set(ctx, s.redisKey(key), strconv.FormatInt(tat, 10), maxWindow).Err()
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (s sharedLimiter) tat(t *testing.T, key string) (tat int64) {
	t.Helper()
	err := s.redis.RunCommands(t.Context(), func(ctx context.Context, c redis.UniversalClient) (err error) {
		tat, err = c.Get(ctx, s.redisKey(key)).Int64()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return tat
}

func each(t *testing.T, test func(t *testing.T, open func(Policy) limiter)) {
	t.Run("local", func(t *testing.T) {
		t.Parallel()
		test(t, func(p Policy) limiter { return localLimiter{NewMemoryLimiter(p)} })
	})
	for name, connect := range map[string]func(testing.TB) *cache.Redis{
		"shared":  newRedis,
		"cluster": func(t testing.TB) *cache.Redis { return openRedis(t, redistest.ClusterURL(t), "", time.Minute) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := connect(t)
			t.Cleanup(func() {
				if s := r.Stats(); s.Errors+s.ShortCircuited > 0 {
					t.Errorf("Redis did not decide all of it: %+v", s)
				}
			})
			test(t, func(p Policy) limiter { return sharedLimiter{NewRedisLimiter(p, r)} })
		})
	}
}

func TestAllow(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, open func(Policy) limiter) {
		l := open(hourly)
		steps := []struct {
			key              string
			after            time.Duration // since the step before
			cost             int
			allowed          bool
			remaining        int
			next, retryAfter time.Duration
		}{
			{"a", 0, 1, true, 9, time.Hour, 0},
			{"a", 0, 4, true, 5, time.Hour, 0},
			{"b", 0, 1, true, 9, time.Hour, 0}, // a bucket of its own
			{"a", 0, 6, false, 5, time.Hour, time.Hour},
			{"a", 0, 5, true, 0, time.Hour, 0}, // the refusal took nothing
			{"a", 0, 1, false, 0, time.Hour, time.Hour},
			{"a", 0, 3, false, 0, time.Hour, 3 * time.Hour},
			{"a", 61 * time.Minute, 1, true, 0, 59 * time.Minute, 0},
			{"a", 30 * time.Minute, 1, false, 0, 29 * time.Minute, 29 * time.Minute},
			{"a", 100 * time.Hour, 0, true, 9, time.Hour, 0}, // full again, and no fuller
			{"b", 100 * time.Hour, 99, true, 0, time.Hour, 0},
			{"b", 0, -5, false, 0, time.Hour, time.Hour},
		}
		for i, step := range steps {
			if step.after > 0 {
				l.rewind(t, step.key, step.after)
			}
			got := l.Allow(t.Context(), step.key, step.cost)
			got.ReplenishAfter, got.RetryAfter = roundUp(got.ReplenishAfter), roundUp(got.RetryAfter)
			want := Decision{hourly, step.allowed, step.remaining, step.next, step.retryAfter}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("step %d (-want +got):\n%s", i, diff)
			}
		}
	})
}

// roundUp adds what time has passed in the test.
func roundUp(d time.Duration) time.Duration { return (d + time.Minute - 1).Truncate(time.Minute) }

// TestPolicyChange has a bucket that a policy of a longer window left behind.
func TestPolicyChange(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, open func(Policy) limiter) {
		l := open(hourly)
		l.Allow(t.Context(), "a", 10)
		l.rewind(t, "a", -1000*time.Hour)
		if d := l.Allow(t.Context(), "a", 1); d.Allowed || d.Remaining != 0 || roundUp(d.RetryAfter) != time.Hour {
			t.Errorf("got %+v, want the bucket to be merely empty", d)
		}
		l.rewind(t, "a", time.Hour)
		if d := l.Allow(t.Context(), "a", 1); !d.Allowed {
			t.Errorf("got %+v, want it to fill up from then on", d)
		}
	})
}

func TestAllowConcurrent(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, open func(Policy) limiter) {
		l := open(hourly)
		var allowed atomic.Int32
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 5 {
					if l.Allow(t.Context(), "a", 1).Allowed {
						allowed.Add(1)
					}
				}
			})
		}
		wg.Wait()
		if allowed.Load() != 10 {
			t.Errorf("%d requests of 40 were allowed, want 10", allowed.Load())
		}
	})
}

// TestSharedDecidesAsGo compares each decision of Redis with that of Go on the
// same bucket at the same microsecond, which follows from the bucket after.
func TestSharedDecidesAsGo(t *testing.T) {
	t.Parallel()
	r := newRedis(t)
	random := mathrand.New(mathrand.NewPCG(7, 7))
	// None fills up while the test looks: then the bucket after would be gone.
	for _, p := range []Policy{
		{Limit: 10, Window: 10 * time.Minute},
		{Limit: 7, Window: 5 * time.Minute},
		{Limit: 10_000, Window: 200 * time.Hour},
		{Limit: 3, Window: maxWindow},
		{Limit: 1, Window: time.Hour},
	} {
		t.Run(p.String(), func(t *testing.T) {
			s := sharedLimiter{NewRedisLimiter(p, r)}
			g, refused := s.gcra, 0
			s.Allow(t.Context(), "key", 1)
			for i := range 200 {
				// Now and then for longer than the bucket needs, or into the future.
				s.rewind(t, "key", time.Duration(random.Int64N(g.burst*3)-g.burst)*time.Microsecond)
				before, cost := s.tat(t, "key"), 1+random.IntN(p.Limit+1)
				got := s.Allow(t.Context(), "key", cost)
				if !got.Allowed {
					refused++
				}
				after := s.tat(t, "key")
				now := after - got.ReplenishAfter.Microseconds() - int64(p.Limit-1-got.Remaining)*g.interval
				tat, wait := g.spendCost(before, now, g.clampCost(cost))
				if diff := cmp.Diff(g.newDecision(tat-now, wait), got); diff != "" || tat != after {
					t.Fatalf("step %d: Go leaves %d, Redis %d (-Go +Redis):\n%s", i, tat, after, diff)
				}
			}
			if refused == 0 || refused == 200 {
				t.Errorf("%d of 200 were refused: this compares nothing", refused)
			}
		})
	}
}

// TestWindowIsNoShorter has a window that its limit does not divide.
func TestWindowIsNoShorter(t *testing.T) {
	t.Parallel()
	d := NewMemoryLimiter(Policy{Limit: 7, Window: time.Minute}).Allow(t.Context(), "a", 7)
	if full := 7 * d.ReplenishAfter; d.Remaining != 0 || full < time.Minute || full > time.Minute+7*time.Microsecond {
		t.Errorf("got %+v, want a full bucket to take a minute", d)
	}
}

func TestSharedExpires(t *testing.T) {
	t.Parallel()
	r := newRedis(t)
	s := NewRedisLimiter(hourly, r)
	s.Allow(t.Context(), "a", 2)
	err := r.RunCommands(t.Context(), func(ctx context.Context, c redis.UniversalClient) error {
		if ttl := c.PTTL(ctx, s.redisKey("a")).Val(); roundUp(ttl) != 2*time.Hour {
			t.Errorf("the bucket is kept for %v, want the 2 hours until it is full", ttl)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestSharedBetweenProcesses(t *testing.T) {
	t.Parallel()
	r := newRedis(t)
	one, two := NewRedisLimiter(hourly, r), NewRedisLimiter(hourly, r)
	one.Allow(t.Context(), "a", 9)
	if d := two.Allow(t.Context(), "a", 2); d.Allowed || d.Remaining != 1 {
		t.Errorf("the other process decided %+v", d)
	}
}

// decidedByRedis asks for new keys until Redis has decided, which on a busy machine
// it does not always do within the deadline.
func decidedByRedis(t *testing.T, s *RedisLimiter) Decision {
	t.Helper()
	for tooLong := time.Now().Add(10 * time.Second); time.Now().Before(tooLong); {
		waitFor(t, s.redis)
		if d := s.Allow(t.Context(), rand.Text(), 1); d.Policy == s.gcra.policy {
			return d
		}
	}
	t.Fatal("Redis decides nothing")
	return Decision{}
}

// TestSharedInTrouble counts what is allowed while Redis is away, in each way that
// it can be: neither all nor nothing, and nobody waits for it.
func TestSharedInTrouble(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ leave, comeBack func(*redistest.Server) }{
		"stopped": {(*redistest.Server).Kill, (*redistest.Server).Restart},
		"paused":  {(*redistest.Server).Pause, (*redistest.Server).Resume},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := redistest.StartServer(t)
			r := openRedis(t, server.URL(), "", 0)
			waitFor(t, r)
			s := NewRedisLimiter(hourly, r)
			decidedByRedis(t, s)

			tt.leave(server)
			allowed := 0
			start := time.Now()
			for range 50 {
				d := s.Allow(t.Context(), "b", 1)
				if d.Policy != hourly.halveLimit() {
					t.Fatalf("without Redis: %+v", d)
				}
				if d.Allowed {
					allowed++
				}
			}
			if allowed != 5 {
				t.Errorf("%d requests of 50 were allowed without Redis, want half of 10", allowed)
			}
			if took := time.Since(start); took > time.Second {
				t.Errorf("they took %v", took)
			}

			tt.comeBack(server)
			waitFor(t, r)
			if d := decidedByRedis(t, s); !d.Allowed || d.Remaining != 9 {
				t.Errorf("with Redis back: %+v", d)
			}
		})
	}
}

func TestLocalIsBounded(t *testing.T) {
	t.Parallel()
	l := NewMemoryLimiter(hourly)
	l.maxBuckets = 100
	l.Allow(t.Context(), "heavy", 10)
	for i := range 10_000 {
		l.Allow(t.Context(), fmt.Sprint(i), 1)
	}
	if len(l.arrivalTimes) > 100 {
		t.Errorf("%d buckets are kept", len(l.arrivalTimes))
	}
	if l.Allow(t.Context(), "heavy", 1).Allowed {
		t.Error("new keys pushed out the one that is at its limit")
	}
	for key := range l.arrivalTimes {
		l.arrivalTimes[key] = 0 // full
	}
	l.Allow(t.Context(), "new", 1)
	if len(l.arrivalTimes) > 100-15 {
		t.Errorf("%d buckets are left: full ones must go when there is no room", len(l.arrivalTimes))
	}
}
