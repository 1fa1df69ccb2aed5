package app

import (
	"cmp"
	"context"
	"encoding/hex"
	"log/slog"
	"net/http"

	"github.com/7p-education/api/internal/config"
	"github.com/7p-education/api/internal/middleware"
	"github.com/7p-education/api/internal/observe"
	"github.com/7p-education/api/internal/telemetry"
	"github.com/7p-education/api/internal/tracing"
)

// openTracer returns what sends traces, nil without a collector.
func openTracer(ctx context.Context, c *config.Config, log *slog.Logger) (*tracing.Tracer, error) {
	if c.OTLPEndpoint == "" {
		return nil, nil
	}
	b := readBuild()
	return tracing.New(ctx, tracing.Options{
		Endpoint: string(c.OTLPEndpoint), Version: cmp.Or(b.revision, b.version), Log: log,
		Share: float64(c.TraceSample), CallersPerSecond: c.TraceCallersPerSecond, DraftAttributes: c.TraceDraftAttributes,
	})
}

// traceRequests returns a middleware that gives requests their traces, or does nothing without a tracer. Probes have
// none.
func traceRequests(t *tracing.Tracer) func(http.Handler) http.Handler {
	if t == nil {
		return func(next http.Handler) http.Handler { return next }
	}
	begin := middleware.TraceRequests(func(r *http.Request) *observe.Trace {
		switch r.URL.Path {
		case "/healthz", "/readyz", "/metrics":
			return nil
		}
		return t.Begin(r.Header, middleware.ClientFrom(r).Trusted)
	})
	return func(next http.Handler) http.Handler { return begin(nameTrace(next)) }
}

// nameTrace names the trace of a sampled request in its response, in the form of a traceparent, so that a page can report
// it with the time that it measured.
func nameTrace(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if o := observe.From(r.Context()); o != nil && o.Trace != nil && o.Trace.Sampled {
			w.Header()["Server-Timing"] = []string{`traceparent;desc="00-` + o.Trace.IDText() + `-` + hex.EncodeToString(o.Trace.Parent[:]) + `-01"`}
		}
		next.ServeHTTP(w, r)
	})
}

func tracedRequest(c middleware.CompletedRequest) tracing.Request {
	return tracing.Request{
		ID: c.ID, Method: c.Method, Path: c.Path, Route: c.Route, Status: c.Status, Start: c.Start, Duration: c.Duration, Operation: c.Operation,
	}
}

func addTraceMetrics(m *telemetry.Metrics, t *tracing.Tracer) {
	if t == nil {
		return
	}
	for i, result := range []string{"recorded", "sent", "failed"} {
		m.RegisterCounter("sevenp_trace_spans_total", "Spans that were recorded, and spans that were sent to the collector or lost because that failed.",
			func() float64 {
				recorded, sent, failed := t.Spans()
				return float64([]uint64{recorded, sent, failed}[i])
			}, "result", result)
	}
}
