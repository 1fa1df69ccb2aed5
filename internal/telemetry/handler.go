package telemetry

import (
	"crypto/subtle"
	"net/http"
	"net/netip"
	"strings"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Handler answers with the metrics whoever may read them, and leaves everybody else
// to hidden, which should answer as it answers where nothing is.
//
// With a token, those may who send it as "Authorization: Bearer …", from anywhere.
// Without one, those may who ask from this machine and for themselves: a request
// that a proxy passes on, or a page of a browser sends, says so in its header. A
// proxy on this machine that adds none of those headers cannot be told from a
// person: behind one, set a token.
func (m *Metrics) Handler(token string, fallback http.Handler) http.Handler {
	// Compression is the business of the handlers around it.
	metrics := promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{DisableCompression: true})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if token == "" && !isLocalRequest(r) || token != "" && !hasBearerToken(r, token) {
			fallback.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		metrics.ServeHTTP(w, r)
	})
}

func hasBearerToken(r *http.Request, token string) bool {
	scheme, given, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.EqualFold(scheme, "Bearer") && subtle.ConstantTimeCompare([]byte(given), []byte(token)) == 1
}

// forwardingHeaders are the headers of requests that somebody else had sent.
var forwardingHeaders = []string{
	"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port", "X-Real-Ip", "X-Client-Ip",
	"True-Client-Ip", "Cf-Connecting-Ip", "Via", "Origin", "Referer", "Sec-Fetch-Site",
}

// isLocalRequest tells whether a request comes from this machine, and from whom it says.
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
