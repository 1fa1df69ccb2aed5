package app

import (
	"github.com/7p-education/api/internal/config"
	"github.com/7p-education/api/internal/gql/admission"
	"github.com/7p-education/api/internal/telemetry"
)

// maxQueriesPerConn is the upper bound of a limit that adapts, in queries for each connection of the pool. Queries also
// decode, encode and wait for Redis without a connection.
const maxQueriesPerConn = 16

// openAdmission returns the limiter of queries, nil for none. Writes precede queries if the limit adapts.
func openAdmission(c *config.Config, db *Database) *admission.Limiter {
	limit := c.MaxConcurrentQueries
	switch {
	case limit.Adapts:
		conns := int(db.PrimaryPool().Config().MaxConns)
		l := admission.New(admission.Options{Min: max(1, conns/2), Max: maxQueriesPerConn * conns})
		db.ObserveWrites(l.AddWrites)
		return l
	case limit.N > 0:
		return admission.New(admission.Options{Limit: limit.N})
	}
	return nil
}

func addAdmissionMetrics(m *telemetry.Metrics, l *admission.Limiter) {
	if l == nil {
		return
	}
	m.RegisterGauge("sevenp_query_limit", "Queries that may be executed at a time.",
		func() float64 { return float64(l.Stats().Limit) })
	m.RegisterGauge("sevenp_queries_in_progress", "Queries that are executed.",
		func() float64 { return float64(l.Stats().InProgress) })
	m.RegisterGauge("sevenp_queries_queued", "Queries that wait because the limit is reached.",
		func() float64 { return float64(l.Stats().Queued) })
	for _, p := range admission.Priorities {
		m.RegisterCounter("sevenp_queries_rejected_total", "Queries that were rejected because the server was overloaded, by priority.",
			func() float64 { return float64(l.Stats().Rejected[p]) }, "priority", p.String())
	}
}
