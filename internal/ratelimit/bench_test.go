package ratelimit

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"
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
	b.ReportAllocs()
	unlimited := Policy{Limit: 1e9, Window: 1e6 * time.Second}
	l := New(Rules{Anonymous: unlimited, Cost: unlimited}, nil)
	address := netip.MustParseAddr("192.0.2.7")
	h := l.Middleware(func(*http.Request) netip.Addr { return address })(
		http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if err := l.ConsumeCost(r.Context(), 7); err != nil {
				b.Error(err)
			}
		}))
	r := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/graphql", nil)
	rec := httptest.NewRecorder()
	for b.Loop() {
		clear(rec.Header())
		h.ServeHTTP(rec, r)
	}
}
