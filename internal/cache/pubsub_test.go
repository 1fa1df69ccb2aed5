package cache_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/7p-education/api/internal/cache"
	"github.com/7p-education/api/internal/cache/redistest"
)

// TestSubscribe checks that a subscriber receives the messages of another process, and that joined is
// called when messages may have been missed.
func TestSubscribe(t *testing.T) {
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
	received, joined := make(chan string, 100), make(chan struct{}, 100)
	subscriber, publisher := connect(), connect()
	done := make(chan struct{})
	t.Cleanup(func() { <-done })
	go func() {
		defer close(done)
		subscriber.Subscribe(t.Context(), "news", func(m string) { received <- m }, func() { joined <- struct{}{} })
	}()
	<-joined
	if err := publisher.Publish(t.Context(), "news", "one"); err != nil {
		t.Fatal(err)
	}
	if got := <-received; got != "one" {
		t.Errorf("received %q", got)
	}
	if err := publisher.Publish(t.Context(), "other", "nothing"); err != nil {
		t.Fatal(err)
	}
	server.Kill()
	server.Restart()
	<-joined // reconnected
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for publisher.Publish(t.Context(), "news", "two") != nil { // until the publisher has reconnected
		<-tick.C
	}
	if got := <-received; got != "two" {
		t.Errorf("received %q", got)
	}
	// In another namespace it receives the messages of that one.
	for _, r := range []*cache.Redis{publisher, subscriber} {
		r.SetNamespace("another database", "")
	}
	<-joined
	if err := publisher.Publish(t.Context(), "news", "three"); err != nil {
		t.Fatal(err)
	}
	publisher.SetNamespace("a database without subscribers", "")
	if err := publisher.Publish(t.Context(), "news", "four"); err != nil {
		t.Fatal(err)
	}
	if got := <-received; got != "three" || len(received) > 0 {
		t.Errorf("received %q and %d more", got, len(received))
	}
}
