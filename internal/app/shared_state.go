package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/7p-education/api/internal/cache"
	"github.com/7p-education/api/internal/config"
	"github.com/7p-education/api/internal/middleware"
	"github.com/7p-education/api/internal/ratelimit"
)

const (
	localCacheBytes   = 16 << 20       // of the copies that a process holds
	localCacheTTL     = time.Hour      // of such a copy, before it is read from Redis again
	persistedQueryTTL = 24 * time.Hour // of a persisted query after its last use
	closeLimitsTime   = time.Second    // for the return of what was leased from rate limits
)

// sharedState is the state that all servers share through Redis. Without a Redis each process has
// its own.
type sharedState struct {
	redis       *cache.Redis // nil without one
	limitsRedis *cache.Redis // of the rate limits: redis, unless REDIS_LIMITS_URL names another
	cacheStore  cache.Store
	rateLimits  *ratelimit.Limits
}

func openSharedState(c *config.Config, log *slog.Logger) (*sharedState, error) {
	s := &sharedState{cacheStore: cache.NewMemory(localCacheBytes)}
	if c.RedisURL != "" {
		var err error
		if s.redis, err = cache.OpenRedis(redisOptions(c, c.RedisURL, log)); err != nil {
			return nil, fmt.Errorf("REDIS_URL: %w", err)
		}
		s.cacheStore = cache.NewTiered(s.cacheStore, s.redis, localCacheTTL)
	} else if c.DatabaseURL != "" {
		log.Info("REDIS_URL is not set: persisted queries, rate limits and cached responses are per process; writes of other processes are seen within a second")
	}
	s.limitsRedis = s.redis
	if c.RedisLimitsURL != "" {
		var err error
		if s.limitsRedis, err = cache.OpenRedis(redisOptions(c, c.RedisLimitsURL, log.With("store", "limits"))); err != nil {
			return nil, fmt.Errorf("REDIS_LIMITS_URL: %w", errors.Join(err, s.closeStore()))
		}
	}
	s.rateLimits = ratelimit.New(rateRules(c), s.limitsRedis)
	return s, nil
}

// redisOptions returns the options of the Redis at a URL.
func redisOptions(c *config.Config, url string, log *slog.Logger) cache.RedisOptions {
	return cache.RedisOptions{
		URL: url, Prefix: string(c.RedisPrefix), Log: log,
		TLS: cache.TLSFiles{CA: c.RedisTLSCAFile, Cert: c.RedisTLSCertFile, Key: c.RedisTLSKeyFile},
	}
}

// rateRules returns the rate limits; RATE_LIMIT=off disables all of them.
func rateRules(c *config.Config) ratelimit.Rules {
	if c.RateLimit.Disabled() {
		return ratelimit.Rules{}
	}
	return ratelimit.Rules{
		Anonymous: c.RateLimit, Viewer: c.RateLimitViewer, Premium: c.RateLimitPremium,
		SignIns: c.RateLimitSignIn, Emails: c.RateLimitEmail, Cost: c.RateLimitCost,
		Registrations: c.RateLimitRegistrations, Mails: c.RateLimitMail, Slowdown: c.RateLimitSlowdown,
	}
}

// separateKeys separates the keys of this database in Redis from those of others. It must be called
// before Redis is used. While the database cannot be identified, because a migration is pending, the
// process shares no key with others. The invalidation log follows a change of the database in redis.
func (s *sharedState) separateKeys(db *Database) {
	if s.redis != nil {
		setNamespace(s.redis, db)
	}
	if s.hasLimitsRedis() {
		setNamespace(s.limitsRedis, db)
		db.NotifyIdentityChange(func() {
			if identity, _ := db.CurrentIdentity(); identity.IsKnown() {
				s.limitsRedis.SetNamespace(identity.Origin, identity.History)
			}
		})
	}
}

func setNamespace(r *cache.Redis, db *Database) {
	identity, _ := db.CurrentIdentity()
	if !identity.IsKnown() {
		identity.Origin = rand.Text()
	}
	r.SetNamespace(identity.Origin, identity.History)
}

func (s *sharedState) closeStore() error {
	if s.rateLimits != nil {
		ctx, cancel := context.WithTimeout(context.Background(), closeLimitsTime)
		defer cancel()
		s.rateLimits.Close(ctx)
	}
	_ = s.cacheStore.Close()
	if s.hasLimitsRedis() {
		_ = s.limitsRedis.Close()
	}
	return nil
}

// hasLimitsRedis reports whether the rate limits have a Redis of their own.
func (s *sharedState) hasLimitsRedis() bool { return s.limitsRedis != nil && s.limitsRedis != s.redis }

// readinessChecks returns the checks of Redis. They are not required: the server serves requests without it.
func (s *sharedState) readinessChecks() (checks []middleware.HealthCheck) {
	if s.redis != nil {
		checks = append(checks, middleware.HealthCheck{Name: "redis", Probe: s.redis.Check})
	}
	if s.hasLimitsRedis() {
		checks = append(checks, middleware.HealthCheck{Name: "redis_limits", Probe: s.limitsRedis.Check})
	}
	return checks
}
