package invalidation

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/7p-education/api/internal/cache"
	"github.com/7p-education/api/internal/cache/redistest"
	"github.com/7p-education/api/store"
)

// openBenchLog opens a log of a database that responds at once. It has used its database and its epoch for long.
func openBenchLog(b *testing.B, url, prefix string) *Log {
	b.Helper()
	r, err := cache.OpenRedis(cache.RedisOptions{URL: url, Prefix: prefix, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = r.Close() })
	from := &replaceableSource{}
	from.replaceDatabase("1", "course:0", true)
	from.since = time.Now().Add(-time.Hour)
	l := New(r, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(b.Context())
	var polling sync.WaitGroup
	polling.Go(func() { l.PollDatabase(ctx, from) })
	b.Cleanup(func() { cancel(); polling.Wait() })
	if err := l.AwaitLease(b.Context()); err != nil {
		b.Fatal(err)
	}
	time.Sleep(writeWait) // until the epoch is old
	return l
}

// BenchmarkPositionOfHit measures what a hit does to know the position: under a read lease, and by a read of the log.
func BenchmarkPositionOfHit(b *testing.B) {
	url, prefix := redistest.NewKeyspace(b)
	l := openBenchLog(b, url, prefix)
	b.Run("lease", func(b *testing.B) {
		for b.Loop() {
			if _, ok := l.CurrentPosition(b.Context()); !ok {
				b.Fatal("the log is not available")
			}
		}
	})
	b.Run("read", func(b *testing.B) {
		for b.Loop() {
			if !l.holdsLease() || l.streamReads.awaitRun(b.Context()) != nil {
				b.Fatal("the log is not available")
			}
		}
	})
}

// BenchmarkPublish measures the publication of a write, without the database, while other processes serve hits.
func BenchmarkPublish(b *testing.B) {
	for members := range 5 {
		b.Run(fmt.Sprintf("members=%d", members), func(b *testing.B) {
			url, prefix := redistest.NewKeyspace(b)
			serving, stop := context.WithCancel(b.Context())
			var hits sync.WaitGroup
			for range members {
				m := openBenchLog(b, url, prefix)
				hits.Go(func() {
					for serving.Err() == nil {
						_, _ = m.CurrentPosition(serving)
						time.Sleep(time.Millisecond)
					}
				})
			}
			writer := openBenchLog(b, url, prefix)
			id := int64(10)
			for b.Loop() {
				id++
				writer.Publish(b.Context(), []store.Change{{ID: id, Tags: []string{"course:1"}}})
			}
			stop()
			hits.Wait()
			s := writer.Stats()
			b.ReportMetric(float64(s.AwaitedWrites)/float64(b.N), "awaited/op")
			b.ReportMetric(float64(s.MemberWait.Microseconds())/float64(b.N), "wait-µs/op")
		})
	}
}
