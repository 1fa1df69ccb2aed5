package cache_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/7p-education/api/internal/cache"
	"github.com/7p-education/api/internal/cache/redistest"
)

// What one process publishes, another hears; and it is told where it may have
// missed something.
func TestBroadcast(t *testing.T) {
	t.Parallel()
	server := redistest.StartServer(t)
	connect := func() *cache.Redis {
		r, err := cache.OpenRedis(cache.RedisOptions{URL: server.URL(), Log: slog.New(slog.DiscardHandler), Deadline: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = r.Close() })
		return r
	}
	heard, missed := make(chan string, 100), make(chan struct{}, 100)
	listener, speaker := connect(), connect()
	done := make(chan struct{})
	t.Cleanup(func() { <-done })
	go func() {
		defer close(done)
		listener.Subscribe(t.Context(), "news", func(m string) { heard <- m }, func() { missed <- struct{}{} })
	}()
	<-missed // it listens
	if err := speaker.Publish(t.Context(), "news", "one"); err != nil {
		t.Fatal(err)
	}
	if got := <-heard; got != "one" {
		t.Errorf("heard %q", got)
	}
	if err := speaker.Publish(t.Context(), "other", "nothing"); err != nil {
		t.Fatal(err)
	}
	server.Kill()
	server.Restart()
	<-missed // it listens again
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for speaker.Publish(t.Context(), "news", "two") != nil { // until its own connection is back
		<-tick.C
	}
	if got := <-heard; got != "two" {
		t.Errorf("heard %q", got)
	}
}
