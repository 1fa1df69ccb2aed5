package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/7p-education/api/internal/app"
	"github.com/7p-education/api/internal/config"
	"github.com/7p-education/api/internal/gql"
)

type cacheWarmCommand struct {
	Files []string `arg:"" help:"Documents (.graphql), requests as clients send them (.json, one or an array), or directories of them." type:"path"`
}

// Run executes the operations of files and stores their responses in Redis.
func (w *cacheWarmCommand) Run(ctx context.Context, c *config.Config) error {
	if err := checkWarmSettings(c); err != nil {
		return err
	}
	return withPreparedDatabase(ctx, c, func(db *app.Database) error { return w.warmCache(ctx, c, db) })
}

// checkWarmSettings returns an error if the command cannot store responses for servers.
func checkWarmSettings(c *config.Config) error {
	switch {
	case c.RedisURL == "":
		return errors.New("cache warm needs the REDIS_URL of the servers: without one it would fill only its own memory. " +
			"Servers without a Redis warm their own cache: set RESPONSE_CACHE_WARM_FILES there")
	case c.ResponseCache != "on":
		return errors.New("cache warm stores responses, and RESPONSE_CACHE is off")
	}
	return nil
}

func (w *cacheWarmCommand) warmCache(ctx context.Context, c *config.Config, db *app.Database) error {
	list, err := gql.ReadWarmOperations(w.Files...)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return fmt.Errorf("there is no operation in %s", strings.Join(w.Files, ", "))
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	start := time.Now()
	report, err := app.WarmRedis(ctx, c, log, db, list)
	if err != nil {
		return err
	}
	for _, note := range report.Notes {
		fmt.Println(note)
	}
	fmt.Printf("%d stored, %d already cached, %d not cacheable, %d failed, in %.1f s\n",
		report.Stored, report.AlreadyCached, report.NotCacheable, report.Failed, time.Since(start).Seconds())
	switch {
	case report.RedisFailed:
		return errors.New("some entries may be missing because Redis failed while warming: run the command again")
	case report.Failed > 0:
		return fmt.Errorf("%d operations of %d failed", report.Failed, len(list))
	}
	return nil
}
