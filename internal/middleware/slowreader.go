package middleware

import (
	"net/http"
	"time"
)

// piece is how many bytes a client must take in one patience: with 15 s, 4.4 kB/s.
const piece = 64 << 10

// SlowReaders gives up on clients that do not take their answer: one that takes no
// piece of it for patience, or a sixteenth less, loses its connection. http.Server's WriteTimeout alone
// counts from the request on, and would cut off long operations and event streams;
// it should be the same, for what net/http writes itself. It must be outermost.
func SlowReaders(patience time.Duration) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(&patientWriter{ResponseWriter: w, patience: patience, set: time.Now()}, r)
		})
	}
}

type patientWriter struct {
	http.ResponseWriter
	patience time.Duration
	set      time.Time // when the clock began last; first by http.Server
}

// wait has the clock begin anew, unless it has only just begun: setting it takes 1 µs.
// Where there is no connection there is none to lose.
func (w *patientWriter) wait() {
	if now := time.Now(); now.Sub(w.set) > w.patience/16 {
		w.set = now
		_ = http.NewResponseController(w.ResponseWriter).SetWriteDeadline(now.Add(w.patience))
	}
}

func (w *patientWriter) Write(b []byte) (n int, err error) {
	for {
		w.wait()
		m, err := w.ResponseWriter.Write(b[n:min(n+piece, len(b))])
		if n += m; err != nil || n == len(b) {
			return n, err
		}
	}
}

// Flush serves those who look for an http.Flusher.
func (w *patientWriter) Flush() {
	w.wait()
	_ = http.NewResponseController(w.ResponseWriter).Flush()
}

// Unwrap serves http.ResponseController.
func (w *patientWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
