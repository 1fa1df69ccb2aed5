package middleware

import "net/http"

// CloseChunked ends the connection after each request whose body came in chunks.
// One that also has a Content-Length is how a second request is smuggled past a
// proxy that goes by the length; RFC 9112 section 6.1 has the connection closed
// after it. net/http goes by the chunks, forgets the length and keeps the connection,
// so none of them is trusted. Clients that know what they send send its length.
func CloseChunked() func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if len(r.TransferEncoding) > 0 {
				w.Header().Set("Connection", "close")
			}
			next.ServeHTTP(w, r)
		})
	}
}
