package cache

import (
	"sync/atomic"
	"time"
)

// failuresToOpen is the number of consecutive failures that opens a breaker.
const failuresToOpen = 5

// breaker is a circuit breaker: after failuresToOpen consecutive failures it opens, and then admits
// one call per cooldown to test whether the server works again. A check costs at most two atomic
// reads.
type breaker struct {
	cooldown time.Duration
	failures atomic.Int32 // since the last success
	// lastFailure is when the last failure was counted, nextAttempt when the next call is admitted; both
	// in nanoseconds since processStart. nextAttempt is 0 while closed.
	lastFailure, nextAttempt atomic.Int64
}

// processStart makes times monotonic: a wall clock set back would hold a breaker open.
var processStart = time.Now()

func sinceStart() int64 { return int64(time.Since(processStart)) }

// allowCall reports whether a call may be made now.
func (b *breaker) allowCall() bool {
	next := b.nextAttempt.Load()
	if next == 0 {
		return true
	}
	now := sinceStart()
	// One of the concurrent calls after the cooldown wins. If it never reports a result, another may
	// try after the next cooldown.
	return now >= next && b.nextAttempt.CompareAndSwap(next, now+int64(b.cooldown))
}

func (b *breaker) isOpen() bool { return b.nextAttempt.Load() != 0 }

// recordSuccess reports whether the success closed the breaker.
func (b *breaker) recordSuccess() bool {
	if b.failures.Load() == 0 { // a write per call would invalidate the cache line of every core
		return false
	}
	b.failures.Store(0)
	return b.nextAttempt.Swap(0) != 0
}

// recordFailure counts the failure of a call that began at a time, and reports whether it opened the
// breaker. A call that began before the last counted failure does not count: concurrent calls that fail
// together are one failure.
func (b *breaker) recordFailure(began int64) bool {
	last := b.lastFailure.Load()
	if began < last || !b.lastFailure.CompareAndSwap(last, sinceStart()) || b.failures.Add(1) < failuresToOpen {
		return false
	}
	return b.open()
}

// suspectFailure makes isSuspected return true until the next success.
func (b *breaker) suspectFailure() { b.failures.CompareAndSwap(0, 1) }

// isSuspected reports whether no call has succeeded since the last failure.
func (b *breaker) isSuspected() bool { return b.failures.Load() > 0 }

// open opens the breaker, or prolongs the cooldown, and reports whether it was closed.
func (b *breaker) open() bool { return b.nextAttempt.Swap(sinceStart()+int64(b.cooldown)) == 0 }
