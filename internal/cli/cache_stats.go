package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"text/tabwriter"
	"time"

	"github.com/7p-education/api/internal/app"
	"github.com/7p-education/api/internal/config"
	"github.com/7p-education/api/internal/gql/respcache"
)

// countTimeout is how long counting the keys of a Redis may take.
const countTimeout = time.Minute

type cacheStatsCommand struct{}

// Run prints how many responses of the database are stored in Redis, and how much memory Redis uses.
func (*cacheStatsCommand) Run(ctx context.Context, c *config.Config) error {
	if c.RedisURL == "" {
		return errors.New("cache stats needs the REDIS_URL of the servers; /metrics has the figures of each server")
	}
	return withPreparedDatabase(ctx, c, func(db *app.Database) error { return printRedisStats(ctx, c, db) })
}

func printRedisStats(ctx context.Context, c *config.Config, db *app.Database) error {
	r, err := app.OpenRedis(c, db, countTimeout, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	stats, err := respcache.ReadRedisStats(ctx, r)
	if err != nil {
		return fmt.Errorf("count the responses in Redis: %w", err)
	}
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(out, "Redis\t\n  keys\t%d\tresponses of all servers of this database\n  memory\t%s\tof all its data\n", stats.Entries, formatBytes(uint64(stats.MemoryBytes)))
	return out.Flush()
}

// formatBytes formats a number of bytes in KiB or MiB.
func formatBytes(bytes uint64) string {
	if bytes < 1<<20 {
		return fmt.Sprintf("%.1f KiB", float64(bytes)/(1<<10))
	}
	return fmt.Sprintf("%.1f MiB", float64(bytes)/(1<<20))
}
