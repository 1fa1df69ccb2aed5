package ratelimit

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/7p-education/api/internal/cache"
)

const (
	// maxLeases limits the memory of leases to about 3 MB. Further callers are decided by Redis.
	maxLeases = 10_000
	// maxPermitLifetime is how long permits may be spent without a change in Redis, and leasesPerWindow limits
	// it for short windows.
	maxPermitLifetime = time.Second
	leasesPerWindow   = 60
)

// leasedLimiter is a RedisLimiter that leases permits: it takes more from the bucket of a busy caller than
// a request costs, and spends the rest in memory. All processes together admit what one bucket admits. A
// process that crashes loses its permits, which refill.
//
// A lease is what its caller spends here in half a second, and at most a sixteenth of what the bucket holds.
// From a full bucket it is also what refills in that time. A caller that sends few requests, or whose
// bucket is nearly empty, has no lease: Redis decides each of its requests.
//
// Permits are spent for a second. Then they return to the bucket, or, if another process has taken from it
// since, pay for the caller's next request here. Before a request is rejected they return or pay for it.
//
// Decisions report what the bucket held when this process changed it last, less what the process spent
// since: other processes may have spent more, and what they hold counts as spent.
type leasedLimiter struct {
	*RedisLimiter
	lifetime int64 // of permits, in microseconds

	localDecisions atomic.Uint64 // which took no command to Redis

	mu      sync.Mutex
	leases  map[string]*lease
	sweeper *time.Timer // nil while there are no leases
	closed  bool
}

var _ Limiter = (*leasedLimiter)(nil)

// newLeasedLimiter returns a leasedLimiter. p must not be disabled.
func newLeasedLimiter(p Policy, r *cache.Redis) *leasedLimiter {
	return &leasedLimiter{
		RedisLimiter: NewRedisLimiter(p, r), leases: map[string]*lease{},
		lifetime: min(maxPermitLifetime, p.Window/leasesPerWindow).Microseconds(),
	}
}

// Allow takes cost from the permits of this process or from the bucket of key, or rejects and takes nothing.
func (l *leasedLimiter) Allow(ctx context.Context, key string, cost int) Decision {
	units := l.gcra.clampCost(cost)
	for counted := false; ; counted = true {
		l.mu.Lock()
		c, now := l.findLease(key), l.clock()
		if !counted {
			c.countCost(now, units, l.lifetime)
		}
		if d, ok := l.spendPermits(c, now, units); ok {
			l.mu.Unlock()
			return d
		}
		if changing := c.changing; changing != nil {
			l.mu.Unlock()
			select {
			case <-changing:
				continue
			case <-ctx.Done():
				return l.RedisLimiter.Allow(ctx, key, cost)
			}
		}
		change := l.beginChange(key, c, now, units)
		l.mu.Unlock()
		if d, ok := l.spendInRedis(ctx, key, c, change); ok {
			return d
		}
	}
}

// findLease returns the lease of a key. If there are too many, it is a new one that is forgotten.
func (l *leasedLimiter) findLease(key string) *lease {
	c := l.leases[key]
	if c == nil {
		c = &lease{}
		if len(l.leases) < maxLeases && !l.closed {
			l.leases[key] = c
			l.startSweeper()
		}
	}
	return c
}

// spendPermits takes a cost from the permits of this process, if they are still valid and hold it.
func (l *leasedLimiter) spendPermits(c *lease, now, units int64) (Decision, bool) {
	redisNow := now + c.offset
	if now-c.changed >= l.lifetime || !c.permits.spend(redisNow, units*l.gcra.interval) {
		return Decision{}, false
	}
	l.localDecisions.Add(1)
	return l.gcra.newDecision(max(c.tat, redisNow)-redisNow-c.permits.left(redisNow), 0), true
}

// beginChange takes the permits from a lease and returns the change that takes a cost from the bucket. The
// lease is changing if the change returns or leases permits.
func (l *leasedLimiter) beginChange(key string, c *lease, now, units int64) bucketChange {
	change := bucketChange{
		cost: units, seen: l.shadow.arrivalTime(key), held: c.permits,
		lease: c.wantedPermits(now, units), reserve: l.lifetime / 2,
	}
	c.permits = permits{}
	if change.movesPermits() {
		c.changing = make(chan struct{})
	}
	return change
}

// spendInRedis makes a change that takes a cost. It returns false if the cost does not fit and the process
// leased permits meanwhile.
func (l *leasedLimiter) spendInRedis(ctx context.Context, key string, c *lease, change bucketChange) (Decision, bool) {
	if change.movesPermits() { // other requests wait for it
		ctx = context.WithoutCancel(ctx)
	}
	began := l.clock()
	b, err := l.changeBucket(ctx, key, change)
	l.mu.Lock()
	defer l.mu.Unlock()
	if change.movesPermits() {
		l.endChange(key, c, change, b, began)
	}
	switch {
	case err != nil:
		return l.shadow.spendCost(l.outage, key, b.now, int(change.cost)), true
	case change.movesPermits():
	case b.wait == 0:
		l.shadow.raiseArrival(key, b.tat, b.now)
	case c.changing != nil || c.permits != (permits{}):
		return Decision{}, false
	}
	return l.gcra.newDecision(b.tat-b.now-b.held.left(b.now), b.wait), true
}

// endChange records the result of a change that returned or leased permits; a bucketState without a tat if it
// failed. The permits are lost then, because Redis may have made the change.
func (l *leasedLimiter) endChange(key string, c *lease, change bucketChange, b bucketState, began int64) {
	switch returned := change.held != (permits{}); {
	case b.tat == 0:
	case returned && b.held.to != change.held.to:
		l.shadow.setArrival(key, b.tat, b.now)
	case !returned && b.wait == 0:
		l.shadow.raiseArrival(key, b.tat, b.now)
	}
	if change.lease > 0 && b.held == (permits{}) {
		c.exhausted = began + l.lifetime/2
	}
	c.permits, c.tat, c.offset, c.changed, c.parked = b.held, b.tat, b.now-began, began, false
	close(c.changing)
	c.changing = nil
}
