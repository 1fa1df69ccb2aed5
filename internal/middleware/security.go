package middleware

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
)

// The slices are shared to save an allocation per header. A handler that replaces a header assigns
// a new slice and does not modify these.
var (
	noSniff       = []string{"nosniff"}
	sameOrigin    = []string{"same-origin"}
	denyAllPolicy = []string{"default-src 'none'; frame-ancestors 'none'"}
)

// SecurityHeaders sets the headers that make a browser treat a response as data only. They are set
// before the handler runs, so a page that needs scripts sets a Content-Security-Policy of its own.
// Clients on TLS (ClientFrom) get the value hsts of Strict-Transport-Security.
//
// A header costs about 0.4 µs per response, and a ninth header 1 µs more. There is therefore no
// X-Frame-Options, which frame-ancestors overrides (CSP Level 3, section 6.4.2.2), and no
// Referrer-Policy, because data contains no references. Headers for documents and embedded
// resources are omitted if the response can be neither: see isScriptRequest.
func SecurityHeaders(hsts string) func(http.Handler) http.Handler {
	hstsValues := []string{hsts}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h := w.Header()
			h["X-Content-Type-Options"] = noSniff
			if !isScriptRequest(r) {
				h["Content-Security-Policy"] = denyAllPolicy
				h["Cross-Origin-Resource-Policy"] = sameOrigin // does not apply to requests that CORS allows
			}
			if ClientFrom(r).TLS {
				h["Strict-Transport-Security"] = hstsValues
			}
			next.ServeHTTP(w, r)
		})
	}
}

// isScriptRequest reports whether only a script can have sent r, if a browser sent it. A POST of
// JSON is not a navigation, and without CORS only three other types are allowed (Fetch, section
// 2.2.2). The browser returns its response to the script and never displays it.
func isScriptRequest(r *http.Request) bool {
	types := r.Header["Content-Type"]
	return r.Method == http.MethodPost && len(types) == 1 && strings.HasPrefix(types[0], "application/json")
}

// CSPHashSource returns the source expression of an inline text, 'sha256-…', as in CSP Level 3.
func CSPHashSource(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
