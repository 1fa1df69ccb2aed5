package limit

import (
	"context"
	"sync"
	"time"
)

// maxBuckets bounds the memory of a Local, to about 10 MB.
const maxBuckets = 100_000

// Local is a Limiter over buckets in the memory of this process.
type Local struct {
	gcra       gcra
	started    time.Time // times are since then: a wall clock may be set back
	maxBuckets int

	mu   sync.Mutex
	tats map[string]int64
}

var _ Limiter = (*Local)(nil)

// NewLocal returns a Local of full buckets. p must not be off.
func NewLocal(p Policy) *Local {
	return &Local{gcra: newGCRA(p), started: time.Now(), maxBuckets: maxBuckets, tats: map[string]int64{}}
}

// Allow takes cost out of the bucket of key, or refuses and takes nothing.
func (l *Local) Allow(_ context.Context, key string, cost int) Decision {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Since(l.started).Microseconds()
	before, known := l.tats[key]
	if !known && len(l.tats) >= l.maxBuckets {
		l.evict(now)
	}
	tat, wait := l.gcra.spend(before, now, l.gcra.cost(cost))
	l.tats[key] = tat
	return l.gcra.decision(tat-now, wait)
}

// evict makes room: of a few buckets, wherever the map begins, it forgets those
// that are full, which changes no decision, or else the fullest. Who asks under
// ever new keys so pushes out the like of himself before those who are at their
// limit.
func (l *Local) evict(now int64) {
	const look = 16
	var fullest string
	seen, least := 0, int64(0)
	for key, tat := range l.tats {
		if tat <= now {
			delete(l.tats, key)
		}
		if seen == 0 || tat < least {
			fullest, least = key, tat
		}
		if seen++; seen == look {
			break
		}
	}
	delete(l.tats, fullest)
}
