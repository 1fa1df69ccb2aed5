package ratelimit

import (
	"context"
	"sync"
	"time"
)

// maxBuckets bounds the memory of a Local, to about 10 MB.
const maxBuckets = 100_000

// MemoryLimiter is a Limiter over buckets in the memory of this process.
type MemoryLimiter struct {
	gcra       gcra
	started    time.Time // times are since then: a wall clock may be set back
	maxBuckets int

	mu           sync.Mutex
	arrivalTimes map[string]int64
}

var _ Limiter = (*MemoryLimiter)(nil)

// NewMemoryLimiter returns a Local of full buckets. p must not be off.
func NewMemoryLimiter(p Policy) *MemoryLimiter {
	return &MemoryLimiter{gcra: newGCRA(p), started: time.Now(), maxBuckets: maxBuckets, arrivalTimes: map[string]int64{}}
}

// Allow takes cost out of the bucket of key, or refuses and takes nothing.
func (l *MemoryLimiter) Allow(_ context.Context, key string, cost int) Decision {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Since(l.started).Microseconds()
	before, known := l.arrivalTimes[key]
	if !known && len(l.arrivalTimes) >= l.maxBuckets {
		l.evictBuckets(now)
	}
	tat, wait := l.gcra.spendCost(before, now, l.gcra.clampCost(cost))
	l.arrivalTimes[key] = tat
	return l.gcra.newDecision(tat-now, wait)
}

// evictBuckets makes room: of a few buckets, wherever the map begins, it forgets those
// that are full, which changes no decision, or else the fullest. Who asks under
// ever new keys so pushes out the like of himself before those who are at their
// limit.
func (l *MemoryLimiter) evictBuckets(now int64) {
	const look = 16
	var fullest string
	seen, least := 0, int64(0)
	for key, tat := range l.arrivalTimes {
		if tat <= now {
			delete(l.arrivalTimes, key)
		}
		if seen == 0 || tat < least {
			fullest, least = key, tat
		}
		if seen++; seen == look {
			break
		}
	}
	delete(l.arrivalTimes, fullest)
}
