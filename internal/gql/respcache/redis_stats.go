package respcache

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/redis/go-redis/v9"

	"github.com/7p-education/api/internal/cache"
)

// scanBatchSize is about how many keys one SCAN inspects: no other command waits for more
// than that.
const scanBatchSize = 1000

// RedisStats are the sizes of a Redis; of a cluster, the sums over its masters.
type RedisStats struct {
	Entries int64
	// MemoryBytes is the memory that Redis uses for all its data, in bytes.
	MemoryBytes int64
}

// ReadRedisStats counts the entries in a Redis that belong to the current history of its database, of
// all versions of this program. It scans all keys.
func ReadRedisStats(ctx context.Context, r *cache.Redis) (stats RedisStats, err error) {
	var entries, memory atomic.Int64 // the masters of a cluster are scanned concurrently
	countNode := func(ctx context.Context, c *redis.Client) error {
		used, err := readUsedMemory(ctx, c)
		if err != nil {
			return err
		}
		memory.Add(used)
		keys := c.Scan(ctx, 0, r.HistoryKey(keyPrefix)+"*", scanBatchSize).Iterator()
		for keys.Next(ctx) {
			if !strings.HasSuffix(keys.Val(), lockSuffix) {
				entries.Add(1)
			}
		}
		return keys.Err()
	}
	err = r.RunCommands(ctx, func(ctx context.Context, c redis.UniversalClient) error {
		if cluster, ok := c.(*redis.ClusterClient); ok {
			return cluster.ForEachMaster(ctx, countNode)
		}
		return countNode(ctx, c.(*redis.Client))
	})
	return RedisStats{Entries: entries.Load(), MemoryBytes: memory.Load()}, err
}

func readUsedMemory(ctx context.Context, c *redis.Client) (int64, error) {
	info, err := c.InfoMap(ctx, "memory").Result()
	if err != nil {
		return 0, err
	}
	used, err := strconv.ParseInt(info["Memory"]["used_memory"], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("parse used_memory of Redis: %w", err)
	}
	return used, nil
}
