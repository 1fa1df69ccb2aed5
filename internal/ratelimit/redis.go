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
	gcra, outage gcra
	shadow       buckets // in Redis's time
	// ownShadow restricts the shadow to the costs of this process that were not returned. The costs of
	// other processes must not be restored, because these may have returned them.
	ownShadow   bool
	started     time.Time
	clockOffset atomic.Int64 // Redis's time when this process's clock read started, in microseconds
}

var _ Limiter = (*RedisLimiter)(nil)

// NewRedisLimiter returns a RedisLimiter. p must not be disabled.
func NewRedisLimiter(p Policy, r *cache.Redis) *RedisLimiter {
	l := &RedisLimiter{redis: r, gcra: newGCRA(p), outage: newGCRA(p.halveLimit()), shadow: newBuckets(), started: time.Now()}
	l.clockOffset.Store(l.started.UnixMicro()) // until the first reply
	return l
}

// Allow takes cost from the bucket of key, or rejects and takes nothing.
func (l *RedisLimiter) Allow(ctx context.Context, key string, cost int) Decision {
	now, ahead, wait, err := l.changeBucket(ctx, key, l.gcra.clampCost(cost), l.shadow.arrivalTime(key))
	switch {
	case err != nil:
		return l.shadow.spendCost(l.outage, key, now, cost)
	case !l.ownShadow:
		l.shadow.raiseArrival(key, now+ahead, now)
	case wait == 0:
		l.shadow.spendCost(l.gcra, key, now, cost)
	}
	return l.gcra.newDecision(ahead, wait)
}

// Refund returns one to the bucket of key, unless it is full. It is for limiters with ownShadow.
func (l *RedisLimiter) Refund(ctx context.Context, key string) Decision {
	now, ahead, _, err := l.changeBucket(ctx, key, -1, 0)
	if err != nil {
		return l.shadow.refund(l.outage, key, now)
	}
	l.shadow.refund(l.gcra, key, now)
	return l.gcra.newDecision(ahead, 0)
}

// changeBucket takes cost from the bucket of key in Redis, which is at least as empty as the arrival time
// seen says. It returns Redis's time, the distance of the bucket's new tat from it, and how long a cost
// that does not fit has to wait. If there is an error, which cache.Redis counts and logs, the time is an
// estimate.
func (l *RedisLimiter) changeBucket(ctx context.Context, key string, cost, seen int64) (now, ahead, wait int64, err error) {
	var reply []int64
	err = l.redis.RunCommands(ctx, func(ctx context.Context, c redis.UniversalClient) (err error) {
		reply, err = gcraScript.Run(ctx, c, []string{l.redisKey(key)}, l.gcra.interval, l.gcra.burst, cost, seen).Int64Slice()
		if err == nil && len(reply) != 3 {
			err = fmt.Errorf("rate limit script returned %d numbers instead of 3", len(reply))
		}
		return err
	})
	elapsed := time.Since(l.started).Microseconds()
	if err != nil {
		return l.clockOffset.Load() + elapsed, 0, 0, err
	}
	now = reply[0]
	l.clockOffset.Store(now - elapsed)
	return now, reply[1] - now, reply[2], nil
}

func (l *RedisLimiter) redisKey(key string) string {
	return l.redis.PrefixedKey("limit:" + l.gcra.policy.Name + ":" + key)
}
