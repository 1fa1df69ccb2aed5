package middleware

import (
	"net/http"
	"strings"
)

// Shared slices save an allocation a header; a handler that replaces a header
// replaces the slice and leaves these alone.
var (
	noSniff    = []string{"nosniff"}
	noReferrer = []string{"no-referrer"}
	denyFrames = []string{"DENY"}
	emptyPage  = []string{"default-src 'none'; frame-ancestors 'none'"}
	oneYear    = []string{"max-age=31536000"}
)

// SecurityHeaders sets the headers that keep a browser from making more of an
// answer than data. They are set before the handler runs, so a page that needs
// scripts sets a Content-Security-Policy of its own. Requests that came by TLS,
// here or at a proxy that says so by X-Forwarded-Proto, get HSTS; browsers ignore
// it on plain HTTP (RFC 6797, section 8.1), so a forged header gains nothing.
func SecurityHeaders() func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h := w.Header()
			h["X-Content-Type-Options"] = noSniff
			h["Referrer-Policy"] = noReferrer
			h["X-Frame-Options"] = denyFrames
			h["Content-Security-Policy"] = emptyPage
			if r.TLS != nil || strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https") {
				h["Strict-Transport-Security"] = oneYear
			}
			next.ServeHTTP(w, r)
		})
	}
}
