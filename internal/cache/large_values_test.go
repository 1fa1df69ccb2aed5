package cache_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/7p-education/api/internal/cache"
	"github.com/7p-education/api/internal/cache/redistest"
)

// TestLargeValuesAreNoOutage checks that large values which do not arrive in time neither open the
// circuit breaker nor cost another command its result.
func TestLargeValuesAreNoOutage(t *testing.T) {
	t.Parallel()
	proxy := redistest.StartServer(t).StartProxy(t)
	proxy.SlowLargeValues(10 * time.Millisecond)
	r, ctx := openRedis(t, proxy.URL(), "", 0), t.Context()
	eventually(t, "Redis replies", func() bool { return r.Check(ctx) == nil })
	before := r.Stats()
	large := bytes.Repeat([]byte("x"), 256<<10) // takes 2.5 s
	for i := range 4 * 5 {                      // four times as many as errors would open the breaker
		r.Set(ctx, fmt.Sprint("large", i), large, minute)
	}
	if s := r.Stats(); s.CircuitOpen || s.ShortCircuited > 0 || s.Errors < before.Errors+20 {
		t.Errorf("after large values that did not arrive: %+v", s)
	}
	for i := range 100 {
		key := fmt.Sprint("small", i)
		eventually(t, "a small value is stored", func() bool {
			r.Set(ctx, key, []byte("x"), minute)
			_, ok := r.Get(ctx, key, 0)
			return ok
		})
	}
	if s := r.Stats(); s.CircuitOpen || s.ShortCircuited > 0 {
		t.Errorf("after small values: %+v", s)
	}
}

// TestDeadlineFollowsSize checks the deadlines that commands get, by their size.
func TestDeadlineFollowsSize(t *testing.T) {
	t.Parallel()
	r := openRedis(t, noServer, "", 0)
	for size, want := range map[int]time.Duration{0: 50 * time.Millisecond, 256 << 10: 81250 * time.Microsecond, 8 << 20: 1050 * time.Millisecond} {
		before := time.Now()
		_ = r.RunLarge(t.Context(), size, func(ctx context.Context, _ redis.UniversalClient) error {
			deadline, _ := ctx.Deadline()
			if got := deadline.Sub(before); got < want || got > want+time.Since(before) {
				t.Errorf("%d bytes: deadline after %v, want %v", size, got, want)
			}
			return nil
		})
	}
}

// TestBackgroundWrites checks that queued writes run in order, that they are dropped and counted beyond
// the bytes that may be queued, and that Close completes them.
func TestBackgroundWrites(t *testing.T) {
	t.Parallel()
	url, prefix := redistest.NewKeyspace(t)
	r, err := cache.OpenRedis(cache.RedisOptions{URL: url, Prefix: prefix, Deadline: minute})
	if err != nil {
		t.Fatal(err)
	}
	blocked, ran, done := make(chan struct{}), 0, atomic.Int64{}
	add := func(i int) bool {
		return r.RunInBackground(256<<10, func(ctx context.Context, c redis.UniversalClient) error {
			<-blocked
			ran++
			return c.Set(ctx, r.PrefixedKey(fmt.Sprint(i)), "x", minute).Err()
		}, func() { done.Add(1) })
	}
	queued := 0
	for queued = range 100 {
		if !add(queued) {
			break
		}
	}
	if queued != 31 { // 8 MiB of 256 KiB and their overhead
		t.Errorf("%d writes of 256 KiB were queued, want 31", queued)
	}
	if s := r.Stats(); s.DroppedWrites != 1 {
		t.Errorf("got %+v, want one dropped write", s)
	}
	close(blocked)
	r.AwaitWrites()
	if done.Load() != int64(queued) || ran != queued {
		t.Errorf("%d of %d writes ran, %d are done", ran, queued, done.Load())
	}
	for i := range 10 {
		if !add(100 + i) {
			t.Fatal("dropped with an empty queue")
		}
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	other := openRedis(t, url, prefix, minute)
	for i := range 10 {
		if _, ok := other.Get(t.Context(), fmt.Sprint(100+i), 0); !ok {
			t.Errorf("write %d, queued before Close, is missing", i)
		}
	}
}

// TestBackgroundWriteFails checks that a write which fails or is skipped is done too.
func TestBackgroundWriteFails(t *testing.T) {
	t.Parallel()
	r := openRedis(t, noServer, "", 0)
	var done atomic.Int64
	fail := func(context.Context, redis.UniversalClient) error { return errors.New("failed") }
	for range 3 {
		r.RunInBackground(1, fail, func() { done.Add(1) })
	}
	r.AwaitWrites()
	if s := r.Stats(); done.Load() != 3 || s.Errors != 3 || s.CircuitOpen {
		t.Errorf("%d done, %+v", done.Load(), s)
	}
}

// TestAwaitWritesBesideWriters checks that writes may be queued while others wait for the queue.
func TestAwaitWritesBesideWriters(t *testing.T) {
	t.Parallel()
	r := openRedis(t, noServer, "", 0)
	var done atomic.Int64
	var writers sync.WaitGroup
	for range 4 {
		writers.Go(func() {
			for range 50 {
				r.RunInBackground(1, func(context.Context, redis.UniversalClient) error { return errors.New("failed") }, func() { done.Add(1) })
				r.AwaitWrites()
			}
		})
	}
	writers.Wait()
	r.AwaitWrites()
	if done.Load() != 200 {
		t.Errorf("%d of 200 writes are done", done.Load())
	}
}
