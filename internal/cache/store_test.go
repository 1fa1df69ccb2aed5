package cache_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/7p-education/api/internal/cache"
	"github.com/7p-education/api/internal/cache/redistest"
)

const (
	minute   = time.Minute // longer than any test takes
	noServer = "unix:///nonexistent/redis.sock"
)

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

func newMemory(t testing.TB, size int) *cache.Memory {
	t.Helper()
	l := cache.NewMemory(size)
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func newRedis(t testing.TB) *cache.Redis {
	t.Helper()
	url, prefix := redistest.NewKeyspace(t)
	return openRedis(t, url, prefix, minute)
}

// eventually polls until a condition holds.
func eventually(t testing.TB, condition string, holds func() bool) {
	t.Helper()
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	timeout := time.After(10 * time.Second)
	for !holds() {
		select {
		case <-poll.C:
		case <-timeout:
			t.Fatalf("timeout: %s", condition)
		}
	}
}

func TestStore(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(*testing.T) cache.Store{
		"memory":  func(t *testing.T) cache.Store { return newMemory(t, 1<<20) },
		"redis":   func(t *testing.T) cache.Store { return newRedis(t) },
		"cluster": func(t *testing.T) cache.Store { return openRedis(t, redistest.ClusterURL(t), "", minute) },
		"tiered": func(t *testing.T) cache.Store {
			return cache.NewTiered(newMemory(t, 1<<20), newRedis(t), 50*time.Millisecond)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testStore(t, open(t))
		})
	}
}

// testStore checks the properties of every Store.
func testStore(t *testing.T, s cache.Store) {
	ctx := t.Context()
	want := func(key, value string) {
		t.Helper()
		if got, ok := s.Get(ctx, key, 0); !ok || string(got) != value {
			t.Errorf("%s: got %.40q %t, want %.40q", key, got, ok, value)
		}
	}
	if got, ok := s.Get(ctx, "absent", minute); ok || len(got) != 0 {
		t.Errorf("got %q for a key never set", got)
	}
	for _, value := range []string{"a", "", "\x00\xff\r\n", strings.Repeat("x", 100<<10)} {
		s.Set(ctx, "key", []byte(value), minute)
		want("key", value)
	}
	s.Set(ctx, "other", []byte("b"), minute)
	want("other", "b")

	for _, ttl := range []time.Duration{0, -1} {
		s.Set(ctx, "never", []byte("c"), ttl)
		if _, ok := s.Get(ctx, "never", 0); ok {
			t.Errorf("a ttl of %d stores an entry", ttl)
		}
	}
	s.Set(ctx, "short", []byte("d"), time.Millisecond)
	eventually(t, "an entry expires", func() bool { _, ok := s.Get(ctx, "short", 0); return !ok })

	testConcurrent(t, s)
	if err := s.Check(ctx); err != nil {
		t.Errorf("Check: %v", err)
	}
}

func testConcurrent(t *testing.T, s cache.Store) {
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			key := fmt.Sprint("concurrent", i%2)
			for range 50 {
				s.Set(t.Context(), key, []byte(key), minute)
				if got, ok := s.Get(t.Context(), key, minute); ok && string(got) != key {
					t.Errorf("got %q under %q", got, key)
				}
			}
		})
	}
	wg.Wait()
}

// TestRenew checks renewal in the basic stores; a tiered Store leaves it to Redis.
func TestRenew(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(*testing.T) cache.Store{
		"memory": func(t *testing.T) cache.Store { return newMemory(t, 1<<20) },
		"redis":  func(t *testing.T) cache.Store { return newRedis(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, ctx := open(t), t.Context()
			const ttl = 300 * time.Millisecond
			s.Set(ctx, "renewed", []byte("a"), ttl)
			s.Set(ctx, "not renewed", []byte("b"), ttl)
			if _, ok := s.Get(ctx, "renewed", minute); !ok {
				t.Fatal("entry not found")
			}
			eventually(t, "the other entry expires", func() bool { _, ok := s.Get(ctx, "not renewed", 0); return !ok })
			if _, ok := s.Get(ctx, "renewed", 0); !ok {
				t.Error("renewed entry expired")
			}
		})
	}
}

// TestMemoryIsBounded checks that a Memory holds as many entries as fit, and no more.
func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	const size, value = 1 << 20, 10 << 10
	l := newMemory(t, size)
	countEntries := func() (n int) {
		for i := range 1000 {
			if _, ok := l.Get(t.Context(), fmt.Sprint(i), 0); ok {
				n++
			}
		}
		return n
	}
	for i := range 1000 {
		l.Set(t.Context(), fmt.Sprint(i), bytes.Repeat([]byte{'x'}, value), minute)
	}
	eventually(t, "the cache holds no more than fits", func() bool { return countEntries() <= size/value })
	if n := countEntries(); n < size/value/2 {
		t.Errorf("cache holds %d entries, %d fit", n, size/value)
	}
	l.Set(t.Context(), "giant", make([]byte, 2*size), minute)
	eventually(t, "an entry larger than the cache is dropped", func() bool { _, ok := l.Get(t.Context(), "giant", 0); return !ok })
}

// TestTiered checks that copies in memory serve reads for their lifetime, and without Redis.
func TestTiered(t *testing.T) {
	t.Parallel()
	redis, ctx := newRedis(t), t.Context()
	a, b := cache.NewTiered(newMemory(t, 1<<20), redis, minute), cache.NewTiered(newMemory(t, 1<<20), redis, time.Millisecond)
	a.Set(ctx, "key", []byte("one"), minute)
	if got, _ := b.Get(ctx, "key", 0); string(got) != "one" {
		t.Fatalf("the other process got %q", got)
	}
	redis.Set(ctx, "key", []byte("two"), minute)
	if got, _ := a.Get(ctx, "key", 0); string(got) != "one" {
		t.Errorf("got %q, want the copy that lives for a minute", got)
	}
	eventually(t, "the copy that lives for a millisecond expires", func() bool {
		got, _ := b.Get(ctx, "key", 0)
		return string(got) == "two"
	})
	withoutRedis := cache.NewTiered(newMemory(t, 1<<20), openRedis(t, noServer, "", 0), minute)
	withoutRedis.Set(ctx, "short", []byte("x"), time.Millisecond)
	eventually(t, "a copy expires when its entry does", func() bool { _, ok := withoutRedis.Get(ctx, "short", 0); return !ok })
	withoutRedis.Set(ctx, "long", []byte("y"), minute)
	if _, ok := withoutRedis.Get(ctx, "long", 0); !ok {
		t.Error("no hit in memory without Redis")
	}
}

// TestTieredRenews checks that a Get without a copy in memory renews the entry in Redis.
func TestTieredRenews(t *testing.T) {
	t.Parallel()
	redis, ctx := newRedis(t), t.Context()
	redis.Set(ctx, "renewed", []byte("a"), 300*time.Millisecond)
	redis.Set(ctx, "not renewed", []byte("b"), 300*time.Millisecond)
	if _, ok := cache.NewTiered(newMemory(t, 1<<20), redis, minute).Get(ctx, "renewed", minute); !ok {
		t.Fatal("entry not found")
	}
	eventually(t, "the other entry expires", func() bool { _, ok := redis.Get(ctx, "not renewed", 0); return !ok })
	if _, ok := redis.Get(ctx, "renewed", 0); !ok {
		t.Error("renewed entry expired in Redis")
	}
}
