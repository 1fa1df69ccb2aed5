package middleware

import (
	"net/http"
	"time"
)

// responseRecorder remembers the status and the size of the answer that passes through, and
// since when it is waited for.
type responseRecorder struct {
	http.ResponseWriter
	status   int
	bytes    int64
	start    time.Time
	duration time.Duration // 0 before it was asked for
}

// recorderFor wraps w, or returns it where it is a recorder already: Recover and
// AccessLog share one, which saves each request an allocation and a call a write.
func recorderFor(w http.ResponseWriter) *responseRecorder {
	if rec, ok := w.(*responseRecorder); ok {
		return rec
	}
	return &responseRecorder{ResponseWriter: w, start: time.Now()}
}

// WriteHeader notes the first final status; 1xx answers other than 101 may come before it.
func (r *responseRecorder) WriteHeader(status int) {
	if r.status == 0 && (status >= 200 || status == http.StatusSwitchingProtocols) {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

// elapsedTime is how long the answer took: the same for all who ask.
func (r *responseRecorder) elapsedTime() time.Duration {
	if r.duration == 0 {
		r.duration = time.Since(r.start)
	}
	return r.duration
}

// finalStatus is the status that the answer has: a handler that writes none means 200, one
// that panicked 500.
func (r *responseRecorder) finalStatus(panicked bool) int {
	switch {
	case r.status != 0:
		return r.status
	case panicked:
		return http.StatusInternalServerError
	default:
		return http.StatusOK
	}
}

func (r *responseRecorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	n, err := r.ResponseWriter.Write(b)
	r.bytes += int64(n)
	return n, err
}

// Flush is for handlers that look for an http.Flusher, such as gqlgen's event
// streams; http.ResponseController would find the inner one through Unwrap.
func (r *responseRecorder) Flush() {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	_ = http.NewResponseController(r.ResponseWriter).Flush()
}

// Unwrap serves http.ResponseController.
func (r *responseRecorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
