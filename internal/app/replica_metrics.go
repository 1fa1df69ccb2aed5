package app

import (
	"github.com/7p-education/api/internal/telemetry"
	"github.com/7p-education/api/store"
)

// addReplicaMetrics registers the counts and the states of the replicas.
func addReplicaMetrics(m *telemetry.Metrics, db *store.Store) {
	const reads = "sevenp_db_reads_total"
	const readsHelp = "Round trips of reads outside transactions by database."
	m.RegisterCounter(reads, readsHelp, func() float64 { return float64(db.PrimaryReads()) }, "database", "primary")
	for _, x := range db.Replicas() {
		addPoolMetrics(m, x.Name(), x.Pool())
		m.RegisterCounter(reads, readsHelp, func() float64 { return float64(x.Stats().Reads) }, "database", x.Name())
		m.RegisterCounter("sevenp_replica_fence_misses_total", "Reads for which a replica lacked a change when they arrived.",
			func() float64 { return float64(x.Stats().FenceMisses) }, "database", x.Name())
		m.RegisterGauge("sevenp_replica_lag_seconds", "Age of the oldest change that a replica lacks, 0 if it has all.",
			func() float64 { return x.Stats().Lag.Seconds() }, "database", x.Name())
		m.RegisterGauge("sevenp_replica_up", "Whether a replica serves reads.", func() float64 {
			if x.Stats().Cause != nil {
				return 0
			}
			return 1
		}, "database", x.Name())
	}
	if len(db.Replicas()) == 0 {
		return
	}
	for _, reason := range store.FallbackReasons {
		m.RegisterCounter("sevenp_replica_fallbacks_total", "Operations whose reads went to the primary although a replica could have served them, by reason.",
			func() float64 { return float64(db.ReplicaFallbacks(reason)) }, "reason", reason.String())
	}
}
