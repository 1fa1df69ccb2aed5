package frontend

import (
	"net/http"
	"strings"

	"github.com/7p-education/api/internal/middleware"
)

// secureHeaders sets the headers of all pages, besides those of the server.
func secureHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Referrer-Policy", "strict-origin-when-cross-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("X-DNS-Prefetch-Control", "on")
		next.ServeHTTP(w, r)
	})
}

// contentPolicy returns the Content-Security-Policy of a page with an inline style. Scripts are files of this server;
// data in the page are not scripts. Pictures of courses may be anywhere, over TLS.
func contentPolicy(style string, fileOrigins []string) string {
	files := strings.Join(append([]string{"'self'"}, fileOrigins...), " ")
	return strings.Join([]string{
		"default-src 'none'",
		"script-src 'self'",
		"style-src 'self' " + middleware.CSPHashSource(style),
		"img-src " + files + " https: data:",
		"media-src " + files + " blob:",
		"connect-src " + files,
		"manifest-src 'self'",
		"base-uri 'none'",
		"form-action 'self'",
		"frame-ancestors 'none'",
		"require-trusted-types-for 'script'",
		"trusted-types 'none'",
	}, "; ")
}
