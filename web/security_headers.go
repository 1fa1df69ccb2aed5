package web

import (
	"net/http"
	"strings"
)

// secureHeaders sets the headers of all responses of this package.
func secureHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		next.ServeHTTP(w, r)
	})
}

// contentPolicy returns a Content-Security-Policy that allows only images and what the directives allow.
func contentPolicy(directives ...string) string {
	return strings.Join(append([]string{
		"default-src 'none'",
		"img-src 'self' data:",
		"base-uri 'none'",
		"form-action 'none'",
		"frame-ancestors 'none'",
	}, directives...), "; ")
}
