package ratelimit

import (
	"context"
	"sync"
	"time"
)

// maxBuckets limits the memory of a MemoryLimiter to about 10 MB.
const maxBuckets = 100_000

// MemoryLimiter is a Limiter with buckets in the memory of this process.
type MemoryLimiter struct {
	gcra       gcra
	started    time.Time // origin of all times: a wall clock may be set back
	maxBuckets int

	mu           sync.Mutex
	arrivalTimes map[string]int64
}

var _ Limiter = (*MemoryLimiter)(nil)

// NewMemoryLimiter returns a MemoryLimiter with full buckets. p must not be disabled.
func NewMemoryLimiter(p Policy) *MemoryLimiter {
	return &MemoryLimiter{gcra: newGCRA(p), started: time.Now(), maxBuckets: maxBuckets, arrivalTimes: map[string]int64{}}
}

// Allow takes cost from the bucket of key, or rejects and takes nothing.
func (l *MemoryLimiter) Allow(_ context.Context, key string, cost int) Decision {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Since(l.started).Microseconds()
	previous, exists := l.arrivalTimes[key]
	if !exists && len(l.arrivalTimes) >= l.maxBuckets {
		l.evictBuckets(now)
	}
	tat, wait := l.gcra.spendCost(previous, now, l.gcra.clampCost(cost))
	l.arrivalTimes[key] = tat
	return l.gcra.newDecision(tat-now, wait)
}

// evictBuckets frees memory. It samples sampleSize buckets in map order and deletes the full ones, which
// changes no decision, or else the fullest one. A client that sends ever new keys therefore evicts its
// own buckets before buckets at their limit.
func (l *MemoryLimiter) evictBuckets(now int64) {
	const sampleSize = 16
	var fullest string
	seen, earliest := 0, int64(0)
	for key, tat := range l.arrivalTimes {
		if tat <= now {
			delete(l.arrivalTimes, key)
		}
		if seen == 0 || tat < earliest {
			fullest, earliest = key, tat
		}
		if seen++; seen == sampleSize {
			break
		}
	}
	delete(l.arrivalTimes, fullest)
}
