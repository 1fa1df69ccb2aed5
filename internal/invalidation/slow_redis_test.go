package invalidation

import (
	"log/slog"
	"testing"
	"time"

	"github.com/7p-education/api/internal/cache"
	"github.com/7p-education/api/internal/cache/redistest"
	"github.com/7p-education/api/store"
)

func TestIsSlower(t *testing.T) {
	t.Parallel()
	const ms = time.Millisecond
	for _, tt := range []struct {
		redis, database time.Duration
		want            bool
	}{
		{0, 0, false}, {9 * ms, 0, false}, {11 * ms, 1 * ms, true}, {40 * ms, 1 * ms, true}, {40 * ms, 10 * ms, false}, {40 * ms, 40 * ms, false},
	} {
		if got := isSlower(tt.redis, tt.database); got != tt.want {
			t.Errorf("Redis %v, database %v: %v", tt.redis, tt.database, got)
		}
	}
}

// TestSlowRedisIsBypassed checks that a lookup does not wait for a Redis 40 ms away, that changes are published
// there without the delay of an outage, and that the log is used again once Redis is fast.
func TestSlowRedisIsBypassed(t *testing.T) {
	t.Parallel()
	proxy := redistest.StartServer(t).StartProxy(t)
	r, err := cache.OpenRedis(cache.RedisOptions{URL: proxy.URL(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	from := &replaceableSource{}
	from.replaceDatabase("one", "course:1", true)
	from.since = time.Now().Add(-Lease)
	l := New(r, slog.New(slog.DiscardHandler))
	go l.PollDatabase(t.Context(), from)
	awaitPosition := func(want bool) (took time.Duration) {
		t.Helper()
		for deadline := time.Now().Add(patience); ; {
			_ = r.Check(t.Context())
			start := time.Now()
			_, ok := l.CurrentPosition(t.Context())
			if took = time.Since(start); ok == want && l.Stats().LeaseHeld {
				return took
			}
			if time.Now().After(deadline) {
				t.Fatalf("the log is used: %v, want %v", ok, want)
			}
		}
	}
	awaitPosition(true)
	proxy.DelayReplies(40 * time.Millisecond)
	if took := awaitPosition(false); took > 20*time.Millisecond {
		t.Errorf("a lookup took %v", took)
	}
	start, before := time.Now(), l.Stats().DelayedWrites
	l.Publish(t.Context(), []store.Change{{ID: 2, Tags: []string{"course:2"}}})
	if took := time.Since(start); took > Lease/2 || l.Stats().DelayedWrites != before {
		t.Errorf("publishing took %v, %d delayed", took, l.Stats().DelayedWrites-before)
	}
	proxy.DelayReplies(0)
	awaitPosition(true)
}
