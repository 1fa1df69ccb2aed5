package middleware

import (
	"context"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// AccessLogOptions configure an AccessLog.
type AccessLogOptions struct {
	// LeftOut is the share of good requests that have no line, from 0 to 1. Requests with a status of 400 or above, with
	// an error code, or slower than Slow always have one.
	LeftOut float64
	Slow    time.Duration // 0 for none
}

// AccessLog writes one log line per completed request, as slog's JSONHandler would: method, path,
// client address, status, bytes sent and duration in milliseconds, and what is known of a GraphQL operation. Lines omit
// the query string, the headers and the variables, which may hold secrets. A handler that panics counts as 500. The level
// is slog.LevelError for a status of 500 or above, otherwise slog.LevelInfo. Each line is one call of the writer's Write,
// and the calls do not overlap. Probes of health have no line, nor have those of metrics unless they are rejected.
type AccessLog struct {
	options AccessLogOptions
	mu      sync.Mutex
	out     io.Writer
	line    []byte // buffer of the latest line, reused
	clock   timeFormatter
}

// NewAccessLog returns a log that writes to out.
func NewAccessLog(out io.Writer, o AccessLogOptions) *AccessLog {
	return &AccessLog{out: out, options: o}
}

// Log wraps a handler whose requests are logged.
func (l *AccessLog) Log(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := recorderFor(w)
		panicked := true
		defer func() {
			l.writeEntry(accessEntry{
				method: r.Method, path: r.URL.Path, header: r.Header, client: ClientFrom(r), state: requestStateFrom(r.Context()),
				status: rec.finalStatus(panicked), bytes: rec.bytes, start: rec.start, duration: rec.elapsedTime(),
			})
		}()
		next.ServeHTTP(rec, r)
		panicked = false
	})
}

// LogOperation writes the line of an operation that came over a WebSocket. Its context is one of TransferRequest.
func (l *AccessLog) LogOperation(ctx context.Context, path string, o CompletedRequest) {
	client, _ := ClientFromContext(ctx)
	l.writeEntry(accessEntry{
		method: "WEBSOCKET", path: path, client: client, state: requestStateFrom(ctx),
		status: o.Status, bytes: o.Bytes, start: time.Now().Add(-o.Duration), duration: o.Duration,
	})
}

// accessEntry is what a line reports.
type accessEntry struct {
	method, path string
	header       http.Header
	client       Client
	state        *requestState // nil outside RequestID
	status       int
	bytes        int64
	start        time.Time
	duration     time.Duration
}

func (e *accessEntry) logLevel() slog.Level {
	if e.status >= http.StatusInternalServerError {
		return slog.LevelError
	}
	return slog.LevelInfo
}

// isLogged reports whether an entry has a line.
func (l *AccessLog) isLogged(e *accessEntry) bool {
	failed := e.status >= http.StatusBadRequest || e.state != nil && e.state.operation.Code != ""
	switch e.path {
	case "/healthz", "/readyz":
		return false
	case "/metrics":
		return failed
	}
	return l.options.LeftOut == 0 || failed || l.options.Slow > 0 && e.duration >= l.options.Slow || rand.Float64() >= l.options.LeftOut
}

func (l *AccessLog) writeEntry(e accessEntry) {
	if !l.isLogged(&e) {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.line = append(l.line[:0], `{"time":"`...)
	l.line = l.clock.appendTime(l.line, e.start.Add(e.duration))
	l.line = e.appendFields(append(l.line, '"'))
	_, _ = l.out.Write(l.line)
}
