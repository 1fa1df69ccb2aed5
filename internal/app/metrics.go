package app

import (
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/internal/cache"
	"github.com/7p-education/api/internal/gql"
	"github.com/7p-education/api/internal/gql/memory"
	"github.com/7p-education/api/internal/gql/persisted"
	"github.com/7p-education/api/internal/gql/respcache"
	"github.com/7p-education/api/internal/invalidation"
	"github.com/7p-education/api/internal/ratelimit"
	"github.com/7p-education/api/internal/telemetry"
)

// addServerMetrics registers the counts of the server's parts, with a function for each part.
func addServerMetrics(m *telemetry.Metrics, s *services, p *persisted.Extension) {
	addPoolMetrics(m, "primary", s.db.PrimaryPool())
	addReplicaMetrics(m, s.db.Store)
	addPersistedMetrics(m, p)
	addRateLimitMetrics(m, s.shared.rateLimits)
	addResponseMemoryMetrics(m, s.responseMemory)
	addAdmissionMetrics(m, s.admission)
	m.RegisterCounter("sevenp_http_connections_rejected_total", "Connections that were rejected because their address had too many.",
		func() float64 { return float64(s.connections.Rejected()) })
	if s.shared.redis != nil {
		addRedisMetrics(m, s.shared.redis, "sevenp_redis_")
	}
	if s.shared.hasLimitsRedis() {
		addRedisMetrics(m, s.shared.limitsRedis, "sevenp_redis_limits_")
	}
	if s.responseCache.cache != nil {
		addCacheMetrics(m, s.responseCache.cache)
	}
	addInvalidationMetrics(m, s.responseCache.invalidation)
	addStreamMetrics(m, s.streams)
	s.jobs.addMetrics(m)
	addMailMetrics(m, s.mails)
	addCDNMetrics(m, s.cdn)
	addTraceMetrics(m, s.tracer)
	addBuildInfo(m)
}

func addPoolMetrics(m *telemetry.Metrics, database string, pool *pgxpool.Pool) {
	for state, read := range map[string]func(*pgxpool.Stat) int32{
		"acquired": (*pgxpool.Stat).AcquiredConns, "idle": (*pgxpool.Stat).IdleConns,
	} {
		m.RegisterGauge("sevenp_db_connections", "Open connections to a database by state.",
			func() float64 { return float64(read(pool.Stat())) }, "database", database, "state", state)
	}
	m.RegisterGauge("sevenp_db_connections_max", "Maximum number of connections to a database.",
		func() float64 { return float64(pool.Stat().MaxConns()) }, "database", database)
	m.RegisterCounter("sevenp_db_pool_waits_total", "Acquisitions that waited for a connection.",
		func() float64 { return float64(pool.Stat().EmptyAcquireCount()) }, "database", database)
	m.RegisterCounter("sevenp_db_pool_wait_seconds_total", "Seconds spent waiting for connections.",
		func() float64 { return pool.Stat().EmptyAcquireWaitTime().Seconds() }, "database", database)
}

func addPersistedMetrics(m *telemetry.Metrics, p *persisted.Extension) {
	for name, read := range map[string]func(persisted.Stats) uint64{
		"registered": func(s persisted.Stats) uint64 { return s.Registered },
		"hit":        func(s persisted.Stats) uint64 { return s.Hits },
		"miss":       func(s persisted.Stats) uint64 { return s.Misses },
		"mismatch":   func(s persisted.Stats) uint64 { return s.Mismatches },
		"unknown":    func(s persisted.Stats) uint64 { return s.Unknown },
		"retired":    func(s persisted.Stats) uint64 { return s.Retired },
	} {
		m.RegisterCounter("sevenp_persisted_queries_total", "Persisted queries by event: registered; hit or miss of a hash or ID; "+
			"mismatch of text and hash; unknown to the document list; retired.",
			func() float64 { return float64(read(p.Stats())) }, "event", name)
	}
}

func addRateLimitMetrics(m *telemetry.Metrics, l *ratelimit.Limits) {
	const name, help = "sevenp_rate_limit_decisions_total", "Decisions of rate limits by policy."
	for i, p := range l.PolicyStats() {
		m.RegisterCounter(name, help, func() float64 { return float64(l.PolicyStats()[i].Allowed) }, "policy", p.Policy, "decision", "allowed")
		m.RegisterCounter(name, help, func() float64 { return float64(l.PolicyStats()[i].Rejected) }, "policy", p.Policy, "decision", "rejected")
	}
	m.RegisterCounter("sevenp_rate_limit_leased_decisions_total", "Decisions about cost that were made with leased permits, without a command to Redis.",
		func() float64 { return float64(l.LeasedDecisions()) })
	m.RegisterCounter("sevenp_rate_limit_delayed_total", "Requests that were delayed.",
		func() float64 { delayed, _ := l.DelayStats(); return float64(delayed) })
	m.RegisterCounter("sevenp_rate_limit_delay_queue_full_total", "Requests that were rejected because too many were delayed at a time.",
		func() float64 { _, rejected := l.DelayStats(); return float64(rejected) })
}

func addResponseMemoryMetrics(m *telemetry.Metrics, p *memory.Pool) {
	m.RegisterGauge("sevenp_response_memory_bytes", "Memory that responses in progress have reserved.",
		func() float64 { return float64(p.Stats().Used) })
	m.RegisterGauge("sevenp_response_memory_max_bytes", "Memory that responses in progress may reserve together.",
		func() float64 { return float64(p.Stats().Capacity) })
	m.RegisterCounter("sevenp_response_memory_waits_total", "Requests that waited for the memory of earlier requests of their caller.",
		func() float64 { return float64(p.Stats().Waits) })
	m.RegisterCounter("sevenp_response_memory_rejected_total", "Requests that were rejected because their caller held its share of the memory.",
		func() float64 { return float64(p.Stats().Rejected) })
}

func addLargeOperationMetrics(m *telemetry.Metrics, api *gql.Server) {
	m.RegisterCounter("sevenp_large_operation_waits_total", "Large operations that waited for earlier ones.",
		func() float64 { waits, _ := api.LargeOperationStats(); return float64(waits) })
	m.RegisterCounter("sevenp_large_operation_rejected_total", "Large operations that waited too long or whose client left.",
		func() float64 { _, rejected := api.LargeOperationStats(); return float64(rejected) })
}

// addRedisMetrics adds the metrics of a Redis, whose names begin with a prefix.
func addRedisMetrics(m *telemetry.Metrics, r *cache.Redis, prefix string) {
	r.ObserveCommands(m.RegisterHistograms(prefix+"command_duration_seconds", "Durations of commands to Redis by name; pipeline for several that are sent together.", "command"))
	m.RegisterCounter(prefix+"errors_total", "Uses of Redis that failed or timed out.",
		func() float64 { return float64(r.Stats().Errors) })
	m.RegisterCounter(prefix+"circuit_open_total", "Uses of Redis that the open circuit breaker skipped.",
		func() float64 { return float64(r.Stats().ShortCircuited) })
	m.RegisterCounter(prefix+"dropped_writes_total", "Writes in the background that were dropped, because too many were queued.",
		func() float64 { return float64(r.Stats().DroppedWrites) })
	m.RegisterGauge(prefix+"breaker_open", "1 while the circuit breaker is open.",
		func() float64 { return boolToFloat(r.Stats().CircuitOpen) })
	m.RegisterGauge(prefix+"round_trip_seconds", "Smoothed time of a round trip to Redis; 0 before the first check.",
		func() float64 { return r.RoundTrip().Seconds() })
}

func boolToFloat(condition bool) float64 {
	if condition {
		return 1
	}
	return 0
}

func addCacheMetrics(m *telemetry.Metrics, a *respcache.Cache) {
	for result, read := range map[string]func(respcache.Stats) uint64{
		"hit_memory": func(s respcache.Stats) uint64 { return s.MemoryHits },
		"hit_redis":  func(s respcache.Stats) uint64 { return s.RedisHits },
		"miss":       func(s respcache.Stats) uint64 { return s.Misses },
		"bypass":     func(s respcache.Stats) uint64 { return s.Bypasses },
	} {
		m.RegisterCounter("sevenp_cache_lookups_total", "Lookups in the response cache by result: hit_memory; hit_redis; miss; "+
			"bypass, without the invalidation lease.",
			func() float64 { return float64(read(a.Stats())) }, "result", result)
	}
	m.RegisterCounter("sevenp_cache_stale_hits_total", "Hits of responses older than their maximum age.",
		func() float64 { return float64(a.Stats().StaleHits) })
	m.RegisterCounter("sevenp_cache_overload_hits_total", "Queries that got a response whose data may have changed, because the server was overloaded.",
		func() float64 { return float64(a.Stats().OverloadHits) })
	m.RegisterCounter("sevenp_cache_stores_total", "Responses that were stored in the response cache.",
		func() float64 { return float64(a.Stats().Stores) })
	m.RegisterGauge("sevenp_cache_entries", "Responses in the memory of this process.",
		func() float64 { return float64(a.Stats().Entries) })
	m.RegisterGauge("sevenp_cache_bytes", "Approximate size of those in bytes.",
		func() float64 { return float64(a.Stats().Bytes) })
}

func addInvalidationMetrics(m *telemetry.Metrics, l *invalidation.Log) {
	m.RegisterCounter("sevenp_invalidation_delayed_writes_total", "Writes that were acknowledged late, because Redis or the database did not respond at once.",
		func() float64 { return float64(l.Stats().DelayedWrites) })
	m.RegisterCounter("sevenp_invalidation_unpublished_changes_total", "Changes that polling found in the database before any process had published them.",
		func() float64 { return float64(l.Stats().UnpublishedChanges) })
	m.RegisterCounter("sevenp_invalidation_awaited_writes_total", "Writes that waited until each process with a read lease had applied them.",
		func() float64 { return float64(l.Stats().AwaitedWrites) })
	m.RegisterCounter("sevenp_invalidation_member_wait_seconds_total", "Time for which they waited.",
		func() float64 { return l.Stats().MemberWait.Seconds() })
	m.RegisterGauge("sevenp_invalidation_read_lease_held", "1 while the process holds a read lease, so that hits send no command to Redis.",
		func() float64 { return boolToFloat(l.Stats().ReadLeaseHeld) })
	m.RegisterGauge("sevenp_invalidation_lease_held", "1 while the process holds the invalidation lease and uses its response cache.",
		func() float64 { return boolToFloat(l.Stats().LeaseHeld) })
}
