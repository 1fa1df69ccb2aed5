package middleware

import (
	"net/http"
	"sync/atomic"

	"github.com/7p-education/api/internal/gql/response"
)

// StartingHandler serves requests with a handler once that is set. Before, /healthz is 200, /readyz is 503, and other
// requests get SERVICE_UNAVAILABLE. The zero value is ready for use.
type StartingHandler struct {
	handler atomic.Pointer[http.Handler]
}

// SetHandler sets the handler. It is called once.
func (s *StartingHandler) SetHandler(h http.Handler) { s.handler.Store(&h) }

func (s *StartingHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := s.handler.Load()
	switch {
	case h != nil:
		(*h).ServeHTTP(w, r)
	case r.URL.Path == "/healthz":
		writeHealthReport(w, http.StatusOK, healthReport{Status: "starting"})
	case r.URL.Path == "/readyz":
		writeHealthReport(w, http.StatusServiceUnavailable, healthReport{Status: "starting"})
	default:
		w.Header().Set("Retry-After", "1")
		response.WriteError(w, http.StatusServiceUnavailable, "SERVICE_UNAVAILABLE", "the server is starting: try again", response.Extension{Name: "retryAfter", Value: 1})
	}
}
