package telemetry

import (
	"crypto/subtle"
	"net/http"
	"net/netip"
	"strings"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Handler returns a handler that serves the metrics to permitted callers. Other requests go to
// fallback, which should respond as if there were no metrics.
//
// With a token, requests that have it as "Authorization: Bearer …" are permitted, from anywhere.
// Without one, requests from this machine are permitted unless a header shows that a proxy
// forwarded them or a page of a browser sent them. A proxy on this machine that adds none of those
// headers is indistinguishable from a local caller: behind one, set a token.
func (m *Metrics) Handler(token string, fallback http.Handler) http.Handler {
	// The middleware compresses.
	metrics := promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{DisableCompression: true})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if token == "" && !isLocalRequest(r) || token != "" && !HasBearerToken(r, token) {
			fallback.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		metrics.ServeHTTP(w, r)
	})
}

// OpenHandler returns a handler that serves the metrics to every caller.
func (m *Metrics) OpenHandler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// HasBearerToken reports whether a request has a token as Authorization: Bearer …. It takes the same time for
// every token of the same length.
func HasBearerToken(r *http.Request, token string) bool {
	scheme, received, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.EqualFold(scheme, "Bearer") && subtle.ConstantTimeCompare([]byte(received), []byte(token)) == 1
}

// forwardingHeaders are the headers of requests that a proxy forwarded or a page sent.
var forwardingHeaders = []string{
	"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port", "X-Real-Ip", "X-Client-Ip",
	"True-Client-Ip", "Cf-Connecting-Ip", "Via", "Origin", "Referer", "Sec-Fetch-Site",
}

// isLocalRequest reports whether a request comes from this machine and was not forwarded.
func isLocalRequest(r *http.Request) bool {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !from.Addr().Unmap().IsLoopback() {
		return false
	}
	for _, name := range forwardingHeaders {
		if r.Header[name] != nil {
			return false
		}
	}
	return true
}
