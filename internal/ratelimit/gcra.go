package ratelimit

import "time"

// gcra is the generic cell rate algorithm of ITU-T I.371, in whole microseconds
// so that Go and Lua come to the same numbers. All that there is to remember of a
// bucket is when it will be full again, its theoretical arrival time (tat): a
// bucket whose tat is past is as good as none.
//
// It and gcra.lua are the same arithmetic, and TestSharedDecidesAsGo holds them to it.
type gcra struct {
	policy   Policy
	interval int64 // the time in which one request is filled up
	burst    int64 // the time in which the whole bucket is
}

func newGCRA(p Policy) gcra {
	limit := int64(p.Limit)
	interval := (p.Window.Microseconds() + limit - 1) / limit
	return gcra{policy: p, interval: interval, burst: interval * limit}
}

// spendCost takes cost from a bucket at the time now. It returns the bucket's new tat,
// and for how long a cost that does not fit has to wait, 0 where it was taken.
func (g gcra) spendCost(tat, now, cost int64) (newTAT, wait int64) {
	// A tat further ahead than a whole bucket is from a policy or a clock of before.
	tat = min(max(tat, now), now+g.burst)
	if wait = tat + cost*g.interval - now - g.burst; wait > 0 {
		return tat, wait
	}
	return tat + cost*g.interval, 0
}

func (g gcra) clampCost(cost int) int64 { return int64(min(max(cost, 1), g.policy.Limit)) }

// newDecision says what spend found; ahead is how far the new tat is ahead of now.
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
