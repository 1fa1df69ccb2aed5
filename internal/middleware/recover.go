package middleware

import (
	"log/slog"
	"net/http"
	"runtime/debug"

	"github.com/7p-education/api/internal/gql/response"
)

// Recover turns a panic in an inner handler into one logged error with its stack and a 500 in
// GraphQL's error format. If the response has begun, Recover closes the connection instead, so that
// the client does not treat a partial response as complete.
func Recover(log *slog.Logger) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			rec := recorderFor(w)
			defer func() {
				cause := recover()
				if cause == nil {
					return
				}
				if cause == http.ErrAbortHandler { //nolint:errorlint // net/http compares it the same way
					panic(cause)
				}
				// Recover may run outside RequestID, where the header is visible and the context is not.
				id := rec.Header().Get(requestIDHeader)
				log.ErrorContext(r.Context(), "handler panicked",
					"request_id", id, "path", r.URL.Path, "panic", cause, "stack", string(debug.Stack()))
				if rec.status != 0 {
					panic(http.ErrAbortHandler)
				}
				writeInternalError(rec, id)
			}()
			next.ServeHTTP(rec, r)
		})
	}
}

// writeInternalError writes a 500 in place of the response that the handler had begun to prepare.
func writeInternalError(w http.ResponseWriter, id string) {
	h := w.Header()
	h.Del("Content-Encoding")
	h.Set("Content-Type", response.MediaTypeJSON+"; charset=utf-8")
	response.WriteError(w, http.StatusInternalServerError, response.CodeInternal, "internal server error",
		response.Extension{Name: "requestId", Value: id})
}
