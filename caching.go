package main

import (
	"context"
	"log/slog"
	"sync"

	"github.com/7p-education/api/internal/cache"
	"github.com/7p-education/api/internal/config"
	"github.com/7p-education/api/internal/gql/respcache"
	"github.com/7p-education/api/internal/invalidation"
	"github.com/7p-education/api/store"
)

// responseCache is what keeps answers, and what tells that they are as good as new.
type responseCache struct {
	cache        *respcache.Cache  // nil for none
	invalidation *invalidation.Log // nil where nobody needs it
	background   sync.WaitGroup
}

// openResponseCache opens what keeps answers. A server that keeps none still tells others of
// its changes.
func openResponseCache(c *config.Config, log *slog.Logger, redis *cache.Redis) *responseCache {
	r := &responseCache{}
	if c.Cache != "on" && redis == nil {
		return r
	}
	r.invalidation = invalidation.New(redis, log)
	if c.Cache == "on" {
		r.cache = respcache.New(respcache.Options{InvalidationLog: r.invalidation, Redis: redis, MaxBytes: c.CacheMemory << 20})
	}
	return r
}

// changePublisher is told of what a write changed.
func (r *responseCache) changePublisher() func(context.Context, []store.Change) {
	if r.invalidation == nil {
		return nil
	}
	return r.invalidation.Publish
}

// startInvalidation follows changes in the database until the context ends, from when it lacks no
// migration: the triggers of before need not tell all that answers depend on now.
func (r *responseCache) startInvalidation(ctx context.Context, db *store.Store, migrated <-chan struct{}) {
	if r.invalidation == nil {
		return
	}
	r.background.Go(func() {
		select {
		case <-migrated:
			r.invalidation.PollDatabase(ctx, db)
		case <-ctx.Done():
		}
	})
}

// waitAndClose waits for what was started.
func (r *responseCache) waitAndClose() {
	r.background.Wait()
	if r.cache != nil {
		r.cache.Close()
	}
}
