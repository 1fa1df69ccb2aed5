package admission

import (
	"math"
	"time"
)

const (
	// The limit is computed again after each window, which has at least minWindow and minSamples queries.
	minWindow  = 100 * time.Millisecond
	minSamples = 10
	// smoothing is the share of a new limit that counts at once.
	smoothing = 0.3
)

// limitEstimate is the limit, and the measurements that it follows. As in Netflix's concurrency-limits, the limit is
// multiplied by a gradient, the ratio of the time that queries take without a queue to the time that they take now,
// and the square root of the limit is added. So it grows while there is no queue, and falls as the queue grows.
//
// The queue is that of the connections to the databases: each query reports how long it waited there. So the time
// without a queue is measured, and not estimated by a long-term minimum, which other queries would falsify.
type limitEstimate struct {
	limit, min, max float64
	adapts          bool
	recent          time.Duration // mean time of a query in the last window

	// The current window.
	start        time.Time
	samples      int
	total, waits time.Duration
	maxInUse     int
}

func newLimitEstimate(o Options) limitEstimate {
	if o.Limit > 0 {
		return limitEstimate{limit: float64(o.Limit)}
	}
	e := limitEstimate{min: float64(o.Min), max: float64(o.Max), adapts: true}
	e.limit = min(2*e.min, e.max)
	return e
}

// slots returns the limit as a number of queries.
func (e *limitEstimate) slots() int { return int(e.limit) }

// observeUse records how many queries are in progress.
func (e *limitEstimate) observeUse(inProgress int) { e.maxInUse = max(e.maxInUse, inProgress) }

// addSample adds a query that ended, and computes the limit again if the window is complete.
func (e *limitEstimate) addSample(now time.Time, took, connWait time.Duration) {
	if e.start.IsZero() {
		e.start = now.Add(-took)
	}
	e.samples++
	e.total += took
	e.waits += min(connWait, took) // a query may wait for several connections at a time
	if e.samples < minSamples || now.Sub(e.start) < minWindow {
		return
	}
	e.recent = e.total / time.Duration(e.samples)
	if e.adapts {
		e.adaptLimit()
	}
	e.start, e.samples, e.total, e.waits, e.maxInUse = now, 0, 0, 0, 0
}

// adaptLimit computes the limit from the window.
func (e *limitEstimate) adaptLimit() {
	if 2*e.maxInUse < e.slots() {
		return // few queries prove nothing about the limit: their waits are for new connections
	}
	gradient := 1.0
	if e.total > 0 {
		gradient = max(0.5, (e.total-e.waits).Seconds()/e.total.Seconds())
	}
	next := e.limit*gradient + math.Sqrt(e.limit)
	e.limit = min(max(e.limit+smoothing*(next-e.limit), e.min), e.max)
}
