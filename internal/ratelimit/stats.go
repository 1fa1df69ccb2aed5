package ratelimit

import (
	"context"
	"sync/atomic"
)

// countedLimiter is a Limiter that counts what it decides.
type countedLimiter struct {
	Limiter
	name              string
	allowed, rejected atomic.Uint64
}

// Allow decides as the Limiter does.
func (c *countedLimiter) Allow(ctx context.Context, key string, cost int) Decision {
	d := c.Limiter.Allow(ctx, key, cost)
	if d.Allowed {
		c.allowed.Add(1)
	} else {
		c.rejected.Add(1)
	}
	return d
}

// PolicyStats are counts since the start of what one policy decided.
type PolicyStats struct {
	// Policy is the name of the policy.
	Policy string
	// Allowed and Refused are how often it did either.
	Allowed, Rejected uint64
}

// PolicyStats returns the counts of the policies that are not off, always in one order.
func (l *Limits) PolicyStats() []PolicyStats {
	var all []PolicyStats
	for _, c := range []*countedLimiter{l.requests, l.premium, l.cost, l.signIns, l.emailSignIns} {
		if c != nil {
			all = append(all, PolicyStats{c.name, c.allowed.Load(), c.rejected.Load()})
		}
	}
	return all
}

// DelayStats returns how many requests were made to wait since the start, and how many
// were refused because too many waited already.
func (l *Limits) DelayStats() (delayed, queueFull uint64) {
	return l.delays.delayed.Load(), l.delays.overflowed.Load()
}
