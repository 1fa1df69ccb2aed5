package ratelimit

import (
	"context"
	"sync/atomic"
)

// countedLimiter is a Limiter that counts its decisions.
type countedLimiter struct {
	Limiter
	policy            Policy
	allowed, rejected atomic.Uint64
}

// Allow calls the Limiter and counts its decision.
func (c *countedLimiter) Allow(ctx context.Context, key string, cost int) Decision {
	d := c.Limiter.Allow(ctx, key, cost)
	if d.Allowed {
		c.allowed.Add(1)
	} else {
		c.rejected.Add(1)
	}
	return d
}

// PolicyStats counts the decisions of one policy since the start of the process.
type PolicyStats struct {
	// Policy is the name of the policy.
	Policy string
	// Allowed and Rejected count the decisions of either kind.
	Allowed, Rejected uint64
}

// PolicyStats returns the counts of the enabled policies, always in the same order.
func (l *Limits) PolicyStats() []PolicyStats {
	var all []PolicyStats
	limiters := []*countedLimiter{l.requests, l.premium, l.cost, l.signIns, l.registrations, l.failures}
	if l.emails != nil {
		limiters = append(limiters, l.emails.all, l.emails.known)
	}
	for _, c := range limiters {
		if c != nil {
			all = append(all, PolicyStats{c.policy.Name, c.allowed.Load(), c.rejected.Load()})
		}
	}
	return all
}

// DelayStats returns how many requests were delayed since the start of the process, and how many were
// rejected because the delay queue was full.
func (l *Limits) DelayStats() (delayed, queueFull uint64) {
	delayed, queueFull = l.delays.delayed.Load(), l.delays.overflowed.Load()
	if l.emails != nil {
		delayed, queueFull = delayed+l.emails.delays.delayed.Load(), queueFull+l.emails.delays.overflowed.Load()
	}
	return delayed, queueFull
}
