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
	cooldown time.Duration
	failures atomic.Int32
	// nextAttempt is when the next call may go through, in nanoseconds since the start
	// of the process; 0 while closed.
	nextAttempt atomic.Int64
}

// processStart makes times monotonic: a wall clock set back would keep a breaker open.
var processStart = time.Now()

func sinceStart() int64 { return int64(time.Since(processStart)) }

// allowCall tells whether a call may be made now.
func (b *breaker) allowCall() bool {
	until := b.nextAttempt.Load()
	if until == 0 {
		return true
	}
	now := sinceStart()
	// Of all that come when the pause is over, one wins. Should it never report,
	// another may try after the next pause.
	return now >= until && b.nextAttempt.CompareAndSwap(until, now+int64(b.cooldown))
}

func (b *breaker) isOpen() bool { return b.nextAttempt.Load() != 0 }

// recordSuccess tells whether this closed the breaker.
func (b *breaker) recordSuccess() bool {
	if b.failures.Load() == 0 { // a write at each call would cost every core its cache line
		return false
	}
	b.failures.Store(0)
	return b.nextAttempt.Swap(0) != 0
}

// recordFailure tells whether this opened the breaker.
func (b *breaker) recordFailure() bool {
	if b.failures.Add(1) < failuresToOpen {
		return false
	}
	return b.nextAttempt.Swap(sinceStart()+int64(b.cooldown)) == 0
}
