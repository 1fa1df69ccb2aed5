package cache

import (
	"sync/atomic"
	"time"
)

// failuresToOpen is the number of consecutive failures that opens a breaker.
const failuresToOpen = 5

// breaker is a circuit breaker: after failuresToOpen consecutive failures it opens, and admits no call
// until a check of the server succeeds. A check of its state costs at most two atomic reads.
type breaker struct {
	opened   atomic.Bool
	failures atomic.Int32 // since the last success
	// lastFailure is when the last failure was counted, in nanoseconds since processStart.
	lastFailure atomic.Int64
}

// processStart makes times monotonic: a wall clock set back would let failures not count.
var processStart = time.Now()

func sinceStart() int64 { return int64(time.Since(processStart)) }

func (b *breaker) isOpen() bool { return b.opened.Load() }

// recordSuccess resets the count of failures. It does not close the breaker: a use that began before it
// opened says nothing about the server now.
func (b *breaker) recordSuccess() {
	if b.failures.Load() != 0 && !b.isOpen() { // a write per call would invalidate the cache line of every core
		b.failures.Store(0)
	}
}

// recordFailure counts the failure of a call that began at a time, and reports whether the breaker has to
// open. A call that began before the last counted failure does not count: concurrent calls that fail
// together are one failure.
func (b *breaker) recordFailure(began int64) bool {
	last := b.lastFailure.Load()
	return began >= last && b.lastFailure.CompareAndSwap(last, sinceStart()) && b.failures.Add(1) >= failuresToOpen
}

// suspectFailure makes isSuspected return true until the next success.
func (b *breaker) suspectFailure() { b.failures.CompareAndSwap(0, 1) }

// isSuspected reports whether no call has succeeded since the last failure.
func (b *breaker) isSuspected() bool { return b.failures.Load() > 0 }

// open opens the breaker and reports whether it was closed.
func (b *breaker) open() bool { return !b.opened.Swap(true) }

// close closes the breaker and reports whether it was open.
func (b *breaker) close() bool {
	b.failures.Store(0)
	return b.opened.Swap(false)
}
