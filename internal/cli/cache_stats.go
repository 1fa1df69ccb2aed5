package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"text/tabwriter"
	"time"

	"github.com/7p-education/api/internal/cache"
	"github.com/7p-education/api/internal/config"
	"github.com/7p-education/api/internal/gql/respcache"
)

// countTimeout is how long counting the keys of a Redis may take.
const countTimeout = time.Minute

type cacheStatsCommand struct{}

// Run prints how many responses are stored in Redis, and how much memory Redis uses.
func (*cacheStatsCommand) Run(ctx context.Context, c *config.Config) error {
	if c.RedisURL == "" {
		return errors.New("cache stats needs the REDIS_URL of the servers; /metrics has the figures of each server")
	}
	stats, err := readRedisStats(ctx, c.RedisURL)
	if err != nil {
		return err
	}
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(out, "Redis\t\n  keys\t%d\tresponses of all servers\n  memory\t%s\tof all its data\n", stats.Entries, formatBytes(uint64(stats.MemoryBytes)))
	return out.Flush()
}

func readRedisStats(ctx context.Context, url string) (respcache.RedisStats, error) {
	r, err := cache.OpenRedis(cache.RedisOptions{URL: url, Deadline: countTimeout, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return respcache.RedisStats{}, fmt.Errorf("REDIS_URL: %w", err)
	}
	defer func() { _ = r.Close() }()
	stats, err := respcache.ReadRedisStats(ctx, r)
	if err != nil {
		return stats, fmt.Errorf("count the responses in Redis: %w", err)
	}
	return stats, nil
}

// formatBytes formats a number of bytes in KiB or MiB.
func formatBytes(bytes uint64) string {
	if bytes < 1<<20 {
		return fmt.Sprintf("%.1f KiB", float64(bytes)/(1<<10))
	}
	return fmt.Sprintf("%.1f MiB", float64(bytes)/(1<<20))
}
