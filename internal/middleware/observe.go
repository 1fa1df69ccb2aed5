package middleware

import (
	"context"
	"net/http"
	"time"
)

// CompletedRequest describes a request after its response.
type CompletedRequest struct {
	// Route is the pattern that the http.ServeMux matched, "" for none.
	Route    string
	Status   int
	Duration time.Duration
	// GraphQL is the outcome of the GraphQL operation; zero if the request had none.
	GraphQL GraphQLOutcome
	// Database is the database usage; nil for none.
	Database *DatabaseUsage
}

// GraphQLOutcome describes the GraphQL operation of a request and its result.
type GraphQLOutcome struct {
	// Kind is query or mutation, and Name is the operation's name. Both are "" if the request was
	// rejected before they were known.
	Kind, Name string
	// Code is the code of the first error, "" for none. Rejected reports that the response has no
	// data.
	Code     string
	Rejected bool
}

// DatabaseUsage counts the SQL statements of a request, the round trips that carried them, and how
// often a batch waited for its keys.
type DatabaseUsage struct{ Statements, RoundTrips, BatchWaits int64 }

// ObserveRequests calls observe for every completed request. It must run inside RequestID. Directly
// inside AccessLog it is cheapest, because the two share a recorder.
func ObserveRequests(observe func(CompletedRequest)) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			rec := recorderFor(w)
			panicked := true
			defer func() {
				completed := CompletedRequest{Route: r.Pattern, Status: rec.finalStatus(panicked), Duration: rec.elapsedTime()}
				if req, ok := r.Context().Value(requestStateKey{}).(*requestState); ok {
					completed.GraphQL, completed.Database = req.graphql, req.database
				}
				observe(completed)
			}()
			next.ServeHTTP(rec, r)
			panicked = false
		})
	}
}

// RecordOperation records the operation that the request of ctx ran, such as query CoursePage, for
// AccessLog and ObserveRequests. Call it before the handler returns and from the handler's
// goroutine. Outside RequestID it does nothing.
func RecordOperation(ctx context.Context, kind, name string) {
	if req, ok := ctx.Value(requestStateKey{}).(*requestState); ok {
		req.graphql.Kind, req.graphql.Name = kind, name
	}
}

// TransferRequest returns a copy of a context that has the id and the client of another one's request, and whose
// operations are not recorded for it: for operations that run at the same time, or after the request.
func TransferRequest(from, to context.Context) context.Context {
	req, ok := from.Value(requestStateKey{}).(*requestState)
	if !ok {
		return to
	}
	return context.WithValue(to, requestStateKey{}, &requestState{id: req.id, client: req.client})
}

// RecordErrorCode records the code of the first error in the response to the request of ctx, and
// whether the response has no data. The rules of RecordOperation apply.
func RecordErrorCode(ctx context.Context, code string, rejected bool) {
	if req, ok := ctx.Value(requestStateKey{}).(*requestState); ok {
		req.graphql.Code, req.graphql.Rejected = code, rejected
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
