package middleware

import (
	"net/http"
	"time"
)

// recorder remembers the status and the size of the answer that passes through, and
// since when it is waited for.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
	start  time.Time
	took   time.Duration // 0 before it was asked for
}

// record wraps w, or returns it where it is a recorder already: Recover and
// AccessLog share one, which saves each request an allocation and a call a write.
func record(w http.ResponseWriter) *recorder {
	if rec, ok := w.(*recorder); ok {
		return rec
	}
	return &recorder{ResponseWriter: w, start: time.Now()}
}

// WriteHeader notes the first final status; 1xx answers other than 101 may come before it.
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 && (status >= 200 || status == http.StatusSwitchingProtocols) {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

// elapsed is how long the answer took: the same for all who ask.
func (r *recorder) elapsed() time.Duration {
	if r.took == 0 {
		r.took = time.Since(r.start)
	}
	return r.took
}

// final is the status that the answer has: a handler that writes none means 200, one
// that panicked 500.
func (r *recorder) final(panicked bool) int {
	switch {
	case r.status != 0:
		return r.status
	case panicked:
		return http.StatusInternalServerError
	default:
		return http.StatusOK
	}
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	n, err := r.ResponseWriter.Write(b)
	r.bytes += int64(n)
	return n, err
}

// Flush is for handlers that look for an http.Flusher, such as gqlgen's event
// streams; http.ResponseController would find the inner one through Unwrap.
func (r *recorder) Flush() {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	_ = http.NewResponseController(r.ResponseWriter).Flush()
}

// Unwrap serves http.ResponseController.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
