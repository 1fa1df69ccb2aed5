package middleware

import "net/http"

// CloseChunked closes the connection after each request with a chunked body. A chunked request
// that also has a Content-Length can smuggle a second request past a proxy that uses the length;
// RFC 9112 section 6.1 requires the connection to be closed after it. net/http uses the chunks,
// drops the length and leaves the connection open. A middleware cannot see the dropped length, so
// it closes after every chunked request. Clients that know their body send its length.
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
