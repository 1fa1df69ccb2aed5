package middleware

import (
	"context"
	"net/http"
	"time"
)

// Answered is what became of a request.
type Answered struct {
	// Route is the pattern that a http.ServeMux found for it, "" for none.
	Route  string
	Status int
	Took   time.Duration
	// GraphQL is what it asked of GraphQL; the zero GraphQL where it did not.
	GraphQL GraphQL
	// Database is what it asked of the database; nil for nothing.
	Database *Database
}

// GraphQL is what a request asked for and what came of it.
type GraphQL struct {
	// Kind is query or mutation, and Name what the caller calls it; both are "" where
	// it was refused before that was known.
	Kind, Name string
	// Code is that of the first error, "" for none. Refused tells that there is no
	// data beside it.
	Code    string
	Refused bool
}

// Database is what a request asked of the database: SQL statements, the round
// trips that carried them, and how often a batch had to wait for its keys.
type Database struct{ Statements, RoundTrips, Waits int64 }

// Observe tells of every request when it has been answered. It must run inside
// RequestID, and is cheapest directly inside AccessLog, whose recorder it shares.
func Observe(observe func(Answered)) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			rec := record(w)
			panicked := true
			defer func() {
				a := Answered{Route: r.Pattern, Status: rec.final(panicked), Took: rec.elapsed()}
				if req, ok := r.Context().Value(requestKey{}).(*request); ok {
					a.GraphQL, a.Database = req.graphql, req.database
				}
				observe(a)
			}()
			next.ServeHTTP(rec, r)
			panicked = false
		})
	}
}

// NoteOperation notes which GraphQL operation, such as query CoursePage, the request
// of ctx ran, for AccessLog and Observe. It must be called before the handler
// returns and from its goroutine; outside RequestID it does nothing.
func NoteOperation(ctx context.Context, kind, name string) {
	if req, ok := ctx.Value(requestKey{}).(*request); ok {
		req.graphql.Kind, req.graphql.Name = kind, name
	}
}

// NoteError notes the code of the first error of the answer to the request of ctx,
// and whether it is all of the answer, as NoteOperation does.
func NoteError(ctx context.Context, code string, refused bool) {
	if req, ok := ctx.Value(requestKey{}).(*request); ok {
		req.graphql.Code, req.graphql.Refused = code, refused
	}
}

// NoteDatabase notes what an operation of the request of ctx asked of the database, as
// NoteOperation does.
func NoteDatabase(ctx context.Context, d Database) {
	if req, ok := ctx.Value(requestKey{}).(*request); ok {
		if before := req.database; before != nil {
			d.Statements, d.RoundTrips, d.Waits = d.Statements+before.Statements, d.RoundTrips+before.RoundTrips, d.Waits+before.Waits
		}
		req.database = &d
	}
}
