package main

import (
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/answers"
	"github.com/7p-education/api/internal/changes"
	"github.com/7p-education/api/internal/gql"
	"github.com/7p-education/api/internal/limit"
	"github.com/7p-education/api/internal/middleware"
	"github.com/7p-education/api/internal/telemetry"
)

// observe hands what became of a request over to the metrics.
func observe(m *telemetry.Metrics) func(middleware.Answered) {
	return func(a middleware.Answered) {
		r := telemetry.Request{Route: a.Route, Status: a.Status, Took: a.Took}
		if code, ok := refusedBefore[a.Status]; ok && a.Route == "/graphql" && a.GraphQL == (middleware.GraphQL{}) {
			a.GraphQL = middleware.GraphQL{Code: string(code), Refused: true}
		}
		r.Operation = telemetry.Operation{Kind: a.GraphQL.Kind, Code: a.GraphQL.Code, Refused: a.GraphQL.Refused}
		if a.Database != nil {
			r.Operation.Statements, r.Operation.RoundTrips = a.Database.Statements, a.Database.RoundTrips
		}
		m.Observe(r)
	}
}

// refusedBefore are the codes of what is refused before GraphQL sees it: tokens that
// are no good or cannot be checked, and callers over their limit.
var refusedBefore = map[int]edu.Code{401: edu.Unauthenticated, 429: edu.RateLimited, 503: edu.Unavailable}

// measure adds what the parts of the server count for themselves. A part that is new
// gets a function of its own here.
func measure(m *telemetry.Metrics, s *services, p *gql.Persisted) {
	measurePool(m, "primary", s.db.Primary())
	if replica := s.db.Replica(); replica != nil {
		measurePool(m, "replica", replica)
	}
	measurePersisted(m, p)
	measureLimits(m, s.shared.limits)
	if s.shared.redis != nil {
		measureRedis(m, s.shared)
	}
	if s.caching.answers != nil {
		measureAnswers(m, s.caching.answers)
	}
	if s.caching.changes != nil {
		measureChanges(m, s.caching.changes)
	}
}

func measurePool(m *telemetry.Metrics, database string, pool *pgxpool.Pool) {
	for state, read := range map[string]func(*pgxpool.Stat) int32{
		"acquired": (*pgxpool.Stat).AcquiredConns, "idle": (*pgxpool.Stat).IdleConns,
	} {
		m.Gauge("sevenp_db_connections", "Connections to a database by state.",
			func() float64 { return float64(read(pool.Stat())) }, "database", database, "state", state)
	}
	m.Gauge("sevenp_db_connections_max", "Connections to a database that there may be.",
		func() float64 { return float64(pool.Stat().MaxConns()) }, "database", database)
	m.Counter("sevenp_db_waits_total", "Times that a connection was not there at once.",
		func() float64 { return float64(pool.Stat().EmptyAcquireCount()) }, "database", database)
	m.Counter("sevenp_db_wait_seconds_total", "Seconds that were waited for connections.",
		func() float64 { return pool.Stat().EmptyAcquireWaitTime().Seconds() }, "database", database)
}

func measurePersisted(m *telemetry.Metrics, p *gql.Persisted) {
	for name, read := range map[string]func(gql.PersistedStats) uint64{
		"registered": func(s gql.PersistedStats) uint64 { return s.Registered },
		"hit":        func(s gql.PersistedStats) uint64 { return s.Hits },
		"miss":       func(s gql.PersistedStats) uint64 { return s.Misses },
		"mismatch":   func(s gql.PersistedStats) uint64 { return s.Mismatches },
		"unknown":    func(s gql.PersistedStats) uint64 { return s.Unknown },
		"retired":    func(s gql.PersistedStats) uint64 { return s.Retired },
	} {
		m.Counter("sevenp_persisted_queries_total", "Persisted queries by what happened: registered; hit and miss by hash or id; "+
			"mismatch of text and hash; unknown to the list of documents; retired.",
			func() float64 { return float64(read(p.Stats())) }, "event", name)
	}
}

func measureLimits(m *telemetry.Metrics, l *limit.Limits) {
	const name, help = "sevenp_rate_limit_decisions_total", "Decisions of rate limits by policy."
	for i, p := range l.Stats() {
		m.Counter(name, help, func() float64 { return float64(l.Stats()[i].Allowed) }, "policy", p.Policy, "decision", "allowed")
		m.Counter(name, help, func() float64 { return float64(l.Stats()[i].Refused) }, "policy", p.Policy, "decision", "refused")
	}
	m.Counter("sevenp_rate_limit_slowed_total", "Requests that were made to wait.",
		func() float64 { slowed, _ := l.Slowed(); return float64(slowed) })
	m.Counter("sevenp_rate_limit_crowded_total", "Requests that were refused because too many were made to wait already.",
		func() float64 { _, crowded := l.Slowed(); return float64(crowded) })
}

func measureRedis(m *telemetry.Metrics, s *shared) {
	m.Counter("sevenp_redis_failed_total", "Uses of Redis that failed or took too long.",
		func() float64 { return float64(s.redis.Stats().Failed) })
	m.Counter("sevenp_redis_skipped_total", "Uses of Redis that were not tried, as the circuit breaker was open.",
		func() float64 { return float64(s.redis.Stats().Skipped) })
	m.Gauge("sevenp_redis_breaker_open", "1 while the circuit breaker keeps calls away from Redis.",
		func() float64 { return oneIf(s.redis.Stats().Open) })
}

func oneIf(so bool) float64 {
	if so {
		return 1
	}
	return 0
}

// The names of the metrics that "7p cache stats" reads.
const (
	metricCacheLookups = "sevenp_cache_lookups_total"
	metricCacheStale   = "sevenp_cache_stale_total"
	metricCacheEntries = "sevenp_cache_entries"
	metricCacheBytes   = "sevenp_cache_bytes"
)

func measureAnswers(m *telemetry.Metrics, a *answers.Answers) {
	for result, read := range map[string]func(answers.Stats) uint64{
		"near":       func(s answers.Stats) uint64 { return s.Near },
		"far":        func(s answers.Stats) uint64 { return s.Far },
		"miss":       func(s answers.Stats) uint64 { return s.Misses },
		"unverified": func(s answers.Stats) uint64 { return s.Unverified },
	} {
		m.Counter(metricCacheLookups, "Looks for kept answers by result: near, found in this process; far, found in Redis; miss; "+
			"unverified, not looked for as it could not be known what is good.",
			func() float64 { return float64(read(a.Stats())) }, "result", result)
	}
	m.Counter(metricCacheStale, "Answers that were found and older than their policy wants.",
		func() float64 { return float64(a.Stats().Stale) })
	m.Counter("sevenp_cache_kept_total", "Answers that were kept.",
		func() float64 { return float64(a.Stats().Kept) })
	m.Gauge(metricCacheEntries, "Answers that this process keeps.",
		func() float64 { return float64(a.Stats().Entries) })
	m.Gauge(metricCacheBytes, "About how many bytes those take.",
		func() float64 { return float64(a.Stats().Bytes) })
}

func measureChanges(m *telemetry.Metrics, l *changes.Log) {
	m.Counter("sevenp_changes_waited_total", "Writes that were answered late, as Redis could not be told at once, or the database not asked.",
		func() float64 { return float64(l.Stats().Waited) })
	m.Counter("sevenp_changes_found_total", "Changes of the database that nobody had announced yet.",
		func() float64 { return float64(l.Stats().Found) })
	m.Gauge("sevenp_changes_leased", "1 while changes are followed, and kept answers can be used.",
		func() float64 { return oneIf(l.Stats().Leased) })
}
