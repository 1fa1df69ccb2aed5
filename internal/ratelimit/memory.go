package ratelimit

import (
	"context"
	"sync"
	"time"
)

// maxBuckets limits the memory of buckets to about 10 MB.
const maxBuckets = 100_000

// MemoryLimiter is a Limiter with buckets in the memory of this process.
type MemoryLimiter struct {
	gcra    gcra
	started time.Time // origin of all times: a wall clock may be set back
	buckets
}

var _ Limiter = (*MemoryLimiter)(nil)

// NewMemoryLimiter returns a MemoryLimiter with full buckets. p must not be disabled.
func NewMemoryLimiter(p Policy) *MemoryLimiter {
	return &MemoryLimiter{gcra: newGCRA(p), started: time.Now(), buckets: newBuckets()}
}

// Allow takes cost from the bucket of key, or rejects and takes nothing.
func (l *MemoryLimiter) Allow(_ context.Context, key string, cost int) Decision {
	return l.spendCost(l.gcra, key, time.Since(l.started).Microseconds(), cost)
}

// Refund returns one to the bucket of key, unless it is full.
func (l *MemoryLimiter) Refund(_ context.Context, key string) Decision {
	return l.refund(l.gcra, key, time.Since(l.started).Microseconds())
}

// buckets are the theoretical arrival times of buckets that are not full, by their keys. It is safe for
// concurrent use.
type buckets struct {
	maxBuckets int

	mu           sync.Mutex
	arrivalTimes map[string]int64
}

func newBuckets() buckets {
	return buckets{maxBuckets: maxBuckets, arrivalTimes: map[string]int64{}}
}

// spendCost takes cost from the bucket of key at the time now, or rejects and takes nothing.
func (b *buckets) spendCost(g gcra, key string, now int64, cost int) Decision {
	return b.changeBucket(g, key, now, g.clampCost(cost))
}

// refund returns one to the bucket of key at the time now, unless it is full.
func (b *buckets) refund(g gcra, key string, now int64) Decision {
	return b.changeBucket(g, key, now, -1)
}

func (b *buckets) changeBucket(g gcra, key string, now, cost int64) Decision {
	b.mu.Lock()
	defer b.mu.Unlock()
	tat, wait := g.spendCost(b.arrivalTimes[key], now, cost)
	b.storeArrival(key, tat, now)
	return g.newDecision(tat-now, wait)
}

// arrivalTime returns the theoretical arrival time of a bucket, 0 if it is full.
func (b *buckets) arrivalTime(key string) int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.arrivalTimes[key]
}

// raiseArrival sets the theoretical arrival time of a bucket, unless it is later already.
func (b *buckets) raiseArrival(key string, tat, now int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if tat > b.arrivalTimes[key] {
		b.storeArrival(key, tat, now)
	}
}

// setArrival sets the theoretical arrival time of a bucket.
func (b *buckets) setArrival(key string, tat, now int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.storeArrival(key, tat, now)
}

func (b *buckets) storeArrival(key string, tat, now int64) {
	if _, exists := b.arrivalTimes[key]; !exists && len(b.arrivalTimes) >= b.maxBuckets {
		b.evictBuckets(now)
	}
	b.arrivalTimes[key] = tat
}

// evictBuckets frees memory. It samples sampleSize buckets in map order and deletes the full ones, which
// changes no decision, or else the fullest one. A client that sends ever new keys therefore evicts its
// own buckets before buckets at their limit.
func (b *buckets) evictBuckets(now int64) {
	const sampleSize = 16
	var fullest string
	seen, earliest := 0, int64(0)
	for key, tat := range b.arrivalTimes {
		if tat <= now {
			delete(b.arrivalTimes, key)
		}
		if seen == 0 || tat < earliest {
			fullest, earliest = key, tat
		}
		if seen++; seen == sampleSize {
			break
		}
	}
	delete(b.arrivalTimes, fullest)
}
