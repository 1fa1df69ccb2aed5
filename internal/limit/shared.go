package limit

import (
	"context"
	_ "embed"
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/7p-education/api/internal/cache"
)

//go:embed gcra.lua
var source string

var script = redis.NewScript(source)

// Shared is a Limiter over buckets in Redis, one for all processes. While Redis is
// in trouble, each process decides by buckets of its own, of half the limit: nobody
// is without a limit then, and nobody is refused for all of that time.
type Shared struct {
	redis *cache.Redis
	gcra  gcra
	local *Local
}

var _ Limiter = (*Shared)(nil)

// NewShared returns a Shared. p must not be off.
func NewShared(p Policy, r *cache.Redis) *Shared {
	return &Shared{redis: r, gcra: newGCRA(p), local: NewLocal(p.half())}
}

// Allow takes cost out of the bucket of key, or refuses and takes nothing.
func (s *Shared) Allow(ctx context.Context, key string, cost int) Decision {
	g := s.gcra
	var times []int64
	err := s.redis.Do(ctx, func(ctx context.Context, c redis.UniversalClient) (err error) {
		times, err = script.Run(ctx, c, []string{s.bucket(key)}, g.interval, g.burst, g.cost(cost)).Int64Slice()
		if err == nil && len(times) != 2 {
			err = fmt.Errorf("the script of the rate limit returned %d numbers, not 2", len(times))
		}
		return err
	})
	if err != nil { // counted and logged by cache.Redis
		return s.local.Allow(ctx, key, cost)
	}
	return g.decision(times[0], times[1])
}

func (s *Shared) bucket(key string) string {
	return s.redis.Key("limit:" + s.gcra.policy.Name + ":" + key)
}
