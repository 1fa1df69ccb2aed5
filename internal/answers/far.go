package answers

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/redis/go-redis/v9"

	"github.com/7p-education/api/internal/cache"
)

// scanStep is about how many keys Redis looks at in one go: no other command waits
// for more than that.
const scanStep = 1000

// Far is what a Redis holds, in a cluster all of its masters together.
type Far struct {
	Answers int64
	// Memory is what all of Redis uses, in bytes, whatever it is for.
	Memory int64
}

// FarIn counts the answers in a Redis, of all versions of this program, by looking at
// all of its keys.
func FarIn(ctx context.Context, r *cache.Redis) (far Far, err error) {
	var answers, memory atomic.Int64 // the masters of a cluster are asked at once
	ask := func(ctx context.Context, c *redis.Client) error {
		used, err := usedMemory(ctx, c)
		if err != nil {
			return err
		}
		memory.Add(used)
		keys := c.Scan(ctx, 0, r.Key(keyPrefix)+"*", scanStep).Iterator()
		for keys.Next(ctx) {
			if !strings.HasSuffix(keys.Val(), lockSuffix) {
				answers.Add(1)
			}
		}
		return keys.Err()
	}
	err = r.Do(ctx, func(ctx context.Context, c redis.UniversalClient) error {
		if cluster, ok := c.(*redis.ClusterClient); ok {
			return cluster.ForEachMaster(ctx, ask)
		}
		return ask(ctx, c.(*redis.Client))
	})
	return Far{Answers: answers.Load(), Memory: memory.Load()}, err
}

func usedMemory(ctx context.Context, c *redis.Client) (int64, error) {
	info, err := c.InfoMap(ctx, "memory").Result()
	if err != nil {
		return 0, err
	}
	used, err := strconv.ParseInt(info["Memory"]["used_memory"], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("used_memory of Redis: %w", err)
	}
	return used, nil
}
