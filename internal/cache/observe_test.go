package cache_test

import (
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/7p-education/api/internal/cache"
	"github.com/7p-education/api/internal/cache/redistest"
)

// Each command is observed with its name and the time of its round trip.
func TestObserveCommands(t *testing.T) {
	t.Parallel()
	url, prefix := redistest.NewKeyspace(t)
	r, err := cache.OpenRedis(cache.RedisOptions{URL: url, Prefix: prefix, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	var mu sync.Mutex
	observed := map[string]time.Duration{}
	r.ObserveCommands(func(command string, d time.Duration) {
		mu.Lock()
		defer mu.Unlock()
		observed[command] += d
	})
	r.Set(t.Context(), "a", []byte("1"), time.Minute)
	if text, ok := r.Get(t.Context(), "a", 0); !ok || string(text) != "1" {
		t.Fatalf("%q, %v", text, ok)
	}
	mu.Lock()
	defer mu.Unlock()
	if observed["set"] <= 0 || observed["get"] <= 0 {
		t.Errorf("observed %v", observed)
	}
}
