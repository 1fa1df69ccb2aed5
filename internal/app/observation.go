package app

import (
	"log/slog"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/middleware"
	"github.com/7p-education/api/internal/telemetry"
	"github.com/7p-education/api/internal/tracing"
)

// requestObserver counts completed requests in the metrics, sends their traces, and logs slow operations.
type requestObserver struct {
	metrics *telemetry.Metrics
	tracer  *tracing.Tracer // nil without traces
	log     *slog.Logger
	slow    time.Duration // 0 for never
}

// complete records a request.
func (r *requestObserver) complete(c middleware.CompletedRequest) {
	if code, ok := earlyRejectionCodes[c.Status]; ok && c.Route == graphqlPath && c.Operation != nil && c.Operation.Kind == "" && c.Operation.Code == "" {
		c.Operation.Code, c.Operation.Rejected = string(code), true
	}
	r.metrics.RecordRequest(telemetryRequest(c))
	r.tracer.Record(tracedRequest(c))
	r.logIfSlow(c)
}

// completeOperation records an operation of a WebSocket.
func (r *requestObserver) completeOperation(c middleware.CompletedRequest) {
	r.metrics.RecordOperation(telemetryRequest(c))
	r.logIfSlow(c)
}

func telemetryRequest(c middleware.CompletedRequest) telemetry.Request {
	r := telemetry.Request{Route: c.Route, Status: c.Status, Bytes: c.Bytes, Duration: c.Duration, Operation: c.Operation}
	if c.Database != nil {
		r.Statements, r.RoundTrips = c.Database.Statements, c.Database.RoundTrips
	}
	return r
}

// earlyRejectionCodes are the codes of requests that are rejected before GraphQL: tokens that are
// invalid or cannot be verified, and callers over their rate limit.
var earlyRejectionCodes = map[int]edu.Code{401: edu.Unauthenticated, 429: edu.RateLimited, 503: edu.Unavailable}
