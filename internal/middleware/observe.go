package middleware

import (
	"context"
	"net/http"
	"time"

	"github.com/7p-education/api/internal/observe"
)

// CompletedRequest describes a request after its response.
type CompletedRequest struct {
	// ID is the id of the request, "" outside RequestID.
	ID string
	// Method and Path are those of the request line; "" for an operation of a WebSocket.
	Method, Path string
	// Start is when the request arrived.
	Start time.Time
	// Route is the pattern that the http.ServeMux matched, "" for none.
	Route    string
	Status   int
	Bytes    int64 // of the body, as sent
	Duration time.Duration
	// Operation is the GraphQL operation; without a kind and a code if the request had none. It is nil outside
	// RequestID.
	Operation *observe.Operation
	// Database is the database usage; nil for none.
	Database *DatabaseUsage
}

// DatabaseUsage counts the SQL statements of a request, the round trips that carried them, and how
// often a batch waited for its keys.
type DatabaseUsage struct{ Statements, RoundTrips, BatchWaits int64 }

// ObserveRequests calls begin for every request, and complete for every completed one. It must run inside RequestID. Directly
// inside AccessLog it is cheapest, because the two share a recorder.
func ObserveRequests(begin func(), complete func(CompletedRequest)) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			rec := recorderFor(w)
			panicked := true
			begin()
			defer func() {
				completed := CompletedRequest{Method: r.Method, Path: r.URL.Path, Start: rec.start, Route: r.Pattern, Status: rec.finalStatus(panicked), Bytes: rec.bytes, Duration: rec.elapsedTime()}
				if req, ok := r.Context().Value(requestStateKey{}).(*requestState); ok {
					completed.ID, completed.Operation, completed.Database = req.id, &req.operation, req.database
				}
				complete(completed)
			}()
			next.ServeHTTP(rec, r)
			panicked = false
		})
	}
}

// TraceRequests has begin return the trace of each request, nil for none. It must run inside RequestID.
func TraceRequests(begin func(*http.Request) *observe.Trace) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if o := observe.From(r.Context()); o != nil {
				o.Trace = begin(r)
			}
			next.ServeHTTP(w, r)
		})
	}
}

// CompleteOperation returns the operation of a context of TransferRequest, which is complete.
func CompleteOperation(ctx context.Context, status int, bytes int64, duration time.Duration) CompletedRequest {
	completed := CompletedRequest{Status: status, Bytes: bytes, Duration: duration}
	if req := requestStateFrom(ctx); req != nil {
		completed.ID, completed.Operation, completed.Database = req.id, &req.operation, req.database
	}
	return completed
}

// RecordOperation records the operation that the request of ctx ran, such as query CoursePage, for
// AccessLog and ObserveRequests. Call it before the handler returns and from the handler's
// goroutine. Outside RequestID it does nothing.
func RecordOperation(ctx context.Context, kind, name string) {
	if req, ok := ctx.Value(requestStateKey{}).(*requestState); ok {
		req.operation.Kind, req.operation.Name = kind, name
	}
}

// TransferRequest returns a copy of a context that has the id and the client of another one's request, and whose
// operations are not recorded for it: for operations that run at the same time, or after the request.
func TransferRequest(from, to context.Context) context.Context {
	req, ok := from.Value(requestStateKey{}).(*requestState)
	if !ok {
		return to
	}
	return &requestContext{Context: to, state: requestState{id: req.id, client: req.client}}
}

// RecordErrorCode records the code of the first error in the response to the request of ctx, and
// whether the response has no data. The rules of RecordOperation apply.
func RecordErrorCode(ctx context.Context, code string, rejected bool) {
	if req, ok := ctx.Value(requestStateKey{}).(*requestState); ok {
		req.operation.Code, req.operation.Rejected = code, rejected
	}
}

// DatabaseUsageOf returns the database usage that RecordDatabase recorded in the request of ctx.
func DatabaseUsageOf(ctx context.Context) DatabaseUsage {
	if req, ok := ctx.Value(requestStateKey{}).(*requestState); ok && req.database != nil {
		return *req.database
	}
	return DatabaseUsage{}
}

// RecordDatabase adds the database usage of one operation to the request of ctx. The rules of
// RecordOperation apply.
func RecordDatabase(ctx context.Context, d DatabaseUsage) {
	if req, ok := ctx.Value(requestStateKey{}).(*requestState); ok {
		if previous := req.database; previous != nil {
			d.Statements, d.RoundTrips, d.BatchWaits = d.Statements+previous.Statements, d.RoundTrips+previous.RoundTrips, d.BatchWaits+previous.BatchWaits
		}
		req.database = &d
	}
}
