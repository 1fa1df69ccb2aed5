package telemetry

import (
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// The buckets of what browsers measure: their bounds are those between good, fair and poor, with steps around them.
var (
	vitalBuckets  = []float64{0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 1, 1.5, 2, 2.5, 3, 4, 6, 10, 30}
	shiftBuckets  = []float64{0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.25, 0.5, 1}
	vitalNames    = []string{"LCP", "INP", "FCP", "TTFB"}
	cacheOutcomes = []string{"hit", "miss", "bypass", "none"}
	errorKinds    = []string{"error", "rejection"}
)

// layoutShift is the name of the one figure that is no time.
const layoutShift = "CLS"

// WebVitals are what browsers measure on the pages of the front end. They are safe for concurrent use.
type WebVitals struct {
	release           string
	routes, documents []string
	start             time.Time

	vitals    *prometheus.HistogramVec
	shifts    *prometheus.HistogramVec
	durations *prometheus.HistogramVec
	errors    *prometheus.CounterVec
}

// NewWebVitals registers the metrics of the front end. Only the given release, routes and documents are labels; all
// others are counted as other.
func (m *Metrics) NewWebVitals(release string, routes, documents []string) *WebVitals {
	return &WebVitals{
		release: release, routes: routes, documents: documents, start: time.Now(),
		vitals:    m.histogram("sevenp_web_vitals_seconds", "LCP, INP, FCP and TTFB of pages, as browsers measured them.", vitalBuckets, "metric", "route", "release"),
		shifts:    m.histogram("sevenp_web_layout_shift", "CLS of pages, as browsers measured it.", shiftBuckets, "route", "release"),
		durations: m.histogram("sevenp_web_document_seconds", "Durations of the requests of pages by document, as browsers measured them.", vitalBuckets, "document", "cache"),
		errors:    m.counter("sevenp_web_errors_total", "Errors of scripts of pages.", "kind"),
	}
}

// knownLabel returns a value if it is in a list, and other otherwise.
func knownLabel(value string, known []string) string {
	if slices.Contains(known, value) {
		return value
	}
	return labelOther
}

// RecordVital records a figure of a page: milliseconds, or the sum of layout shifts. Unknown figures are dropped.
func (v *WebVitals) RecordVital(name, route, release string, value float64) {
	route, release = knownLabel(route, v.routes), knownLabel(release, []string{v.release})
	switch {
	case name == layoutShift:
		v.shifts.WithLabelValues(route, release).Observe(value)
	case slices.Contains(vitalNames, name):
		v.vitals.WithLabelValues(name, route, release).Observe(value / 1000)
	}
}

// RecordDocument records the duration of a request in milliseconds, and how the response cache served it. It returns the
// labels of both.
func (v *WebVitals) RecordDocument(document, cache string, ms float64) (documentLabel, cacheLabel string) {
	documentLabel, cacheLabel = knownLabel(document, v.documents), knownLabel(cache, cacheOutcomes)
	v.durations.WithLabelValues(documentLabel, cacheLabel).Observe(ms / 1000)
	return documentLabel, cacheLabel
}

// RecordError counts an error of a script.
func (v *WebVitals) RecordError(kind string) {
	v.errors.WithLabelValues(knownLabel(kind, errorKinds)).Inc()
}

// VitalsSummary has the figures since the start of the process. Times are in milliseconds.
type VitalsSummary struct {
	Release   string           `json:"release"`
	Since     time.Time        `json:"since"`
	Routes    []RouteVitals    `json:"routes"`
	Documents []DocumentVitals `json:"documents"`
	Errors    []ErrorVitals    `json:"errors"`
}

// RouteVitals are the figures of a route, of all releases.
type RouteVitals struct {
	Route   string         `json:"route"`
	Metrics []MetricVitals `json:"metrics"`
}

// MetricVitals are the quantiles of one figure.
type MetricVitals struct {
	Name string `json:"name"`
	Quantiles
}

// DocumentVitals are the quantiles of the durations of a document, for each outcome of the response cache.
type DocumentVitals struct {
	Document string `json:"document"`
	Cache    string `json:"cache"`
	Quantiles
}

// ErrorVitals is a number of errors.
type ErrorVitals struct {
	Kind  string `json:"kind"`
	Count uint64 `json:"count"`
}

// Quantiles are estimates from the buckets of a histogram.
type Quantiles struct {
	Count uint64  `json:"count"`
	P50   float64 `json:"p50"`
	P75   float64 `json:"p75"`
	P95   float64 `json:"p95"`
}

// Summary returns the figures since the start of the process.
func (v *WebVitals) Summary() VitalsSummary {
	s := VitalsSummary{Release: v.release, Since: v.start, Routes: []RouteVitals{}, Documents: []DocumentVitals{}, Errors: []ErrorVitals{}}
	byRoute := map[string]map[string]*dto.Histogram{}
	add := func(route, name string, h *dto.Histogram) {
		if byRoute[route] == nil {
			byRoute[route] = map[string]*dto.Histogram{}
		}
		byRoute[route][name] = mergeHistograms(byRoute[route][name], h)
	}
	for _, m := range collectMetrics(v.vitals) {
		add(m.labels["route"], m.labels["metric"], m.Histogram)
	}
	for _, m := range collectMetrics(v.shifts) {
		add(m.labels["route"], layoutShift, m.Histogram)
	}
	for _, route := range sortedKeys(byRoute) {
		r := RouteVitals{Route: route}
		for _, name := range sortedKeys(byRoute[route]) {
			unit := 1000.0
			if name == layoutShift {
				unit = 1
			}
			r.Metrics = append(r.Metrics, MetricVitals{name, quantilesOf(byRoute[route][name], unit)})
		}
		s.Routes = append(s.Routes, r)
	}
	for _, m := range collectMetrics(v.durations) {
		s.Documents = append(s.Documents, DocumentVitals{m.labels["document"], m.labels["cache"], quantilesOf(m.Histogram, 1000)})
	}
	slices.SortFunc(s.Documents, func(a, b DocumentVitals) int {
		return strings.Compare(a.Document+" "+a.Cache, b.Document+" "+b.Cache)
	})
	for _, m := range collectMetrics(v.errors) {
		s.Errors = append(s.Errors, ErrorVitals{m.labels["kind"], uint64(m.Counter.GetValue())})
	}
	slices.SortFunc(s.Errors, func(a, b ErrorVitals) int { return strings.Compare(a.Kind, b.Kind) })
	return s
}
