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

// RedisLimiter is a Limiter over buckets in Redis, one for all processes. While Redis is
// in trouble, each process decides by buckets of its own, of half the limit: nobody
// is without a limit then, and nobody is refused for all of that time.
type RedisLimiter struct {
	redis    *cache.Redis
	gcra     gcra
	fallback *MemoryLimiter
}

var _ Limiter = (*RedisLimiter)(nil)

// NewRedisLimiter returns a Shared. p must not be off.
func NewRedisLimiter(p Policy, r *cache.Redis) *RedisLimiter {
	return &RedisLimiter{redis: r, gcra: newGCRA(p), fallback: NewMemoryLimiter(p.halveLimit())}
}

// Allow takes cost out of the bucket of key, or refuses and takes nothing.
func (s *RedisLimiter) Allow(ctx context.Context, key string, cost int) Decision {
	g := s.gcra
	var times []int64
	err := s.redis.RunCommands(ctx, func(ctx context.Context, c redis.UniversalClient) (err error) {
		times, err = gcraScript.Run(ctx, c, []string{s.redisKey(key)}, g.interval, g.burst, g.clampCost(cost)).Int64Slice()
		if err == nil && len(times) != 2 {
			err = fmt.Errorf("the script of the rate limit returned %d numbers, not 2", len(times))
		}
		return err
	})
	if err != nil { // counted and logged by cache.Redis
		return s.fallback.Allow(ctx, key, cost)
	}
	return g.newDecision(times[0], times[1])
}

func (s *RedisLimiter) redisKey(key string) string {
	return s.redis.PrefixedKey("limit:" + s.gcra.policy.Name + ":" + key)
}
