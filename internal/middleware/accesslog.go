package middleware

import (
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// AccessLog writes one line a request when it has been answered: who asked for
// what, the status, the bytes sent and the milliseconds it took, as slog's
// JSONHandler would. The query string and the headers are left out, as they may hold
// secrets. A handler that panics counts as 500. Lines are of slog.LevelInfo, those of
// a status from 500 on of slog.LevelError; those below least are not written. It
// writes whole lines, one at a time.
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
	line     []byte // the latest
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
