package ratelimit

import (
	"context"
	_ "embed"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/7p-education/api/internal/cache"
)

//go:embed gcra.lua
var gcraSource string

var gcraScript = redis.NewScript(gcraSource)

// RedisLimiter is a Limiter with buckets in Redis, shared by all processes.
//
// Each process also has a shadow: the buckets as it saw them last. The script receives the shadow's
// bucket and uses the emptier of the two, so a bucket that Redis evicted or lost is restored by the next
// decision, without another round trip. The shadow is never emptier than the bucket in Redis was. It can
// therefore only restore a decision, and a process that has no shadow of a bucket decides as Redis does.
//
// While Redis is unavailable, each process decides by its shadow alone, with half the limit. No caller
// is then without a limit, no caller is rejected for the whole time, and a caller at its limit stays at
// its limit.
type RedisLimiter struct {
	redis        *cache.Redis
	script       *redis.Script
	gcra, outage gcra
	shadow       buckets // in Redis's time
	// ownShadow restricts the shadow to the costs of this process that were not returned. The costs of
	// other processes must not be restored, because these may have returned them.
	ownShadow   bool
	clock       func() int64 // microseconds since the limiter was made
	clockOffset atomic.Int64 // Redis's time when the clock read 0, in microseconds
}

var _ Limiter = (*RedisLimiter)(nil)

// NewRedisLimiter returns a RedisLimiter. p must not be disabled.
func NewRedisLimiter(p Policy, r *cache.Redis) *RedisLimiter {
	started := time.Now()
	l := &RedisLimiter{
		redis: r, script: gcraScript, gcra: newGCRA(p), outage: newGCRA(p.halveLimit()), shadow: newBuckets(),
		clock: func() int64 { return time.Since(started).Microseconds() },
	}
	l.clockOffset.Store(started.UnixMicro()) // until the first reply
	return l
}

// Allow takes cost from the bucket of key, or rejects and takes nothing.
func (l *RedisLimiter) Allow(ctx context.Context, key string, cost int) Decision {
	b, err := l.changeBucket(ctx, key, bucketChange{cost: l.gcra.clampCost(cost), seen: l.shadow.arrivalTime(key)})
	switch {
	case err != nil:
		return l.shadow.spendCost(l.outage, key, b.now, cost)
	case !l.ownShadow:
		l.shadow.raiseArrival(key, b.tat, b.now)
	case b.wait == 0:
		l.shadow.spendCost(l.gcra, key, b.now, cost)
	}
	return l.gcra.newDecision(b.tat-b.now, b.wait)
}

// Refund returns one to the bucket of key, unless it is full. It is for limiters with ownShadow.
func (l *RedisLimiter) Refund(ctx context.Context, key string) Decision {
	b, err := l.changeBucket(ctx, key, bucketChange{cost: -1})
	if err != nil {
		return l.shadow.refund(l.outage, key, b.now)
	}
	l.shadow.refund(l.gcra, key, b.now)
	return l.gcra.newDecision(b.tat-b.now, 0)
}

// bucketChange is a change of a bucket in Redis; gcra.lua makes it.
type bucketChange struct {
	cost int64 // to take; negative to return it
	seen int64 // the bucket is at least as empty as this arrival time says
	// held are permits of this process. They return to the bucket, or pay for the cost if another process
	// took from the bucket after them.
	held permits
	// lease is the number of permits to lease beyond the cost; 0 for none. The bucket adds as many as it
	// refills in the time reserve while it is full, and leases none if they are more than its share.
	lease, reserve int64
}

// movesPermits reports whether the change leases or returns permits.
func (c bucketChange) movesPermits() bool { return c.lease > 0 || c.held != (permits{}) }

// bucketState is a bucket after a change.
type bucketState struct {
	now, tat int64   // Redis's time, and the bucket's arrival time
	wait     int64   // how long a cost that does not fit has to wait; 0 if it was taken
	held     permits // by this process
}

// changeBucket changes the bucket of key in Redis. If there is an error, which cache.Redis counts and logs,
// only the time is set, to an estimate.
func (l *RedisLimiter) changeBucket(ctx context.Context, key string, c bucketChange) (b bucketState, err error) {
	err = l.redis.RunCommands(ctx, func(ctx context.Context, client redis.UniversalClient) (err error) {
		b, err = parseBucketState(l.script.Run(ctx, client, []string{l.redisKey(key)}, l.scriptArgs(c)...))
		return err
	})
	elapsed := l.clock()
	if err != nil {
		return bucketState{now: l.clockOffset.Load() + elapsed}, err
	}
	l.clockOffset.Store(b.now - elapsed)
	return b, nil
}

func (l *RedisLimiter) scriptArgs(c bucketChange) []any {
	return []any{l.gcra.interval, l.gcra.burst, c.cost, c.seen, c.held.from, c.held.to, c.lease, c.reserve}
}

func parseBucketState(cmd *redis.Cmd) (bucketState, error) {
	reply, err := cmd.Int64Slice()
	if err == nil && len(reply) != 5 {
		err = fmt.Errorf("rate limit script returned %d numbers instead of 5", len(reply))
	}
	if err != nil {
		return bucketState{}, err
	}
	return bucketState{now: reply[0], tat: reply[1], wait: reply[2], held: permits{reply[3], reply[4]}}, nil
}

func (l *RedisLimiter) redisKey(key string) string {
	return l.redis.PrefixedKey("limit:" + l.gcra.policy.Name + ":" + key)
}
