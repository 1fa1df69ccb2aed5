package ratelimit

import "time"

// gcra is the generic cell rate algorithm of ITU-T I.371, in whole microseconds so that Go and Lua
// compute the same numbers. The only state of a bucket is the time when it will be full again, its
// theoretical arrival time (tat). A bucket whose tat is past equals a missing one.
//
// gcra.lua has the same arithmetic; TestRedisMatchesGo compares the two.
type gcra struct {
	policy   Policy
	interval int64 // time to refill one request
	burst    int64 // time to refill the whole bucket
}

func newGCRA(p Policy) gcra {
	limit := int64(p.Limit)
	interval := (p.Window.Microseconds() + limit - 1) / limit
	return gcra{policy: p, interval: interval, burst: interval * limit}
}

// spendCost takes cost from a bucket at the time now, and returns a negative one to it. It returns the
// bucket's new tat, and how long a cost that does not fit has to wait; 0 if it was taken.
func (g gcra) spendCost(tat, now, cost int64) (newTAT, wait int64) {
	// A tat more than a whole bucket ahead is from an earlier policy or clock.
	tat = min(max(tat, now), now+g.burst)
	if wait = tat + cost*g.interval - now - g.burst; wait > 0 {
		return tat, wait
	}
	return max(tat+cost*g.interval, now), 0
}

func (g gcra) clampCost(cost int) int64 { return int64(min(max(cost, 1), g.policy.Limit)) }

// newDecision returns the Decision for the results of spendCost; ahead is the new tat minus now.
func (g gcra) newDecision(ahead, wait int64) Decision {
	remaining := (g.burst - ahead) / g.interval
	return Decision{
		Policy:         g.policy,
		Allowed:        wait == 0,
		Remaining:      int(remaining),
		ReplenishAfter: microseconds((remaining+1)*g.interval - (g.burst - ahead)),
		RetryAfter:     microseconds(wait),
	}
}

func microseconds(n int64) time.Duration { return time.Duration(n) * time.Microsecond }
