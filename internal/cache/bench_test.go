package cache_test

import (
	"testing"
	"time"

	"github.com/7p-education/api/internal/cache"
)

func BenchmarkGet(b *testing.B) {
	redis := newRedis(b)
	down := openRedis(b, noServer, "", 0)
	down.SetRecoveryInterval(time.Hour)
	for name, s := range map[string]cache.Store{
		"memory": newMemory(b, 1<<20), "redis": redis, "tiered": cache.NewTiered(newMemory(b, 1<<20), redis, minute), "redis down": down,
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			s.Set(b.Context(), "key", make([]byte, 2000), minute)
			for b.Loop() {
				s.Get(b.Context(), "key", 0)
			}
		})
	}
}

func BenchmarkGetRenew(b *testing.B) {
	for name, s := range map[string]cache.Store{"memory": newMemory(b, 1<<20), "redis": newRedis(b)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			s.Set(b.Context(), "key", make([]byte, 2000), minute)
			for b.Loop() {
				s.Get(b.Context(), "key", minute)
			}
		})
	}
}

func BenchmarkSet(b *testing.B) {
	for name, s := range map[string]cache.Store{"memory": newMemory(b, 1<<20), "redis": newRedis(b)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			value := make([]byte, 2000)
			for b.Loop() {
				s.Set(b.Context(), "key", value, minute)
			}
		})
	}
}
