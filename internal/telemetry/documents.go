package telemetry

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/7p-education/api/internal/observe"
)

const (
	// maxTrustedOperations is how many names of trusted documents have series of their own, and maxOtherOperations how
	// many other documents have.
	maxTrustedOperations = 500
	maxOtherOperations   = 50
	// documentHashDigits is how many hex digits of the SHA-256 of a text are its label.
	documentHashDigits = 12
)

// The labels of operations without a document of their own.
const (
	labelOther = "other" // of all operations beyond the maximum
	labelNone  = "none"  // of requests that were rejected before their document was known
	labelBatch = "batch"
)

// documentSeries are the series of operations. Each document has found its own after its first use.
type documentSeries struct {
	newSeries          func(*observe.Document) any // see observe.Document.Memo
	other, none, batch *series
}

// operationLabels are the labels in use.
type operationLabels struct {
	durations *prometheus.HistogramVec
	errors    *prometheus.CounterVec
	mu        sync.Mutex
	labels    map[string]*series
	count     map[bool]int // by whether they are of trusted documents
}

func newDocumentSeries(m *Metrics) documentSeries {
	l := &operationLabels{
		durations: m.histogram("sevenp_graphql_operation_duration_seconds", "Durations of GraphQL requests by operation.", durationBuckets, "operation"),
		errors:    m.counter("sevenp_graphql_operation_errors_total", "GraphQL requests by operation whose response has errors.", "operation"),
		labels:    map[string]*series{}, count: map[bool]int{},
	}
	d := documentSeries{other: l.newSeries(labelOther), none: l.newSeries(labelNone), batch: l.newSeries(labelBatch)}
	d.newSeries = func(document *observe.Document) any { return l.find(document, d.other) }
	return d
}

// find returns the series of an operation.
func (s *documentSeries) find(o *observe.Operation) *series {
	switch {
	case o.Document != nil:
		return o.Document.Memo(s.newSeries).(*series) //nolint:forcetypeassert // of newSeries
	case o.Kind == labelBatch:
		return s.batch
	case o.Kind == "":
		return s.none
	}
	return s.other
}

// find returns the series of a document, or other if there are too many.
func (l *operationLabels) find(d *observe.Document, other *series) *series {
	label, limit := operationLabel(d), maxOtherOperations
	if d.Trusted {
		limit = maxTrustedOperations
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if found := l.labels[label]; found != nil {
		return found
	}
	if l.count[d.Trusted] >= limit {
		return other
	}
	l.count[d.Trusted]++
	added := l.newSeries(label)
	l.labels[label] = added
	return added
}

func (l *operationLabels) newSeries(label string) *series {
	return &series{l.durations.WithLabelValues(label), l.errors.WithLabelValues(label)}
}

// operationLabel returns the name of the operation of a trusted document, and the hash of another. A name has no colon.
func operationLabel(d *observe.Document) string {
	if d.Trusted && d.Operation != "" {
		return d.Operation
	}
	id := d.ID[:min(len(d.ID), documentHashDigits)]
	if d.Trusted {
		return "id:" + id
	}
	return "sha256:" + id
}
