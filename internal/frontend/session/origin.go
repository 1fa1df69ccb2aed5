package session

import (
	"net/http"
	"net/url"
	"strings"
)

// IsSameOrigin reports whether a page of this server sent a request, or a program that is not a browser. Browsers send
// Sec-Fetch-Site over TLS and on this machine, which no page can forge; older ones send Origin with each request that
// could change something.
func IsSameOrigin(r *http.Request) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" {
		return site == "same-origin"
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && strings.EqualFold(u.Host, r.Host)
}
