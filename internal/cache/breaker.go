package cache

import (
	"sync/atomic"
	"time"
)

// failuresToOpen is how many failures in a row open a breaker.
const failuresToOpen = 5

// breaker keeps calls away from a server in trouble: after failuresToOpen failures
// in a row it is open, and then lets one call through in every pause to find out
// whether the server is back. Asking it costs two atomic reads at most.
type breaker struct {
	pause    time.Duration
	failures atomic.Int32
	// until is when the next call may go through, in nanoseconds since the start
	// of the process; 0 while closed.
	until atomic.Int64
}

// started makes times monotonic: a wall clock set back would keep a breaker open.
var started = time.Now()

func sinceStart() int64 { return int64(time.Since(started)) }

// allow tells whether a call may be made now.
func (b *breaker) allow() bool {
	until := b.until.Load()
	if until == 0 {
		return true
	}
	now := sinceStart()
	// Of all that come when the pause is over, one wins. Should it never report,
	// another may try after the next pause.
	return now >= until && b.until.CompareAndSwap(until, now+int64(b.pause))
}

func (b *breaker) open() bool { return b.until.Load() != 0 }

// succeed tells whether this closed the breaker.
func (b *breaker) succeed() bool {
	if b.failures.Load() == 0 { // a write at each call would cost every core its cache line
		return false
	}
	b.failures.Store(0)
	return b.until.Swap(0) != 0
}

// fail tells whether this opened the breaker.
func (b *breaker) fail() bool {
	if b.failures.Add(1) < failuresToOpen {
		return false
	}
	return b.until.Swap(sinceStart()+int64(b.pause)) == 0
}
