package main

import (
	"context"
	"log/slog"
	"sync"

	"github.com/7p-education/api/internal/answers"
	"github.com/7p-education/api/internal/cache"
	"github.com/7p-education/api/internal/changes"
	"github.com/7p-education/api/internal/config"
	"github.com/7p-education/api/store"
)

// caching is what keeps answers, and what tells that they are as good as new.
type caching struct {
	answers *answers.Answers // nil for none
	changes *changes.Log     // nil where nobody needs it
	running sync.WaitGroup
}

// openCaching opens what keeps answers. A server that keeps none still tells others of
// its changes.
func openCaching(c *config.Config, log *slog.Logger, redis *cache.Redis) *caching {
	k := &caching{}
	if c.Cache != "on" && redis == nil {
		return k
	}
	k.changes = changes.New(redis, log)
	if c.Cache == "on" {
		k.answers = answers.New(answers.Options{Changes: k.changes, Redis: redis, MaxBytes: c.CacheMemory << 20})
	}
	return k
}

// changed is told of what a write changed.
func (k *caching) changed() func(context.Context, []store.Change) {
	if k.changes == nil {
		return nil
	}
	return k.changes.Announce
}

// start follows changes in the database until the context ends, from when it lacks no
// migration: the triggers of before need not tell all that answers depend on now.
func (k *caching) start(ctx context.Context, db *store.Store, migrated <-chan struct{}) {
	if k.changes == nil {
		return
	}
	k.running.Go(func() {
		select {
		case <-migrated:
			k.changes.Run(ctx, db)
		case <-ctx.Done():
		}
	})
}

// close waits for what was started.
func (k *caching) close() {
	k.running.Wait()
	if k.answers != nil {
		k.answers.Close()
	}
}
