package cache_test

import (
	"testing"
	"time"

	"github.com/7p-education/api/internal/cache"
)

func BenchmarkGet(b *testing.B) {
	remote := newRedis(b)
	down := openRedis(b, nowhere, "", 0)
	down.SetCooldown(time.Hour)
	for name, s := range map[string]cache.Store{
		"local": newLocal(b, 1<<20), "redis": remote, "near": cache.NewTiered(newLocal(b, 1<<20), remote, minute), "redis down": down,
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
	for name, s := range map[string]cache.Store{"local": newLocal(b, 1<<20), "redis": newRedis(b)} {
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
	for name, s := range map[string]cache.Store{"local": newLocal(b, 1<<20), "redis": newRedis(b)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			value := make([]byte, 2000)
			for b.Loop() {
				s.Set(b.Context(), "key", value, minute)
			}
		})
	}
}
