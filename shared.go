package main

import (
	"cmp"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/cache"
	"github.com/7p-education/api/internal/config"
	"github.com/7p-education/api/internal/gql"
	"github.com/7p-education/api/internal/limit"
	"github.com/7p-education/api/internal/middleware"
)

// What instances share, or each process keeps for itself without a Redis.
const (
	nearBytes = 16 << 20       // of what is kept in the process
	nearTime  = time.Hour      // how long before Redis is asked again
	queryTime = 24 * time.Hour // how long a persisted query lives after its last use
)

// shared is the state that all instances share through Redis, or that this
// process keeps where there is none.
type shared struct {
	redis   *cache.Redis // nil for none
	store   cache.Store
	limiter limit.Limiter // nil for none
}

func openShared(c *config.Config, log *slog.Logger) (*shared, error) {
	s := &shared{store: cache.NewLocal(nearBytes)}
	if c.RedisURL != "" {
		var err error
		if s.redis, err = cache.OpenRedis(cache.RedisOptions{URL: c.RedisURL, Log: log}); err != nil {
			return nil, fmt.Errorf("REDIS_URL: %w", err)
		}
		s.store = cache.Near(s.store, s.redis, nearTime)
	} else if c.DatabaseURL != "" {
		log.Info("REDIS_URL is not set: persisted queries and rate limits are this process's own")
	}
	policy, err := limit.ParsePolicy(cmp.Or(c.RateLimit, "off"))
	if err != nil {
		return nil, fmt.Errorf("RATE_LIMIT: %w", err)
	}
	if !policy.Off() {
		s.limiter = limit.New(policy, s.redis)
	}
	return s, nil
}

func (s *shared) close() { _ = s.store.Close() }

// checks tells readiness of Redis, without which the server still answers.
func (s *shared) checks() []middleware.Check {
	if s.redis == nil {
		return nil
	}
	return []middleware.Check{{Name: "redis", Probe: s.redis.Ping}}
}

func (s *shared) persistedQueries(c *config.Config) graphql.HandlerExtension {
	if c.PersistedQueries == "off" {
		return gql.NoAPQ()
	}
	return gql.NewAPQ(s.store, queryTime)
}

// limited limits the requests of each viewer, and of each address for those who
// are anonymous.
func (s *shared) limited(next http.Handler) http.Handler {
	if s.limiter == nil {
		return next
	}
	return limit.Middleware(s.limiter, func(r *http.Request) string {
		if v := edu.ViewerFrom(r.Context()); v.SignedIn() {
			return "viewer:" + strconv.FormatInt(v.ID, 10)
		}
		return limit.Address(r)
	})(next)
}
