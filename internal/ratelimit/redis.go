package ratelimit

import (
	"context"
	_ "embed"
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/7p-education/api/internal/cache"
)

//go:embed gcra.lua
var gcraSource string

var gcraScript = redis.NewScript(gcraSource)

// RedisLimiter is a Limiter with buckets in Redis, shared by all processes. While Redis is
// unavailable, each process uses buckets of its own with half the limit. No caller is then without a
// limit, and no caller is rejected for the whole time.
type RedisLimiter struct {
	redis    *cache.Redis
	gcra     gcra
	fallback *MemoryLimiter
}

var _ Limiter = (*RedisLimiter)(nil)

// NewRedisLimiter returns a RedisLimiter. p must not be disabled.
func NewRedisLimiter(p Policy, r *cache.Redis) *RedisLimiter {
	return &RedisLimiter{redis: r, gcra: newGCRA(p), fallback: NewMemoryLimiter(p.halveLimit())}
}

// Allow takes cost from the bucket of key, or rejects and takes nothing.
func (l *RedisLimiter) Allow(ctx context.Context, key string, cost int) Decision {
	g := l.gcra
	var times []int64
	err := l.redis.RunCommands(ctx, func(ctx context.Context, c redis.UniversalClient) (err error) {
		times, err = gcraScript.Run(ctx, c, []string{l.redisKey(key)}, g.interval, g.burst, g.clampCost(cost)).Int64Slice()
		if err == nil && len(times) != 2 {
			err = fmt.Errorf("rate limit script returned %d numbers instead of 2", len(times))
		}
		return err
	})
	if err != nil { // cache.Redis counts and logs it
		return l.fallback.Allow(ctx, key, cost)
	}
	return g.newDecision(times[0], times[1])
}

func (l *RedisLimiter) redisKey(key string) string {
	return l.redis.PrefixedKey("limit:" + l.gcra.policy.Name + ":" + key)
}
