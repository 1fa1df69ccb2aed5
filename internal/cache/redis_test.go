package cache_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/7p-education/api/internal/cache"
	"github.com/7p-education/api/internal/cache/redistest"
)

// slack is the delay that a busy machine may add to a deadline of 50 ms.
const slack = 450 * time.Millisecond

// TestRedisFails checks that a failing server costs each use at most the deadline, opens the circuit
// breaker, and is used again once it works.
func TestRedisFails(t *testing.T) {
	t.Parallel()
	for name, failure := range map[string]struct{ begin, end func(*redistest.Server) }{
		"killed":    {(*redistest.Server).Kill, (*redistest.Server).Restart},
		"suspended": {(*redistest.Server).Pause, (*redistest.Server).Resume},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := redistest.StartServer(t)
			r, ctx := openRedis(t, server.URL(), "", 0), t.Context()
			r.SetRecoveryInterval(500 * time.Millisecond) // longer than the time between two uses on a busy machine
			works := func() bool {
				r.Set(ctx, "key", []byte("value"), minute)
				got, ok := r.Get(ctx, "key", minute)
				return ok && string(got) == "value"
			}
			eventually(t, "Redis works", works)

			failure.begin(server)
			for i := range 20 {
				start := time.Now()
				r.Set(ctx, "key", []byte("value"), minute)
				if _, ok := r.Get(ctx, "key", 0); ok {
					t.Errorf("use %d: a hit without a server", i)
				}
				if duration := time.Since(start); duration > 100*time.Millisecond+slack {
					t.Errorf("use %d took %v", i, duration)
				}
			}
			if r.Check(ctx) == nil {
				t.Error("the check succeeded")
			}
			if s := r.Stats(); !s.CircuitOpen || s.Errors < 5 || s.ShortCircuited == 0 {
				t.Errorf("got %+v", s)
			}
			failure.end(server)
			eventually(t, "Redis works again by itself", works)
			if r.Stats().CircuitOpen {
				t.Error("the circuit breaker is still open")
			}
		})
	}
}

// TestRedisOpenIsCheap checks that a use costs little while the circuit breaker is open.
func TestRedisOpenIsCheap(t *testing.T) {
	t.Parallel()
	r := openRedis(t, noServer, "", 0)
	r.SetRecoveryInterval(time.Hour)
	for range 5 {
		r.Get(t.Context(), "key", 0)
	}
	start := time.Now()
	const uses = 1000
	for range uses {
		if err := r.RunCommands(t.Context(), nil); !errors.Is(err, cache.ErrCircuitOpen) {
			t.Fatalf("got %v", err)
		}
	}
	if per := time.Since(start) / uses; per > time.Millisecond {
		t.Errorf("a use took %v", per)
	}
	if s := r.Stats(); s.Errors != 5 || s.ShortCircuited != uses {
		t.Errorf("counted %+v", s)
	}
}

// TestRedisCheckCloses checks that a successful check closes the circuit breaker.
func TestRedisCheckCloses(t *testing.T) {
	t.Parallel()
	server := redistest.StartServer(t)
	r, ctx := openRedis(t, server.URL(), "", minute), t.Context()
	r.SetRecoveryInterval(time.Hour)
	server.Kill()
	for range 5 {
		r.Get(ctx, "key", 0)
	}
	server.Restart()
	eventually(t, "the check succeeds", func() bool { return r.Check(ctx) == nil })
	r.Set(ctx, "key", []byte("value"), minute)
	if _, ok := r.Get(ctx, "key", 0); !ok {
		t.Error("the circuit breaker is still open")
	}
}

// TestRedisCallerCancels checks that a cancelled context does not count as a failure of Redis.
func TestRedisCallerCancels(t *testing.T) {
	t.Parallel()
	r := newRedis(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	before := r.Stats()
	for range 10 {
		if _, ok := r.Get(ctx, "key", 0); ok {
			t.Error("hit with a cancelled context")
		}
	}
	if after := r.Stats(); after != before {
		t.Errorf("got %+v, before %+v", after, before)
	}
}

// TestNamespace checks that keys of two databases differ, that those of two histories of one database
// differ only where the history counts, and that the slot of a cluster is not affected.
func TestNamespace(t *testing.T) {
	t.Parallel()
	url, prefix := redistest.NewKeyspace(t)
	r := openRedis(t, url, prefix, minute)
	keys := func(origin, history string) (database, ofHistory string) {
		r.SetNamespace(origin, history)
		return r.PrefixedKey("key"), r.HistoryKey("key")
	}
	database, history := keys("one", "{first}")
	failedOver, failedOverHistory := keys("one", "second")
	other, otherHistory := keys("two", "{first}")
	if database != failedOver || history == failedOverHistory || database == other || history == otherHistory {
		t.Errorf("%s %s, %s %s, %s %s", database, history, failedOver, failedOverHistory, other, otherHistory)
	}
	for _, key := range []string{database, history} {
		if !strings.HasPrefix(key, prefix) || strings.ContainsAny(key, "{}*") {
			t.Errorf("the key is %s", key)
		}
	}
	r.Set(t.Context(), "key", []byte("value"), minute)
	keys("one", "")
	if _, ok := r.Get(t.Context(), "key", 0); ok {
		t.Error("the value of another database was read")
	}
	keys("two", "later")
	if _, ok := r.Get(t.Context(), "key", 0); !ok {
		t.Error("the value of the same database was not found")
	}
}

func TestRedisKeysAndTTL(t *testing.T) {
	t.Parallel()
	server := redistest.StartServer(t)
	r := openRedis(t, server.URL(), "", minute)
	r.Set(t.Context(), "key", []byte("value"), minute)
	err := r.RunCommands(t.Context(), func(ctx context.Context, c redis.UniversalClient) error {
		keys, err := c.Keys(ctx, "*").Result()
		if len(keys) != 1 || keys[0] != "7p:key" || keys[0] != r.PrefixedKey("key") {
			t.Errorf("got keys %q", keys)
		}
		if ttl := c.PTTL(ctx, "7p:key").Val(); ttl <= 0 || ttl > minute {
			t.Errorf("got a TTL of %v", ttl)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestRedisLogsOnce checks that the circuit breaker logs one line when it opens and one when it closes.
func TestRedisLogsOnce(t *testing.T) {
	t.Parallel()
	server := redistest.StartServer(t)
	r, log := openLogged(t, server.URL())
	r.SetRecoveryInterval(time.Millisecond)
	get := func() bool { r.Get(t.Context(), "key", 0); return r.Stats().CircuitOpen }
	server.Kill()
	eventually(t, "the circuit breaker opens", get)
	for range 10 {
		get()
	}
	server.Restart()
	eventually(t, "the circuit breaker closes", func() bool { return !get() })
	if got := log.String(); strings.Count(got, "\n") != 2 || !strings.Contains(got, "Redis unavailable") || !strings.Contains(got, "Redis available again") {
		t.Errorf("logged %s", got)
	}
}

// lines is a log buffer for concurrent use.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// TestWrongTypeIsNoFailure checks that a command on a key of another type, an error of the caller,
// does not count as a failure of Redis.
func TestWrongTypeIsNoFailure(t *testing.T) {
	t.Parallel()
	r := newRedis(t)
	runCommands := func(run func(ctx context.Context, c redis.UniversalClient) error) error {
		return r.RunCommands(t.Context(), run)
	}
	if err := runCommands(func(ctx context.Context, c redis.UniversalClient) error {
		return c.Set(ctx, r.PrefixedKey("x"), "text", minute).Err()
	}); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		err := runCommands(func(ctx context.Context, c redis.UniversalClient) error {
			return c.LPush(ctx, r.PrefixedKey("x"), "y").Err()
		})
		if err == nil || !redis.HasErrorPrefix(err, "WRONGTYPE") {
			t.Fatalf("got %v", err)
		}
	}
	if s := r.Stats(); s.CircuitOpen || s.Errors+s.ShortCircuited > 0 {
		t.Errorf("%+v", s)
	}
}
