package limit

import (
	"context"
	"sync/atomic"
)

// counted is a Limiter that counts what it decides.
type counted struct {
	Limiter
	name             string
	allowed, refused atomic.Uint64
}

// Allow decides as the Limiter does.
func (c *counted) Allow(ctx context.Context, key string, cost int) Decision {
	d := c.Limiter.Allow(ctx, key, cost)
	if d.Allowed {
		c.allowed.Add(1)
	} else {
		c.refused.Add(1)
	}
	return d
}

// PolicyStats are counts since the start of what one policy decided.
type PolicyStats struct {
	// Policy is the name of the policy.
	Policy string
	// Allowed and Refused are how often it did either.
	Allowed, Refused uint64
}

// Stats returns the counts of the policies that are not off, always in one order.
func (l *Limits) Stats() []PolicyStats {
	var all []PolicyStats
	for _, c := range []*counted{l.requests, l.premium, l.cost, l.sessions, l.attempts} {
		if c != nil {
			all = append(all, PolicyStats{c.name, c.allowed.Load(), c.refused.Load()})
		}
	}
	return all
}

// Slowed returns how many requests were made to wait since the start, and how many
// were refused because too many waited already.
func (l *Limits) Slowed() (slowed, crowded uint64) {
	return l.waiting.slowed.Load(), l.waiting.full.Load()
}
