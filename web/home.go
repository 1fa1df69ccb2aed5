package web

import (
	"net/http"
	"strings"

	"github.com/7p-education/api/internal/middleware"
)

// HomeHandler serves the front page at "/": what this server is and where to go next. The page has no
// script and loads no other files. Any path except "/" is 404.
func HomeHandler() http.Handler {
	body := string(readEmbedded("home/index.html"))
	_, rest, _ := strings.Cut(body, "<style>")
	style, _, _ := strings.Cut(rest, "</style>")
	csp := contentPolicy("style-src " + middleware.CSPHashSource(style))

	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Content-Security-Policy", csp)
		h.Set("Cache-Control", "no-cache")
		_, _ = w.Write([]byte(body)) // fails only if the client has disconnected
	})
	return secureHeaders(mux)
}
