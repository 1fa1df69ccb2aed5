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
func AccessLog(out io.Writer, least slog.Level) func(http.Handler) http.Handler {
	log := &accessLog{out: out, least: least}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			rec := record(w)
			panicked := true
			defer func() {
				log.write(r, entry{status: rec.final(panicked), bytes: rec.bytes, start: rec.start, took: rec.elapsed()})
			}()
			next.ServeHTTP(rec, r)
			panicked = false
		})
	}
}

type accessLog struct {
	least slog.Level
	mu    sync.Mutex
	out   io.Writer
	line  []byte // the latest
	clock clock
}

type entry struct {
	status int
	bytes  int64
	start  time.Time
	took   time.Duration
}

func (e entry) level() slog.Level {
	if e.status >= http.StatusInternalServerError {
		return slog.LevelError
	}
	return slog.LevelInfo
}

func (l *accessLog) write(r *http.Request, e entry) {
	if e.level() < l.least {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.line = append(l.line[:0], `{"time":"`...)
	l.line = l.clock.append(l.line, e.start.Add(e.took))
	l.line = e.append(append(l.line, '"'), r)
	_, _ = l.out.Write(l.line)
}
