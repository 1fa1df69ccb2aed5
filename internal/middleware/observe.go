package middleware

import (
	"context"
	"net/http"
	"time"
)

// CompletedRequest is what became of a request.
type CompletedRequest struct {
	// Route is the pattern that a http.ServeMux found for it, "" for none.
	Route    string
	Status   int
	Duration time.Duration
	// GraphQLOutcome is what it asked of GraphQLOutcome; the zero GraphQLOutcome where it did not.
	GraphQL GraphQLOutcome
	// Database is what it asked of the database; nil for nothing.
	Database *DatabaseUsage
}

// GraphQLOutcome is what a request asked for and what came of it.
type GraphQLOutcome struct {
	// Kind is query or mutation, and Name what the caller calls it; both are "" where
	// it was refused before that was known.
	Kind, Name string
	// Code is that of the first error, "" for none. Refused tells that there is no
	// data beside it.
	Code     string
	Rejected bool
}

// DatabaseUsage is what a request asked of the database: SQL statements, the round
// trips that carried them, and how often a batch had to wait for its keys.
type DatabaseUsage struct{ Statements, RoundTrips, BatchWaits int64 }

// ObserveRequests tells of every request when it has been answered. It must run inside
// RequestID, and is cheapest directly inside AccessLog, whose recorder it shares.
func ObserveRequests(observe func(CompletedRequest)) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			rec := recorderFor(w)
			panicked := true
			defer func() {
				a := CompletedRequest{Route: r.Pattern, Status: rec.finalStatus(panicked), Duration: rec.elapsedTime()}
				if req, ok := r.Context().Value(requestStateKey{}).(*requestState); ok {
					a.GraphQL, a.Database = req.graphql, req.database
				}
				observe(a)
			}()
			next.ServeHTTP(rec, r)
			panicked = false
		})
	}
}

// RecordOperation notes which GraphQLOutcome operation, such as query CoursePage, the request
// of ctx ran, for AccessLog and Observe. It must be called before the handler
// returns and from its goroutine; outside RequestID it does nothing.
func RecordOperation(ctx context.Context, kind, name string) {
	if req, ok := ctx.Value(requestStateKey{}).(*requestState); ok {
		req.graphql.Kind, req.graphql.Name = kind, name
	}
}

// RecordErrorCode notes the code of the first error of the answer to the request of ctx,
// and whether it is all of the answer, as RecordOperation does.
func RecordErrorCode(ctx context.Context, code string, rejected bool) {
	if req, ok := ctx.Value(requestStateKey{}).(*requestState); ok {
		req.graphql.Code, req.graphql.Rejected = code, rejected
	}
}

// RecordDatabase notes what an operation of the request of ctx asked of the database, as
// RecordOperation does.
func RecordDatabase(ctx context.Context, d DatabaseUsage) {
	if req, ok := ctx.Value(requestStateKey{}).(*requestState); ok {
		if previous := req.database; previous != nil {
			d.Statements, d.RoundTrips, d.BatchWaits = d.Statements+previous.Statements, d.RoundTrips+previous.RoundTrips, d.BatchWaits+previous.BatchWaits
		}
		req.database = &d
	}
}
