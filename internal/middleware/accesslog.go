package middleware

import (
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// AccessLog writes one log line per completed request, as slog's JSONHandler would: method, path,
// client address, status, bytes sent and duration in milliseconds. Lines omit the query string
// and the headers, which may hold secrets. A handler that panics counts as 500. The level is
// slog.LevelError for a status of 500 or above, otherwise slog.LevelInfo; lines below minLevel
// are not written. Each line is one call of out.Write, and the calls do not overlap.
func AccessLog(out io.Writer, minLevel slog.Level) func(http.Handler) http.Handler {
	log := &accessLog{out: out, minLevel: minLevel}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			rec := recorderFor(w)
			panicked := true
			defer func() {
				log.writeEntry(r, accessEntry{status: rec.finalStatus(panicked), bytes: rec.bytes, start: rec.start, duration: rec.elapsedTime()})
			}()
			next.ServeHTTP(rec, r)
			panicked = false
		})
	}
}

type accessLog struct {
	minLevel slog.Level
	mu       sync.Mutex
	out      io.Writer
	line     []byte // buffer of the latest line, reused
	clock    timeFormatter
}

type accessEntry struct {
	status   int
	bytes    int64
	start    time.Time
	duration time.Duration
}

func (e accessEntry) logLevel() slog.Level {
	if e.status >= http.StatusInternalServerError {
		return slog.LevelError
	}
	return slog.LevelInfo
}

func (l *accessLog) writeEntry(r *http.Request, e accessEntry) {
	if e.logLevel() < l.minLevel {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.line = append(l.line[:0], `{"time":"`...)
	l.line = l.clock.appendTime(l.line, e.start.Add(e.duration))
	l.line = e.appendFields(append(l.line, '"'), r)
	_, _ = l.out.Write(l.line)
}
