package app

import (
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql"
	"github.com/7p-education/api/internal/gql/respcache"
	"github.com/7p-education/api/internal/invalidation"
	"github.com/7p-education/api/internal/middleware"
	"github.com/7p-education/api/internal/ratelimit"
	"github.com/7p-education/api/internal/telemetry"
)

// requestObserver hands what became of a request over to the metrics.
func requestObserver(m *telemetry.Metrics) func(middleware.CompletedRequest) {
	return func(a middleware.CompletedRequest) {
		r := telemetry.Request{Route: a.Route, Status: a.Status, Duration: a.Duration}
		if code, ok := earlyRejectionCodes[a.Status]; ok && a.Route == "/graphql" && a.GraphQL == (middleware.GraphQLOutcome{}) {
			a.GraphQL = middleware.GraphQLOutcome{Code: string(code), Rejected: true}
		}
		r.Operation = telemetry.Operation{Kind: a.GraphQL.Kind, Code: a.GraphQL.Code, Rejected: a.GraphQL.Rejected}
		if a.Database != nil {
			r.Operation.Statements, r.Operation.RoundTrips = a.Database.Statements, a.Database.RoundTrips
		}
		m.RecordRequest(r)
	}
}

// earlyRejectionCodes are the codes of what is refused before GraphQL sees it: tokens that
// are no good or cannot be checked, and callers over their limit.
var earlyRejectionCodes = map[int]edu.Code{401: edu.Unauthenticated, 429: edu.RateLimited, 503: edu.Unavailable}

// addServerMetrics adds what the parts of the server count for themselves. A part that is new
// gets a function of its own here.
func addServerMetrics(m *telemetry.Metrics, s *services, p *gql.Persisted) {
	addPoolMetrics(m, "primary", s.db.PrimaryPool())
	if replica := s.db.ReplicaPool(); replica != nil {
		addPoolMetrics(m, "replica", replica)
	}
	addPersistedMetrics(m, p)
	addRateLimitMetrics(m, s.shared.rateLimits)
	if s.shared.redis != nil {
		addRedisMetrics(m, s.shared)
	}
	if s.responseCache.cache != nil {
		addCacheMetrics(m, s.responseCache.cache)
	}
	if s.responseCache.invalidation != nil {
		addInvalidationMetrics(m, s.responseCache.invalidation)
	}
}

func addPoolMetrics(m *telemetry.Metrics, database string, pool *pgxpool.Pool) {
	for state, read := range map[string]func(*pgxpool.Stat) int32{
		"acquired": (*pgxpool.Stat).AcquiredConns, "idle": (*pgxpool.Stat).IdleConns,
	} {
		m.RegisterGauge("sevenp_db_connections", "Connections to a database by state.",
			func() float64 { return float64(read(pool.Stat())) }, "database", database, "state", state)
	}
	m.RegisterGauge("sevenp_db_connections_max", "Connections to a database that there may be.",
		func() float64 { return float64(pool.Stat().MaxConns()) }, "database", database)
	m.RegisterCounter("sevenp_db_waits_total", "Times that a connection was not there at once.",
		func() float64 { return float64(pool.Stat().EmptyAcquireCount()) }, "database", database)
	m.RegisterCounter("sevenp_db_wait_seconds_total", "Seconds that were waited for connections.",
		func() float64 { return pool.Stat().EmptyAcquireWaitTime().Seconds() }, "database", database)
}

func addPersistedMetrics(m *telemetry.Metrics, p *gql.Persisted) {
	for name, read := range map[string]func(gql.PersistedStats) uint64{
		"registered": func(s gql.PersistedStats) uint64 { return s.Registered },
		"hit":        func(s gql.PersistedStats) uint64 { return s.Hits },
		"miss":       func(s gql.PersistedStats) uint64 { return s.Misses },
		"mismatch":   func(s gql.PersistedStats) uint64 { return s.Mismatches },
		"unknown":    func(s gql.PersistedStats) uint64 { return s.Unknown },
		"retired":    func(s gql.PersistedStats) uint64 { return s.Retired },
	} {
		m.RegisterCounter("sevenp_persisted_queries_total", "Persisted queries by what happened: registered; hit and miss by hash or id; "+
			"mismatch of text and hash; unknown to the list of documents; retired.",
			func() float64 { return float64(read(p.Stats())) }, "event", name)
	}
}

func addRateLimitMetrics(m *telemetry.Metrics, l *ratelimit.Limits) {
	const name, help = "sevenp_rate_limit_decisions_total", "Decisions of rate limits by policy."
	for i, p := range l.PolicyStats() {
		m.RegisterCounter(name, help, func() float64 { return float64(l.PolicyStats()[i].Allowed) }, "policy", p.Policy, "decision", "allowed")
		m.RegisterCounter(name, help, func() float64 { return float64(l.PolicyStats()[i].Rejected) }, "policy", p.Policy, "decision", "refused")
	}
	m.RegisterCounter("sevenp_rate_limit_slowed_total", "Requests that were made to wait.",
		func() float64 { slowed, _ := l.DelayStats(); return float64(slowed) })
	m.RegisterCounter("sevenp_rate_limit_crowded_total", "Requests that were refused because too many were made to wait already.",
		func() float64 { _, crowded := l.DelayStats(); return float64(crowded) })
}

func addRedisMetrics(m *telemetry.Metrics, s *sharedState) {
	m.RegisterCounter("sevenp_redis_failed_total", "Uses of Redis that failed or took too long.",
		func() float64 { return float64(s.redis.Stats().Errors) })
	m.RegisterCounter("sevenp_redis_skipped_total", "Uses of Redis that were not tried, as the circuit breaker was open.",
		func() float64 { return float64(s.redis.Stats().ShortCircuited) })
	m.RegisterGauge("sevenp_redis_breaker_open", "1 while the circuit breaker keeps calls away from Redis.",
		func() float64 { return boolToFloat(s.redis.Stats().CircuitOpen) })
}

func boolToFloat(condition bool) float64 {
	if condition {
		return 1
	}
	return 0
}

func addCacheMetrics(m *telemetry.Metrics, a *respcache.Cache) {
	for result, read := range map[string]func(respcache.Stats) uint64{
		"near":       func(s respcache.Stats) uint64 { return s.MemoryHits },
		"far":        func(s respcache.Stats) uint64 { return s.RedisHits },
		"miss":       func(s respcache.Stats) uint64 { return s.Misses },
		"unverified": func(s respcache.Stats) uint64 { return s.Bypasses },
	} {
		m.RegisterCounter("sevenp_cache_lookups_total", "Looks for kept answers by result: near, found in this process; far, found in Redis; miss; "+
			"unverified, not looked for as it could not be known what is good.",
			func() float64 { return float64(read(a.Stats())) }, "result", result)
	}
	m.RegisterCounter("sevenp_cache_stale_total", "Answers that were found and older than their policy wants.",
		func() float64 { return float64(a.Stats().StaleHits) })
	m.RegisterCounter("sevenp_cache_kept_total", "Answers that were kept.",
		func() float64 { return float64(a.Stats().Stores) })
	m.RegisterGauge("sevenp_cache_entries", "Answers that this process keeps.",
		func() float64 { return float64(a.Stats().Entries) })
	m.RegisterGauge("sevenp_cache_bytes", "About how many bytes those take.",
		func() float64 { return float64(a.Stats().Bytes) })
}

func addInvalidationMetrics(m *telemetry.Metrics, l *invalidation.Log) {
	m.RegisterCounter("sevenp_changes_waited_total", "Writes that were answered late, as Redis could not be told at once, or the database not asked.",
		func() float64 { return float64(l.Stats().DelayedWrites) })
	m.RegisterCounter("sevenp_changes_found_total", "Changes of the database that nobody had announced yet.",
		func() float64 { return float64(l.Stats().UnpublishedChanges) })
	m.RegisterGauge("sevenp_changes_leased", "1 while changes are followed, and kept answers can be used.",
		func() float64 { return boolToFloat(l.Stats().LeaseHeld) })
}
