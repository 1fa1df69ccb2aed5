package middleware

import (
	"net/http"
	"time"
)

// responseRecorder records the status, size and duration of the response that passes through it.
type responseRecorder struct {
	http.ResponseWriter
	status   int
	bytes    int64
	start    time.Time
	duration time.Duration // 0 before the first call of elapsedTime
}

// recorderFor returns w if it is a recorder already, and wraps it otherwise. Recover and AccessLog
// share one recorder, which saves an allocation per request and a call per write.
func recorderFor(w http.ResponseWriter) *responseRecorder {
	if rec, ok := w.(*responseRecorder); ok {
		return rec
	}
	return &responseRecorder{ResponseWriter: w, start: time.Now()}
}

// WriteHeader records the first final status; 1xx responses other than 101 may precede it.
func (r *responseRecorder) WriteHeader(status int) {
	if r.status == 0 && (status >= 200 || status == http.StatusSwitchingProtocols) {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

// elapsedTime returns the duration of the response as of the first call, the same in every call.
func (r *responseRecorder) elapsedTime() time.Duration {
	if r.duration == 0 {
		r.duration = time.Since(r.start)
	}
	return r.duration
}

// finalStatus returns the status of the response: 200 if the handler wrote none, 500 if it panicked
// before it wrote one.
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

// Flush supports handlers that require an http.Flusher, such as gqlgen's event streams;
// http.ResponseController would find the inner one through Unwrap.
func (r *responseRecorder) Flush() {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	_ = http.NewResponseController(r.ResponseWriter).Flush()
}

// Unwrap returns the inner writer to http.ResponseController.
func (r *responseRecorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
