package main

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/7p-education/api/internal/cache"
	"github.com/7p-education/api/internal/config"
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
	redis  *cache.Redis // nil for none
	store  cache.Store
	limits *limit.Limits
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
		log.Info("REDIS_URL is not set: persisted queries, rate limits and kept answers are this process's own; of what others write it hears within a second")
	}
	rules, err := rules(c)
	if err != nil {
		return nil, err
	}
	s.limits = limit.New(rules, s.redis)
	return s, nil
}

// rules reads the limits of rates; RATE_LIMIT=off switches all of them off.
func rules(c *config.Config) (limit.Rules, error) {
	var r limit.Rules
	if c.RateLimit == "off" {
		return r, nil
	}
	for _, setting := range []struct {
		name, value string
		into        *limit.Policy
	}{
		{"RATE_LIMIT", c.RateLimit, &r.Requests},
		{"RATE_LIMIT_PREMIUM", c.RateLimitPremium, &r.Premium},
		{"RATE_LIMIT_SESSIONS", c.RateLimitSessions, &r.Sessions},
		{"RATE_LIMIT_COST", c.RateLimitCost, &r.Cost},
	} {
		var err error
		if *setting.into, err = limit.ParsePolicy(setting.value); err != nil {
			return r, fmt.Errorf("%s: %w", setting.name, err)
		}
	}
	var err error
	if r.Slowdown, err = limit.ParseSlowdown(c.RateLimitSlowdown); err != nil {
		return r, fmt.Errorf("RATE_LIMIT_SLOWDOWN: %w", err)
	}
	return r, nil
}

func (s *shared) close() { _ = s.store.Close() }

// checks tells readiness of Redis, without which the server still answers.
func (s *shared) checks() []middleware.Check {
	if s.redis == nil {
		return nil
	}
	return []middleware.Check{{Name: "redis", Probe: s.redis.Ping}}
}
