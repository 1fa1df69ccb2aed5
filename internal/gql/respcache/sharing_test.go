package respcache

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/7p-education/api/internal/cache"
	"github.com/7p-education/api/internal/cache/redistest"
	"github.com/7p-education/api/internal/testdb"
)

// startSharing starts processes that store entries in Redis as servers do: up to 1 KiB, from the second
// request on.
func startSharing(t *testing.T, server *redistest.Server, n int) (all []*process) {
	t.Helper()
	dsn := testdb.New(t)
	for range n {
		p := startProcess(t, dsn, server.URL())
		p.maxRedisBytes, p.shareFirst = 1<<10, false
		all = append(all, p)
	}
	return all
}

// countStored returns the number of entries in Redis, once no process has a lock and no write is queued.
func countStored(server *redistest.Server, all []*process) int {
	for _, p := range all {
		p.redis.AwaitWrites()
	}
	awaitReleased(server)
	n := 0
	for key := range strings.FieldsSeq(server.RunCommand("KEYS", "*"+keyPrefix+"*")) {
		if !strings.HasSuffix(key, lockSuffix) {
			n++
		}
	}
	return n
}

// TestSecondRequestIsShared checks that Redis gets a response when it is requested for the second time,
// by whichever process, and the third process finds it there.
func TestSecondRequestIsShared(t *testing.T) {
	t.Parallel()
	server := redistest.StartServer(t)
	all := startSharing(t, server, 3)
	k := newKey(t, "a")
	all[0].storeNew(t, k, anonymous, newEntry(t, "body", 0, 0))
	if n := countStored(server, all); n != 0 {
		t.Errorf("the first request stored %d entries in Redis", n)
	}
	if got := all[0].lookupBody(t, k, anonymous); got != "body" {
		t.Errorf("the process itself has %q", got)
	}
	all[1].storeNew(t, k, anonymous, newEntry(t, "body", 0, 0))
	if n := countStored(server, all); n != 1 {
		t.Errorf("after the second request Redis has %d entries", n)
	}
	if got := all[2].lookupBody(t, k, anonymous); got != "body" {
		t.Errorf("the third process has %q", got)
	}
	all[0].publish(t, "course:1")
	all[0].storeNew(t, k, anonymous, newEntry(t, "again", 0, 0))
	if n := countStored(server, all); n != 1 || all[1].lookupBody(t, k, anonymous) != "again" {
		t.Errorf("recomputed, it is not shared: Redis has %d entries", n)
	}
	for i := range 50 {
		all[0].storeNew(t, newKey(t, strings.Repeat("x", i)), anonymous, newEntry(t, "once", 0, 0))
	}
	if n := countStored(server, all); n != 1 {
		t.Errorf("responses that were requested once: Redis has %d entries, want 1", n)
	}
}

// TestAwaitedResponseIsShared checks that the first response is shared if another process waits for it:
// that process is the second request, and it does not compute the response.
func TestAwaitedResponseIsShared(t *testing.T) {
	t.Parallel()
	server := redistest.StartServer(t)
	all := startSharing(t, server, 2)
	k := newKey(t, "a")
	first := all[0].Get(t.Context(), k, anonymous)
	waiting := make(chan *Lookup)
	go func() { waiting <- all[1].Get(t.Context(), k, anonymous) }()
	for !strings.HasSuffix(strings.TrimSpace(server.RunCommand("GET", first.lock.key)), "+") {
		time.Sleep(time.Millisecond)
	}
	if reason := first.StoreEntry(newEntry(t, "body", 0, 0), newTags()); reason != "" {
		t.Fatal(reason)
	}
	first.Release()
	second := <-waiting
	defer second.Release()
	if second.Entry == nil || string(second.Entry.Body) != "body" {
		t.Errorf("the waiting process computes the response itself: %+v", second)
	}
}

// TestLargeResponsesStayInMemory checks that Redis gets no response beyond the largest size, however
// often it is requested.
func TestLargeResponsesStayInMemory(t *testing.T) {
	t.Parallel()
	for size, want := range map[int]int{1 << 10: 1, 1<<10 + 1: 0} {
		server := redistest.StartServer(t)
		all := startSharing(t, server, 2)
		k := newKey(t, strings.Repeat("x", size))
		for _, p := range all {
			p.storeNew(t, k, anonymous, newEntry(t, strings.Repeat("x", size), 0, 0))
			awaitReleased(server) // a process that waits for the lock would get the response
		}
		if n := countStored(server, all); n != want {
			t.Errorf("%d bytes: Redis has %d entries, want %d", size, n, want)
		}
	}
}

// TestStoreDoesNotWait checks that a response is stored at once while Redis takes long for large values,
// and that the breaker stays closed.
func TestStoreDoesNotWait(t *testing.T) {
	t.Parallel()
	server := redistest.StartServer(t)
	p := startProcess(t, testdb.New(t), server.URL())
	proxy := server.StartProxy(t)
	slow, err := cache.OpenRedis(cache.RedisOptions{URL: proxy.URL(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = slow.Close() })
	proxy.SlowLargeValues(time.Second)
	c := New(Options{InvalidationLog: p.log, Redis: slow, MaxBytes: 64 << 20, MaxRedisBytes: 256 << 10, ShareFirst: true})
	t.Cleanup(c.Close)
	for i := range 100 {
		l := c.Get(t.Context(), newKey(t, strings.Repeat("x", i)), anonymous)
		if reason := l.StoreEntry(newEntry(t, strings.Repeat("x", 256<<10), 0, 0), newTags()); reason != "" {
			t.Fatalf("response %d: %s", i, reason)
		}
		l.Release()
	}
	s := slow.Stats()
	if s.DroppedWrites == 0 || s.CircuitOpen || s.ShortCircuited > 0 {
		t.Errorf("%+v, want dropped writes and a closed breaker", s)
	}
}
