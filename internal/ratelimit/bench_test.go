package ratelimit

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
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
