package middleware

import (
	"log/slog"
	"net/http"
	"strings"
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
			rec := record(w)
			panicked := true
			defer func() {
				logAccess(log, r, entry{status: rec.final(panicked), bytes: rec.bytes, start: rec.start, took: time.Since(rec.start)})
			}()
			next.ServeHTTP(rec, r)
			panicked = false
		})
	}
}

type entry struct {
	status int
	bytes  int64
	start  time.Time
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
	attrs := make([]slog.Attr, 0, 13)
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
		if g := &req.graphql; g.Kind != "" {
			attrs = append(attrs, slog.String("operation", clip(strings.TrimSpace(g.Kind+" "+g.Name))))
		}
		if code := req.graphql.Code; code != "" {
			attrs = append(attrs, slog.String("code", code))
		}
		if d := req.database; d != nil {
			attrs = append(attrs, slog.Int64("sql_statements", d.Statements), slog.Int64("sql_round_trips", d.RoundTrips))
			if d.Waits > 0 {
				attrs = append(attrs, slog.Int64("batch_waits", d.Waits))
			}
		}
	}
	// Logger.LogAttrs would look at the clock once more, and up the stack for who calls.
	line := slog.NewRecord(e.start.Add(e.took), level, "request", 0)
	line.AddAttrs(attrs...)
	_ = log.Handler().Handle(ctx, line)
}

func clip(s string) string {
	if len(s) > maxLogged {
		return s[:maxLogged]
	}
	return s
}
