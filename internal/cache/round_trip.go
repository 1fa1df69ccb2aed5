package cache

import (
	"sync"
	"sync/atomic"
	"time"
)

const (
	// roundTripsPerUse is how many smoothed round trips the deadline of a use has: a new connection takes
	// two before its first command, and a script that Redis does not know yet is sent twice.
	roundTripsPerUse = 4
	// maxDeadline is the longest deadline of a use. A Redis with a longer round trip is not used.
	maxDeadline = 250 * time.Millisecond
)

// RoundTrip is the smoothed time of round trips to a server. A longer sample counts for half, so that a
// deadline grows at once; a shorter one counts for an eighth, as in RFC 6298. It is safe for concurrent
// use.
type RoundTrip struct {
	mu       sync.Mutex
	smoothed atomic.Int64
}

// Record adds the time of one round trip.
func (t *RoundTrip) Record(sample time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch smoothed := t.Smoothed(); {
	case smoothed == 0:
		t.smoothed.Store(int64(sample))
	case sample > smoothed:
		t.smoothed.Store(int64((smoothed + sample) / 2))
	default:
		t.smoothed.Store(int64(smoothed - (smoothed-sample)/8))
	}
}

// Smoothed returns the smoothed time, 0 before the first sample.
func (t *RoundTrip) Smoothed() time.Duration { return time.Duration(t.smoothed.Load()) }

// RoundTrip returns the smoothed time of a round trip to Redis; of a cluster, to its slowest master. It is
// 0 before the first check.
func (r *Redis) RoundTrip() time.Duration { return r.roundTrip.Smoothed() }

// deadline returns the deadline of one use: four round trips, within the bounds.
func (r *Redis) deadline() time.Duration {
	return min(max(r.minDeadline, roundTripsPerUse*r.roundTrip.Smoothed()), r.maxDeadline())
}

// maxDeadline returns the longest deadline of one use.
func (r *Redis) maxDeadline() time.Duration { return max(r.minDeadline, maxDeadline) }
