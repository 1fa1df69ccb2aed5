package telemetry

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/7p-education/api/internal/observe"
)

// keyBuckets are the upper bounds of the buckets of numbers of keys.
var keyBuckets = []float64{1, 2, 5, 10, 20, 50, 100, 500}

// databaseSeries are the series of round trips to the databases.
type databaseSeries struct {
	durations *prometheus.HistogramVec
	errors    *prometheus.CounterVec
	found     sync.Map // *series by statementKey
	keys      *prometheus.HistogramVec
}

// statementKey identifies the series of a statement.
type statementKey struct{ statement, database string }

func newDatabaseSeries(m *Metrics) *databaseSeries {
	return &databaseSeries{
		durations: m.histogram("sevenp_sql_duration_seconds", "Durations of SQL statements by name, with reading their rows.",
			durationBuckets, "statement", "database"),
		errors: m.counter("sevenp_sql_errors_total", "SQL statements that failed, by name.", "statement", "database"),
		keys:   m.histogram("sevenp_loader_batch_keys", "Keys of the batches that loaders read, by loader.", keyBuckets, "loader"),
	}
}

// find returns the series of a statement.
func (s *databaseSeries) find(statement, database string) *series {
	key := statementKey{statement, database}
	if found, ok := s.found.Load(key); ok {
		return found.(*series) //nolint:forcetypeassert // stored below
	}
	found, _ := s.found.LoadOrStore(key, &series{s.durations.WithLabelValues(statement, database), s.errors.WithLabelValues(statement, database)})
	return found.(*series) //nolint:forcetypeassert // stored here
}

// RecordRoundTrip counts the statements of a round trip and the batches of loaders that it carried.
func (m *Metrics) RecordRoundTrip(t *observe.RoundTrip) {
	for i := range t.Statements {
		s := &t.Statements[i]
		m.database.find(s.Name, t.Database).record(s.Duration, s.Err != nil)
	}
	if t.Err != nil {
		return // a loader may read the same keys again
	}
	for _, l := range t.Loads {
		m.database.keys.WithLabelValues(l.Loader).Observe(float64(l.Keys))
	}
}
