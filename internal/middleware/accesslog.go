package middleware

import (
	"context"
	"log/slog"
	"net/http"
	"time"
)

// maxLogged is the most characters of a caller's text that a line of log takes.
const maxLogged = 200

// AccessLog writes one line a request when it has been answered: who asked for
// what, the status, the bytes sent and the milliseconds it took. The query
// string and the headers are left out, as they may hold secrets. A handler that
// panics counts as 500.
func AccessLog(log *slog.Logger) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			start := time.Now()
			rec := record(w)
			panicked := true
			defer func() {
				status := rec.status
				if status == 0 {
					status = http.StatusOK
					if panicked {
						status = http.StatusInternalServerError
					}
				}
				logAccess(log, r, entry{status: status, bytes: rec.bytes, took: time.Since(start)})
			}()
			next.ServeHTTP(rec, r)
			panicked = false
		})
	}
}

// NoteOperation tells the access log which GraphQL operation, such as "query
// CoursePage", the request of ctx ran. It must be called before the handler
// returns and from its goroutine; without AccessLog it does nothing.
func NoteOperation(ctx context.Context, operation string) {
	if req, ok := ctx.Value(requestKey{}).(*request); ok {
		req.operation = operation
	}
}

// Database is what a request asked of the database: SQL statements, the round
// trips that carried them, and how often a batch had to wait for its keys.
type Database struct{ Statements, RoundTrips, Waits int64 }

// NoteDatabase tells the access log what an operation of the request of ctx asked
// of the database, under the same conditions as NoteOperation.
func NoteDatabase(ctx context.Context, d Database) {
	if req, ok := ctx.Value(requestKey{}).(*request); ok {
		if before := req.database; before != nil {
			d.Statements, d.RoundTrips, d.Waits = d.Statements+before.Statements, d.RoundTrips+before.RoundTrips, d.Waits+before.Waits
		}
		req.database = &d
	}
}

type entry struct {
	status int
	bytes  int64
	took   time.Duration
}

func logAccess(log *slog.Logger, r *http.Request, e entry) {
	level := slog.LevelInfo
	if e.status >= http.StatusInternalServerError {
		level = slog.LevelError
	}
	ctx := r.Context()
	if !log.Enabled(ctx, level) {
		return
	}
	attrs := make([]slog.Attr, 0, 12)
	attrs = append(attrs,
		slog.String("method", r.Method),
		slog.String("path", clip(r.URL.Path)),
		slog.Int("status", e.status),
		slog.Int64("bytes", e.bytes),
		slog.Float64("ms", float64(e.took.Microseconds())/1000),
		slog.String("remote", ClientOf(r).Address.String()),
		slog.String("user_agent", clip(r.UserAgent())),
	)
	if req, ok := ctx.Value(requestKey{}).(*request); ok {
		attrs = append(attrs, slog.String("request_id", req.id))
		if req.operation != "" {
			attrs = append(attrs, slog.String("operation", clip(req.operation)))
		}
		if d := req.database; d != nil {
			attrs = append(attrs, slog.Int64("sql_statements", d.Statements), slog.Int64("sql_round_trips", d.RoundTrips))
			if d.Waits > 0 {
				attrs = append(attrs, slog.Int64("batch_waits", d.Waits))
			}
		}
	}
	log.LogAttrs(ctx, level, "request", attrs...)
}

func clip(s string) string {
	if len(s) > maxLogged {
		return s[:maxLogged]
	}
	return s
}
