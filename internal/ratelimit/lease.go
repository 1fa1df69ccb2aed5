package ratelimit

// permits are a span of a bucket's time: what a process took from the bucket and has not spent. The tat of
// a bucket in Redis is the end of all that was taken, so the permits of two processes never overlap. A
// permit whose time is past is void, because the bucket has refilled meanwhile. The zero permits are none.
type permits struct {
	from, to int64 // in Redis's time, in microseconds
}

// left returns the time of the permits that is not past.
func (p permits) left(now int64) int64 { return max(0, p.to-max(p.from, now)) }

// spend takes the time of a cost from the permits, and reports whether it fits.
func (p *permits) spend(now, due int64) bool {
	if p.left(now) < due {
		return false
	}
	p.from = max(p.from, now) + due
	return true
}

// lease is what a process holds of one caller's bucket, and how fast the caller spends it.
type lease struct {
	permits permits
	tat     int64 // the bucket's, when Redis changed it last
	// offset is Redis's time minus the clock of the limiter, or a little more, so that permits are void rather
	// too early than too late.
	offset    int64
	changed   int64 // when Redis changed the bucket, by the clock
	exhausted int64 // until when the bucket has none to lease, by the clock
	// parked is whether the permits could not be returned, because another process took from the bucket after them.
	parked bool
	// changing is closed when the change in progress ends; nil without one. Only one change at a time leases or
	// returns permits, and other requests wait for it.
	changing chan struct{}
	recent   float64 // what the caller spends in one lifetime of permits
	counted  int64   // when recent was computed, by the clock
}

// countCost adds a cost to a leaky average over the lifetime of permits.
func (c *lease) countCost(now, cost, lifetime int64) {
	c.recent = c.recent*max(0, 1-float64(now-c.counted)/float64(lifetime)) + float64(cost)
	c.counted = now
}

// wantedPermits returns how many permits to lease beside a cost: what the caller spends in half of their
// lifetime. It returns 0 if they would serve less than two further requests of this cost.
func (c *lease) wantedPermits(now, cost int64) int64 {
	if n := int64(c.recent / 2); n >= 2*cost && now >= c.exhausted {
		return n
	}
	return 0
}
