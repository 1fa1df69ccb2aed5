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

// hourly refills so slowly that the duration of a test does not change Remaining.
var hourly = Policy{Limit: 10, Window: 10 * time.Hour}

// openRedis returns a Redis that is closed when the test ends. Tests that do not concern time pass a
// deadline of one minute, because the machine may be busy; the others pass 0, the default.
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

// waitForRedis polls until Redis replies.
func waitForRedis(t testing.TB, r *cache.Redis) {
	t.Helper()
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	timeout := time.After(10 * time.Second)
	for r.Check(t.Context()) != nil {
		select {
		case <-poll.C:
		case <-timeout:
			t.Fatal("timeout: Redis does not reply")
		}
	}
}

// limiter is a Limiter whose buckets a test can move back in time by d.
type limiter interface {
	Limiter
	rewind(t *testing.T, key string, d time.Duration)
}

type memoryLimiter struct{ *MemoryLimiter }

func (l memoryLimiter) rewind(_ *testing.T, key string, d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.arrivalTimes[key] -= d.Microseconds()
}

type redisLimiter struct{ *RedisLimiter }

func (s redisLimiter) rewind(t *testing.T, key string, d time.Duration) {
	t.Helper()
	tat := s.tat(t, key) - d.Microseconds()
	err := s.redis.RunCommands(t.Context(), func(ctx context.Context, c redis.UniversalClient) error {
		return c.Set(ctx, s.redisKey(key), strconv.FormatInt(tat, 10), maxWindow).Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	s.shadow.mu.Lock()
	defer s.shadow.mu.Unlock()
	s.shadow.arrivalTimes[key] = tat
}

func (s redisLimiter) tat(t *testing.T, key string) (tat int64) {
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

// forEachLimiter runs a test with buckets in memory, in Redis and in a cluster.
func forEachLimiter(t *testing.T, test func(t *testing.T, open func(Policy) limiter)) {
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		test(t, func(p Policy) limiter { return memoryLimiter{NewMemoryLimiter(p)} })
	})
	for name, connect := range map[string]func(testing.TB) *cache.Redis{
		"redis":   newRedis,
		"cluster": func(t testing.TB) *cache.Redis { return openRedis(t, redistest.ClusterURL(t), "", time.Minute) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := connect(t)
			t.Cleanup(func() {
				if s := r.Stats(); s.Errors+s.ShortCircuited > 0 {
					t.Errorf("some decisions were not made by Redis: %+v", s)
				}
			})
			test(t, func(p Policy) limiter { return redisLimiter{NewRedisLimiter(p, r)} })
		})
	}
}

func TestAllow(t *testing.T) {
	t.Parallel()
	forEachLimiter(t, func(t *testing.T, open func(Policy) limiter) {
		l := open(hourly)
		steps := []struct {
			key              string
			after            time.Duration // since the previous step
			cost             int
			allowed          bool
			remaining        int
			next, retryAfter time.Duration
		}{
			{"a", 0, 1, true, 9, time.Hour, 0},
			{"a", 0, 4, true, 5, time.Hour, 0},
			{"b", 0, 1, true, 9, time.Hour, 0}, // separate bucket
			{"a", 0, 6, false, 5, time.Hour, time.Hour},
			{"a", 0, 5, true, 0, time.Hour, 0}, // the rejection took nothing
			{"a", 0, 1, false, 0, time.Hour, time.Hour},
			{"a", 0, 3, false, 0, time.Hour, 3 * time.Hour},
			{"a", 61 * time.Minute, 1, true, 0, 59 * time.Minute, 0},
			{"a", 30 * time.Minute, 1, false, 0, 29 * time.Minute, 29 * time.Minute},
			{"a", 100 * time.Hour, 0, true, 9, time.Hour, 0}, // full, and not fuller
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

// roundUp rounds up to minutes, which hides the duration of the test.
func roundUp(d time.Duration) time.Duration { return (d + time.Minute - 1).Truncate(time.Minute) }

// TestPolicyChange starts with a bucket that a policy with a longer window left behind.
func TestPolicyChange(t *testing.T) {
	t.Parallel()
	forEachLimiter(t, func(t *testing.T, open func(Policy) limiter) {
		l := open(hourly)
		l.Allow(t.Context(), "a", 10)
		l.rewind(t, "a", -1000*time.Hour)
		if d := l.Allow(t.Context(), "a", 1); d.Allowed || d.Remaining != 0 || roundUp(d.RetryAfter) != time.Hour {
			t.Errorf("got %+v, want an empty bucket", d)
		}
		l.rewind(t, "a", time.Hour)
		if d := l.Allow(t.Context(), "a", 1); !d.Allowed {
			t.Errorf("got %+v, want a refill of one", d)
		}
	})
}

func TestAllowConcurrent(t *testing.T) {
	t.Parallel()
	forEachLimiter(t, func(t *testing.T, open func(Policy) limiter) {
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
			t.Errorf("allowed %d requests of 40, want 10", allowed.Load())
		}
	})
}

// TestRedisMatchesGo compares each decision of Redis with that of Go on the same bucket at the same
// microsecond, which is derived from the new state of the bucket.
func TestRedisMatchesGo(t *testing.T) {
	t.Parallel()
	r := newRedis(t)
	random := mathrand.New(mathrand.NewPCG(7, 7))
	// No bucket fills up during the test: Redis would delete it before the test reads it.
	for _, p := range []Policy{
		{Limit: 10, Window: 10 * time.Minute},
		{Limit: 7, Window: 5 * time.Minute},
		{Limit: 10_000, Window: 200 * time.Hour},
		{Limit: 3, Window: maxWindow},
		{Limit: 1, Window: time.Hour},
	} {
		t.Run(p.String(), func(t *testing.T) {
			s := redisLimiter{NewRedisLimiter(p, r)}
			g, rejected := s.gcra, 0
			s.Allow(t.Context(), "key", 1)
			for i := range 200 {
				// Some of the times exceed the refill of the bucket, some are in the future.
				s.rewind(t, "key", time.Duration(random.Int64N(g.burst*3)-g.burst)*time.Microsecond)
				previous, cost := s.tat(t, "key"), 1+random.IntN(p.Limit+1)
				got := s.Allow(t.Context(), "key", cost)
				if !got.Allowed {
					rejected++
				}
				after := s.tat(t, "key")
				now := after - got.ReplenishAfter.Microseconds() - int64(p.Limit-1-got.Remaining)*g.interval
				tat, wait := g.spendCost(previous, now, g.clampCost(cost))
				if diff := cmp.Diff(g.newDecision(tat-now, wait), got); diff != "" || tat != after {
					t.Fatalf("step %d: new tat %d in Go, %d in Redis (-Go +Redis):\n%s", i, tat, after, diff)
				}
			}
			if rejected == 0 || rejected == 200 {
				t.Errorf("rejected %d of 200: the comparison covers one case only", rejected)
			}
		})
	}
}

// TestWindowIsNotShorter uses a window that its limit does not divide.
func TestWindowIsNotShorter(t *testing.T) {
	t.Parallel()
	d := NewMemoryLimiter(Policy{Limit: 7, Window: time.Minute}).Allow(t.Context(), "a", 7)
	if full := 7 * d.ReplenishAfter; d.Remaining != 0 || full < time.Minute || full > time.Minute+7*time.Microsecond {
		t.Errorf("got %+v, want a refill in one minute", d)
	}
}

func TestRedisExpires(t *testing.T) {
	t.Parallel()
	r := newRedis(t)
	s := NewRedisLimiter(hourly, r)
	s.Allow(t.Context(), "a", 2)
	err := r.RunCommands(t.Context(), func(ctx context.Context, c redis.UniversalClient) error {
		if ttl := c.PTTL(ctx, s.redisKey("a")).Val(); roundUp(ttl) != 2*time.Hour {
			t.Errorf("TTL %v, want 2 hours, when the bucket is full", ttl)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestRedisBetweenProcesses(t *testing.T) {
	t.Parallel()
	r := newRedis(t)
	first, second := NewRedisLimiter(hourly, r), NewRedisLimiter(hourly, r)
	first.Allow(t.Context(), "a", 9)
	if d := second.Allow(t.Context(), "a", 2); d.Allowed || d.Remaining != 1 {
		t.Errorf("second process: %+v", d)
	}
}

// decideByRedis requests decisions for new keys until Redis makes one. On a busy machine it does not
// always reply within the deadline.
func decideByRedis(t *testing.T, s *RedisLimiter) Decision {
	t.Helper()
	for timeout := time.Now().Add(10 * time.Second); time.Now().Before(timeout); {
		waitForRedis(t, s.redis)
		if d := s.Allow(t.Context(), rand.Text(), 1); d.Policy == s.gcra.policy {
			return d
		}
	}
	t.Fatal("timeout: no decision by Redis")
	return Decision{}
}

// TestRedisFails counts the allowed requests while Redis is unavailable, for each kind of failure. Some
// requests are allowed and some are rejected, and none waits for Redis.
func TestRedisFails(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ begin, end func(*redistest.Server) }{
		"stopped": {(*redistest.Server).Kill, (*redistest.Server).Restart},
		"paused":  {(*redistest.Server).Pause, (*redistest.Server).Resume},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := redistest.StartServer(t)
			r := openRedis(t, server.URL(), "", 0)
			waitForRedis(t, r)
			s := NewRedisLimiter(hourly, r)
			decideByRedis(t, s)

			tt.begin(server)
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
				t.Errorf("allowed %d requests of 50 without Redis, want half of 10", allowed)
			}
			if duration := time.Since(start); duration > time.Second {
				t.Errorf("50 requests took %v", duration)
			}

			tt.end(server)
			waitForRedis(t, r)
			if d := decideByRedis(t, s); !d.Allowed || d.Remaining != 9 {
				t.Errorf("after Redis returned: %+v", d)
			}
		})
	}
}

// TestBucketsSurviveEviction checks that a caller at its limit stays there when Redis evicts the bucket:
// the process that rejected the caller restores it, to the microsecond and for all processes.
func TestBucketsSurviveEviction(t *testing.T) {
	t.Parallel()
	r := newRedis(t)
	a, b := redisLimiter{NewRedisLimiter(hourly, r)}, NewRedisLimiter(hourly, r)
	evict := func() {
		t.Helper()
		err := r.RunCommands(t.Context(), func(ctx context.Context, c redis.UniversalClient) error {
			return c.Del(ctx, a.redisKey("caller")).Err()
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for range hourly.Limit {
		a.Allow(t.Context(), "caller", 1)
	}
	before := a.tat(t, "caller")
	evict()
	if d := a.Allow(t.Context(), "caller", 1); d.Allowed || d.Remaining != 0 {
		t.Errorf("after an eviction: %+v", d)
	}
	if got := a.tat(t, "caller"); got != before {
		t.Errorf("bucket restored with the arrival time %d, want %d", got, before)
	}
	if b.Allow(t.Context(), "caller", 1).Allowed {
		t.Error("the other process does not see the restored bucket")
	}
	evict()
	c := NewRedisLimiter(hourly, r) // has not seen the caller
	if !c.Allow(t.Context(), "caller", 1).Allowed {
		t.Error("a process without a shadow of the bucket must decide as Redis does")
	}
	if a.Allow(t.Context(), "caller", 1).Allowed {
		t.Error("a bucket that another process began anew overrules the shadow")
	}
}

// TestLimitSurvivesOutage checks that a caller at its limit stays there while Redis is unavailable, and
// that what is spent then counts once Redis returns without its data.
func TestLimitSurvivesOutage(t *testing.T) {
	t.Parallel()
	server := redistest.StartServer(t)
	r := openRedis(t, server.URL(), "", 0)
	waitForRedis(t, r)
	s := NewRedisLimiter(hourly, r)
	decideByRedis(t, s)
	for used := 0; used < hourly.Limit; {
		if d := s.Allow(t.Context(), "caller", 1); d.Policy == hourly {
			used++
		}
		waitForRedis(t, r)
	}
	server.Kill()
	if d := s.Allow(t.Context(), "caller", 1); d.Allowed || d.Policy != hourly.halveLimit() {
		t.Errorf("at the limit, without Redis: %+v", d)
	}
	s.Allow(t.Context(), "other", hourly.Limit)
	server.Restart()
	decideByRedis(t, s)
	if d := s.Allow(t.Context(), "other", 1); d.Allowed || d.Policy != hourly {
		t.Errorf("spent without Redis, after its return: %+v", d)
	}
}

// TestMemoryIsBounded checks that a full limiter evicts full buckets before those at their limit.
func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	l := NewMemoryLimiter(hourly)
	l.maxBuckets = 100
	l.Allow(t.Context(), "heavy", 10)
	for i := range 10_000 {
		l.Allow(t.Context(), fmt.Sprint(i), 1)
	}
	if len(l.arrivalTimes) > 100 {
		t.Errorf("limiter holds %d buckets, want at most 100", len(l.arrivalTimes))
	}
	if l.Allow(t.Context(), "heavy", 1).Allowed {
		t.Error("new keys evicted a bucket at its limit")
	}
	for key := range l.arrivalTimes {
		l.arrivalTimes[key] = 0 // full
	}
	l.Allow(t.Context(), "new", 1)
	if len(l.arrivalTimes) > 100-15 {
		t.Errorf("limiter holds %d buckets: full ones must be evicted", len(l.arrivalTimes))
	}
}
