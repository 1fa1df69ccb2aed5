package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/7p-education/api/internal/config"
	"github.com/7p-education/api/internal/gql"
)

const (
	// warmConcurrency is how many operations are executed at a time.
	warmConcurrency = 4
	// leaseTimeout is how long a command waits for the invalidation lease.
	leaseTimeout = 10 * time.Second
)

// WarmReport counts the operations of a list by result. It has a note on each operation whose
// response is not cached.
type WarmReport struct {
	Stored, AlreadyCached, NotCacheable, Failed int
	Notes                                       []string
	// RedisFailed reports whether Redis failed meanwhile, so that some entries may be missing.
	RedisFailed bool
}

// WarmRedis executes operations and stores their responses in the Redis of the servers. It skips
// operations whose responses are cached already.
func WarmRedis(ctx context.Context, c *config.Config, log *slog.Logger, db *Database, list []gql.WarmOperation) (report WarmReport, err error) {
	shared, err := openSharedState(c, log)
	if err != nil {
		return report, err
	}
	defer func() { _ = shared.closeStore() }()
	shared.separateKeys(db)
	manifest, err := ReadManifest(c.PersistedManifest)
	if err != nil {
		return report, nameSetting("PERSISTED_QUERY_MANIFEST", err)
	}
	documents := openDocuments(ctx, log, db.Store, manifest)
	responses := openResponseCache(c, log, shared.redis, true)
	background, stop := context.WithCancel(ctx)
	responses.startInvalidation(background, db.Store, db.migrationsApplied(background))
	defer func() { stop(); _ = responses.stopAndClose() }()
	waiting, cancelWait := context.WithTimeout(ctx, leaseTimeout)
	defer cancelWait()
	if err := responses.invalidation.AwaitLease(waiting); err != nil {
		return report, errors.Join(ctx.Err(), fmt.Errorf("no response is cached without the invalidation lease: "+
			"Redis or the database did not respond within %s, or the database lacks migrations", leaseTimeout))
	}
	s := &services{db: db, responseCache: responses}
	api := gql.New(operationOptions(c, log, s, documents.persistedExtension(c, shared)))
	report = warmOperations(ctx, api, list)
	shared.redis.AwaitWrites()
	stats := shared.redis.Stats()
	report.RedisFailed = stats.Errors+stats.ShortCircuited+stats.DroppedWrites > 0
	return report, nil
}

// warmOperations executes the operations of a list whose responses are not cached.
func warmOperations(ctx context.Context, api *gql.Server, list []gql.WarmOperation) (report WarmReport) {
	results := make([]gql.WarmResult, len(list))
	var group errgroup.Group
	group.SetLimit(warmConcurrency)
	for i, operation := range list {
		group.Go(func() error {
			results[i] = api.WarmCache(ctx, operation)
			return nil
		})
	}
	_ = group.Wait() // results has the errors
	for i, r := range results {
		report.addResult(list[i].Name, r)
	}
	return report
}

func (report *WarmReport) addResult(name string, r gql.WarmResult) {
	switch {
	case r.AlreadyCached:
		report.AlreadyCached++
	case len(r.Errors) > 0:
		report.Failed++
		report.Notes = append(report.Notes, fmt.Sprintf("failed: %s: %s", name, r.Errors[0].Message))
	case r.NotCachedReason != "":
		report.NotCacheable++
		report.Notes = append(report.Notes, fmt.Sprintf("not cacheable: %s: %s", name, r.NotCachedReason))
	default:
		report.Stored++
	}
}

// warmInBackground warms the cache while the server serves requests, until the context ends.
func (r *responseCache) warmInBackground(ctx context.Context, log *slog.Logger, api *gql.Server, list []gql.WarmOperation) {
	switch {
	case len(list) == 0:
		return
	case r.cache == nil:
		log.WarnContext(ctx, "RESPONSE_CACHE_WARM_FILES is ignored, because RESPONSE_CACHE is off")
		return
	}
	r.background.Go(func() {
		if r.invalidation.AwaitLease(ctx) != nil {
			return
		}
		start := time.Now()
		report := warmOperations(ctx, api, list)
		if ctx.Err() != nil {
			return
		}
		for _, note := range report.Notes {
			log.WarnContext(ctx, "operation of RESPONSE_CACHE_WARM_FILES not cached", "reason", note)
		}
		log.InfoContext(ctx, "response cache warmed", "stored", report.Stored, "already_cached", report.AlreadyCached,
			"not_cacheable", report.NotCacheable, "failed", report.Failed, "ms", time.Since(start).Milliseconds())
	})
}
