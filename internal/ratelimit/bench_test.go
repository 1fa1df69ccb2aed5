package ratelimit

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/7p-education/api/internal/cache"
)

func BenchmarkAllow(b *testing.B) {
	p := Policy{Limit: 10_000, Window: time.Second}
	full := NewMemoryLimiter(hourly)
	for i := range maxBuckets {
		full.Allow(b.Context(), fmt.Sprint(i), 1)
	}
	b.Run("memory", func(b *testing.B) {
		b.ReportAllocs()
		l := NewMemoryLimiter(p)
		for b.Loop() {
			l.Allow(b.Context(), "address:192.0.2.7", 1)
		}
	})
	b.Run("memory, new keys in a full limiter", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			full.Allow(b.Context(), fmt.Sprint("new", i), 1)
		}
	})
	b.Run("redis", func(b *testing.B) {
		b.ReportAllocs()
		s := NewRedisLimiter(p, newRedis(b))
		for b.Loop() {
			s.Allow(b.Context(), "address:192.0.2.7", 1)
		}
	})
}

// BenchmarkLeases alternates decisions of Redis and decisions with leased permits, in batches of one caller.
func BenchmarkLeases(b *testing.B) {
	const batch = 512
	exact, leased := Policy{Name: "exact", Limit: 1e9, Window: 1e6 * time.Second}, Policy{Name: "leased", Limit: 1e9, Window: 1e6 * time.Second}
	for _, goroutines := range []int{1, 16} {
		b.Run(fmt.Sprintf("goroutines=%d", goroutines), func(b *testing.B) {
			r := newRedis(b)
			limiters := []Limiter{NewRedisLimiter(exact, r), newLeasedLimiter(leased, r)}
			var times [2]time.Duration
			for b.Loop() {
				for i, l := range limiters {
					begun := time.Now()
					var wg sync.WaitGroup
					for range goroutines {
						wg.Go(func() {
							for range batch / goroutines {
								if !l.Allow(b.Context(), "address:192.0.2.7", 7).Allowed {
									b.Error("rejected")
								}
							}
						})
					}
					wg.Wait()
					times[i] += time.Since(begun)
				}
			}
			decisions := float64(b.N * batch)
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(times[0].Microseconds())/decisions, "exact-µs/decision")
			b.ReportMetric(float64(times[1].Microseconds())/decisions, "leased-µs/decision")
			b.ReportMetric(float64(times[0])/float64(times[1]), "ratio")
		})
	}
}

func BenchmarkMiddleware(b *testing.B) {
	unlimited := Policy{Limit: 1e9, Window: 1e6 * time.Second}
	address := netip.MustParseAddr("192.0.2.7")
	for name, r := range map[string]*cache.Redis{"memory": nil, "redis": newRedis(b)} {
		l := New(Rules{Anonymous: unlimited, Cost: unlimited}, r)
		for kind, cost := range map[string]int64{"cached response": 0, "query": 7} {
			b.Run(name+", "+kind, func(b *testing.B) {
				b.ReportAllocs()
				h := l.Middleware(func(*http.Request) netip.Addr { return address })(
					http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
						if cost == 0 {
							return
						}
						if err := l.ConsumeCost(r.Context(), cost); err != nil {
							b.Error(err)
						}
					}))
				r := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/graphql", nil)
				rec := httptest.NewRecorder()
				for b.Loop() {
					clear(rec.Header())
					h.ServeHTTP(rec, r)
				}
			})
		}
	}
}
