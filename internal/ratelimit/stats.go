package ratelimit

import (
	"context"
	"sync/atomic"

	"github.com/7p-education/api/internal/cache"
)

// countedLimiter is a Limiter that counts its decisions.
type countedLimiter struct {
	Limiter
	policy            Policy
	allowed, rejected atomic.Uint64
}

// newCountedLimiter returns a Limiter with buckets in r, or in memory if r is nil; nil if p is disabled.
func newCountedLimiter(p Policy, r *cache.Redis) *countedLimiter {
	if p.Disabled() {
		return nil
	}
	return &countedLimiter{Limiter: NewLimiter(p, r), policy: p}
}

// newCostLimiter is newCountedLimiter with leased permits, if the buckets are in Redis.
func newCostLimiter(p Policy, r *cache.Redis) (*countedLimiter, *leasedLimiter) {
	if p.Disabled() || r == nil {
		return newCountedLimiter(p, r), nil
	}
	leased := newLeasedLimiter(p, r)
	return &countedLimiter{Limiter: leased, policy: p}, leased
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

// PolicyStats returns the counts of the enabled policies, always in the same order. The requests of all
// kinds of callers are counted together.
func (l *Limits) PolicyStats() []PolicyStats {
	var all []PolicyStats
	limiters := []*countedLimiter{
		l.anonymous.requests, l.viewer.requests, l.premium.requests,
		l.anonymous.mutations, l.viewer.mutations, l.premium.mutations, l.refreshes, l.cost,
	}
	if l.signIns != nil {
		limiters = append(limiters, l.signIns.countedLimiter)
	}
	limiters = append(limiters, l.registrations, l.mails, l.failures)
	if l.emails != nil {
		limiters = append(limiters, l.emails.all, l.emails.known)
	}
	for _, c := range limiters {
		if c == nil {
			continue
		}
		if n := len(all); n == 0 || all[n-1].Policy != c.policy.Name {
			all = append(all, PolicyStats{Policy: c.policy.Name})
		}
		sum := &all[len(all)-1]
		sum.Allowed, sum.Rejected = sum.Allowed+c.allowed.Load(), sum.Rejected+c.rejected.Load()
	}
	return all
}

// DelayStats returns how many requests were delayed since the start of the process, and how many were
// rejected because the delay queue was full.
func (l *Limits) DelayStats() (delayed, queueFull uint64) {
	delayed, queueFull = l.delays.delayed.Load(), l.delays.overflowed.Load()
	if l.signIns != nil {
		delayed, queueFull = delayed+l.signIns.delays.delayed.Load(), queueFull+l.signIns.delays.overflowed.Load()
	}
	return delayed, queueFull
}

// LeasedDecisions returns how many decisions about cost were made with leased permits, without a command to Redis.
func (l *Limits) LeasedDecisions() uint64 {
	if l.leased == nil {
		return 0
	}
	return l.leased.localDecisions.Load()
}
