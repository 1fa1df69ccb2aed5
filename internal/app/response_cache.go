package app

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

// responseCache is the response cache with the invalidation log that decides which of its entries
// are valid.
type responseCache struct {
	cache        *respcache.Cache // nil if the cache is off
	invalidation *invalidation.Log
	stop         context.CancelFunc
	background   sync.WaitGroup
}

// openResponseCache opens the response cache. With RESPONSE_CACHE=off a server still publishes its changes, for
// the other servers and for streams. With shareFirst, Redis gets responses that are requested
// only once, too.
func openResponseCache(c *config.Config, log *slog.Logger, redis *cache.Redis, shareFirst bool) *responseCache {
	r := &responseCache{stop: func() {}, invalidation: invalidation.New(redis, log)}
	if c.ResponseCache == "on" {
		r.cache = respcache.New(respcache.Options{
			InvalidationLog: r.invalidation, Redis: redis, MaxBytes: c.ResponseCacheMaxMiB << 20,
			MaxRedisBytes: c.ResponseCacheRedisMaxKiB << 10, ShareFirst: shareFirst, SurrogateKeys: surrogateKeys(c),
		})
	}
	return r
}

// startInvalidation polls the database for changes, until the context ends or the cache is
// closed. It begins once no migration is pending: triggers of an older schema may not record all
// changes that entries depend on.
func (r *responseCache) startInvalidation(ctx context.Context, db *store.Store, migrated <-chan struct{}) {
	ctx, r.stop = context.WithCancel(ctx)
	r.background.Go(func() {
		select {
		case <-migrated:
			r.invalidation.PollDatabase(ctx, db)
		case <-ctx.Done():
		}
	})
}

// stopAndClose stops the polling, waits for all work in the background and closes the cache.
func (r *responseCache) stopAndClose() error {
	r.stop()
	r.background.Wait()
	if r.cache != nil {
		r.cache.Close()
	}
	return nil
}
