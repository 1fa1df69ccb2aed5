package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/config"
	"github.com/7p-education/api/internal/gql"
	"github.com/7p-education/api/internal/invalidation"
)

// leaseTimeout is how long a command waits until changes can be followed.
const leaseTimeout = 10 * time.Second

// purgeCache forgets the answers that depend on tags, or all of them. It need not know the
// servers: each finds it in the database.
func purgeCache(ctx context.Context, db *database, p config.CachePurge) error {
	tags := []edu.Tag{edu.TagEverything.WithID(0)}
	if !p.All {
		tags = tags[:0]
		for _, name := range p.Tags {
			tag, err := parseTagArgument(name)
			if err != nil {
				return fmt.Errorf("nothing was purged: %w", err)
			}
			if !slices.Contains(tags, tag) {
				tags = append(tags, tag)
			}
		}
	}
	if err := db.InvalidateTags(ctx, tags); err != nil {
		return fmt.Errorf("nothing was purged: %w", err)
	}
	what := "all answers"
	if !p.All {
		names := make([]string, len(tags))
		for i, tag := range tags {
			names[i] = tag.String()
		}
		what = "the answers that depend on " + strings.Join(names, ", ")
	}
	fmt.Printf("Purged %s: servers look every %s, and after %s none gives what it kept before.\n", what, invalidation.PollInterval, invalidation.Lease)
	return nil
}

// parseTagArgument reads a tag whose id is that of the database, or the one that clients know.
func parseTagArgument(name string) (edu.Tag, error) {
	kind, rest, _ := strings.Cut(name, ":")
	global, _, _ := strings.Cut(rest, ".")
	if id, err := edu.ParseID(global); err == nil && strings.EqualFold(kind, string(id.Kind)) {
		name = fmt.Sprintf("%s:%d%s", kind, id.Key, strings.TrimPrefix(rest, global))
	}
	return edu.ParseTag(name)
}

// checkWarmSettings tells why a command cannot make answers for servers.
func checkWarmSettings(c *config.Config) error {
	switch {
	case c.RedisURL == "":
		return errors.New("cache warm needs the REDIS_URL of the servers: without one, it would fill its own memory and be gone. " +
			"Servers without a Redis warm their own: set CACHE_WARM")
	case c.Cache != "on":
		return errors.New("cache warm keeps answers, and CACHE is off")
	}
	return nil
}

// warmCache makes the answers to the operations of files, and keeps them in Redis.
func warmCache(ctx context.Context, db *database, c *config.Config, files []string) error {
	list, err := gql.ReadWarmOperations(files...)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return fmt.Errorf("there is no operation in %s", strings.Join(files, ", "))
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	shared, err := openSharedState(c, log)
	if err != nil {
		return err
	}
	defer shared.closeStore()
	documents, err := openDocuments(ctx, c, log, db.Store)
	if err != nil {
		return err
	}
	responses := openResponseCache(c, log, shared.redis)
	background, stop := context.WithCancel(ctx)
	responses.startInvalidation(background, db.Store, db.migrationsApplied(background))
	defer func() { stop(); responses.waitAndClose() }()
	waiting, cancelWait := context.WithTimeout(ctx, leaseTimeout)
	defer cancelWait()
	if err := responses.invalidation.AwaitLease(waiting); err != nil {
		return errors.Join(ctx.Err(), fmt.Errorf("nothing is kept while changes cannot be followed: Redis or the database has not answered within %s, or the database lacks migrations", leaseTimeout))
	}
	s := &services{db: db, responseCache: responses}
	api := gql.New(operationOptions(c, log, s, documents.persistedExtension(c, shared.cacheStore)))
	start := time.Now()
	report := warmOperations(ctx, api, list)
	for _, line := range report.notes {
		fmt.Println(line)
	}
	fmt.Printf("%d made, %d there already, %d not cacheable, %d failed, in %.1f s\n", report.stored, report.present, report.uncacheable, report.failed, time.Since(start).Seconds())
	if trouble := shared.redis.Stats(); trouble.Errors+trouble.ShortCircuited > 0 {
		return errors.New("some of them may be missing in Redis, which was in trouble meanwhile: run it again")
	}
	if report.failed > 0 {
		return fmt.Errorf("%d operations of %d failed", report.failed, len(list))
	}
	return nil
}
