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
	minute  = time.Minute // longer than any test takes
	nowhere = "unix:///nonexistent/redis.sock"
)

// openRedis has a deadline of minute where a test is not about time, as the
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

func newLocal(t testing.TB, size int) *cache.Memory {
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

// eventually polls until what holds.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	tooLong := time.After(10 * time.Second)
	for !holds() {
		select {
		case <-poll.C:
		case <-tooLong:
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

func TestStore(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(*testing.T) cache.Store{
		"local":   func(t *testing.T) cache.Store { return newLocal(t, 1<<20) },
		"redis":   func(t *testing.T) cache.Store { return newRedis(t) },
		"cluster": func(t *testing.T) cache.Store { return openRedis(t, redistest.ClusterURL(t), "", minute) },
		"near": func(t *testing.T) cache.Store {
			return cache.NewTiered(newLocal(t, 1<<20), newRedis(t), 50*time.Millisecond)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testStore(t, open(t))
		})
	}
}

// testStore is what holds for every Store.
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
			t.Errorf("a ttl of %d keeps something", ttl)
		}
	}
	s.Set(ctx, "short", []byte("d"), time.Millisecond)
	eventually(t, "an entry expires", func() bool { _, ok := s.Get(ctx, "short", 0); return !ok })

	testConcurrent(t, s)
	if err := s.Ping(ctx); err != nil {
		t.Errorf("Ping: %v", err)
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

// TestRenew holds for stores that are asked directly; Near leaves it to remote.
func TestRenew(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(*testing.T) cache.Store{
		"local": func(t *testing.T) cache.Store { return newLocal(t, 1<<20) },
		"redis": func(t *testing.T) cache.Store { return newRedis(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, ctx := open(t), t.Context()
			const ttl = 300 * time.Millisecond
			s.Set(ctx, "renewed", []byte("a"), ttl)
			s.Set(ctx, "left", []byte("b"), ttl)
			if _, ok := s.Get(ctx, "renewed", minute); !ok {
				t.Fatal("the entry is gone at once")
			}
			eventually(t, "the other entry expires", func() bool { _, ok := s.Get(ctx, "left", 0); return !ok })
			if _, ok := s.Get(ctx, "renewed", 0); !ok {
				t.Error("the entry expired although it was renewed")
			}
		})
	}
}

func TestLocalIsBounded(t *testing.T) {
	t.Parallel()
	const size, value = 1 << 20, 10 << 10
	l := newLocal(t, size)
	held := func() (n int) {
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
	eventually(t, "no more is held than fits", func() bool { return held() <= size/value })
	if n := held(); n < size/value/2 {
		t.Errorf("only %d entries of %d that fit are held", n, size/value)
	}
	l.Set(t.Context(), "giant", make([]byte, 2*size), minute)
	eventually(t, "what is larger than the cache is dropped", func() bool { _, ok := l.Get(t.Context(), "giant", 0); return !ok })
}

func TestNear(t *testing.T) {
	t.Parallel()
	remote, ctx := newRedis(t), t.Context()
	a, b := cache.NewTiered(newLocal(t, 1<<20), remote, minute), cache.NewTiered(newLocal(t, 1<<20), remote, time.Millisecond)
	a.Set(ctx, "key", []byte("one"), minute)
	if got, _ := b.Get(ctx, "key", 0); string(got) != "one" {
		t.Fatalf("the other process got %q", got)
	}
	remote.Set(ctx, "key", []byte("two"), minute)
	if got, _ := a.Get(ctx, "key", 0); string(got) != "one" {
		t.Errorf("got %q, want the copy that is kept for a minute", got)
	}
	eventually(t, "the copy that is kept for a millisecond is gone", func() bool {
		got, _ := b.Get(ctx, "key", 0)
		return string(got) == "two"
	})
	alone := cache.NewTiered(newLocal(t, 1<<20), openRedis(t, nowhere, "", 0), minute)
	alone.Set(ctx, "short", []byte("x"), time.Millisecond)
	eventually(t, "a copy expires when its entry does", func() bool { _, ok := alone.Get(ctx, "short", 0); return !ok })
	alone.Set(ctx, "long", []byte("y"), minute)
	if _, ok := alone.Get(ctx, "long", 0); !ok {
		t.Error("without Redis the copies are of no use")
	}
}

// TestNearRenews finds that a use which finds the copy gone renews the entry in
// Redis.
func TestNearRenews(t *testing.T) {
	t.Parallel()
	remote, ctx := newRedis(t), t.Context()
	remote.Set(ctx, "renewed", []byte("a"), 300*time.Millisecond)
	remote.Set(ctx, "left", []byte("b"), 300*time.Millisecond)
	if _, ok := cache.NewTiered(newLocal(t, 1<<20), remote, minute).Get(ctx, "renewed", minute); !ok {
		t.Fatal("the entry is gone at once")
	}
	eventually(t, "the other entry expires", func() bool { _, ok := remote.Get(ctx, "left", 0); return !ok })
	if _, ok := remote.Get(ctx, "renewed", 0); !ok {
		t.Error("the entry expired in Redis although it was renewed")
	}
}
