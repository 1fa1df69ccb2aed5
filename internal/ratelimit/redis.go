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
	started      time.Time
	clockOffset  atomic.Int64 // Redis's time when this process's clock read started, in microseconds
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
	g := l.gcra
	var reply []int64
	err := l.redis.RunCommands(ctx, func(ctx context.Context, c redis.UniversalClient) (err error) {
		reply, err = gcraScript.Run(ctx, c, []string{l.redisKey(key)}, g.interval, g.burst, g.clampCost(cost), l.shadow.arrivalTime(key)).Int64Slice()
		if err == nil && len(reply) != 3 {
			err = fmt.Errorf("rate limit script returned %d numbers instead of 3", len(reply))
		}
		return err
	})
	elapsed := time.Since(l.started).Microseconds()
	if err != nil { // cache.Redis counts and logs it
		return l.shadow.spendCost(l.outage, key, l.clockOffset.Load()+elapsed, cost)
	}
	now, tat, wait := reply[0], reply[1], reply[2]
	l.clockOffset.Store(now - elapsed)
	l.shadow.raiseArrival(key, tat, now)
	return g.newDecision(tat-now, wait)
}

func (l *RedisLimiter) redisKey(key string) string {
	return l.redis.PrefixedKey("limit:" + l.gcra.policy.Name + ":" + key)
}
