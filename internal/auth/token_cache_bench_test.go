package auth

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/7p-education/api/edu"
)

// BenchmarkTokenCacheMemory reports the bytes of memory that an entry takes beside its token.
func BenchmarkTokenCacheMemory(b *testing.B) {
	const tokenBytes = 300
	expires := jwt.NewNumericDate(time.Now().Add(time.Hour))
	for b.Loop() {
		c := newTokenCache()
		before := liveBytes()
		for i := range 10_000 {
			token := strings.Repeat("x", tokenBytes-10) + fmt.Sprintf("%010d", i)
			c.storeToken(token, edu.Viewer{ID: int64(i)}, &claims{RegisteredClaims: jwt.RegisteredClaims{ExpiresAt: expires, NotBefore: expires}})
		}
		c.entries.CleanUp()
		b.ReportMetric(float64(liveBytes()-before)/float64(c.entries.EstimatedSize())-tokenBytes, "B/entry")
		runtime.KeepAlive(c)
	}
}

// liveBytes returns the bytes of the objects that are reachable.
func liveBytes() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
