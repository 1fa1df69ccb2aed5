package middleware_test

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/7p-education/api/internal/middleware"
)

// trusted are the trusted proxies of these tests.
var trusted = mustProxies("10.0.0.0/8", "fd00::/8", "192.0.2.1")

func mustProxies(networks ...string) middleware.TrustedProxies {
	p, err := middleware.ParseProxies(networks)
	if err != nil {
		panic(err)
	}
	return p
}

// clientOf returns the client that ResolveClient determines for a request from an address, with
// headers given as name, value, …
func clientOf(t testing.TB, from string, headers ...string) middleware.Client {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	r.RemoteAddr = from
	return resolveClient(r, headers...)
}

// resolveClient returns the client that ResolveClient determines for a request with more headers.
func resolveClient(r *http.Request, headers ...string) (c middleware.Client) {
	h := middleware.ResolveClient(trusted, "")(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { c = middleware.ClientFrom(r) }))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	h.ServeHTTP(httptest.NewRecorder(), r)
	return c
}

const (
	proxy  = "10.0.0.1:1234"
	xff    = "X-Forwarded-For"
	rfc    = "Forwarded"
	scheme = "X-Forwarded-Proto"
)

func TestClient(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		from    string
		headers []string
		want    string
	}{
		{"203.0.113.9:1234", nil, "203.0.113.9"},
		{"[::ffff:203.0.113.9]:1234", nil, "203.0.113.9"},
		{"[2001:db8::9%eth0]:1234", nil, "2001:db8::9"},
		{proxy, nil, "10.0.0.1"},
		{"192.0.2.1:1", []string{xff, "203.0.113.9"}, "203.0.113.9"},
		{"[fd00::1]:1", []string{xff, "2001:db8::9"}, "2001:db8::9"},
		{"[::ffff:10.0.0.1]:1", []string{xff, "203.0.113.9"}, "203.0.113.9"},

		{proxy, []string{xff, "203.0.113.9, 10.0.0.2,10.0.0.3"}, "203.0.113.9"},
		{proxy, []string{xff, "203.0.113.9", xff, "10.0.0.2"}, "203.0.113.9"},
		{proxy, []string{xff, "10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
		{proxy, []string{xff, "203.0.113.9:5678"}, "203.0.113.9"},
		{proxy, []string{xff, "[2001:db8::9]:5678"}, "2001:db8::9"},
		{proxy, []string{xff, "[2001:db8::9]"}, "2001:db8::9"},
		{proxy, []string{xff, "::ffff:203.0.113.9"}, "203.0.113.9"},
		{proxy, []string{xff, "fe80::9%eth0"}, "fe80::9"},

		{proxy, []string{rfc, "for=203.0.113.9"}, "203.0.113.9"},
		{proxy, []string{rfc, `For="203.0.113.9:5678";proto=https;by=10.0.0.1, for=10.0.0.2`}, "203.0.113.9"},
		{proxy, []string{rfc, `by=_hidden ; for="[2001:db8:cafe::17]:4711"`}, "2001:db8:cafe::17"},
		{proxy, []string{rfc, `for="203.0.113\.9"`}, "203.0.113.9"},
		{proxy, []string{rfc, "for=203.0.113.9", rfc, "for=10.0.0.2;;, ,"}, "203.0.113.9"},

		// X-Forwarded-For has precedence, even if it names no address.
		{proxy, []string{xff, "203.0.113.9", rfc, "for=198.51.100.7"}, "203.0.113.9"},
		{proxy, []string{xff, "", rfc, "for=198.51.100.7"}, "10.0.0.1"},
	} {
		if got := clientOf(t, tt.from, tt.headers...).Address; got != netip.MustParseAddr(tt.want) {
			t.Errorf("from %s with %q: got %s, want %s", tt.from, tt.headers, got, tt.want)
		}
	}
	if c := clientOf(t, "@"); c.Address.IsValid() {
		t.Errorf("unix socket: got address %s, want none", c.Address)
	}
}

// TestClientIsNotForged sends headers that a client forged, in the places where a proxy would
// write them.
func TestClientIsNotForged(t *testing.T) {
	t.Parallel()
	const evil, own = "198.51.100.66", "203.0.113.9"
	for _, tt := range []struct {
		from    string
		headers []string
		want    string
	}{
		// No proxy.
		{own + ":1", []string{xff, evil}, own},
		{own + ":1", []string{rfc, "for=" + evil}, own},
		{own + ":1", []string{"X-Real-Ip", evil, "True-Client-Ip", evil, "Cf-Connecting-Ip", evil}, own},
		{own + ":1", []string{xff, "10.0.0.1"}, own},
		// The proxy appends to the same line or adds one of its own.
		{proxy, []string{xff, evil + ", " + own}, own},
		{proxy, []string{xff, evil, xff, own}, own},
		{proxy, []string{xff, "10.0.0.9, " + own}, own},
		{proxy, []string{rfc, "for=" + evil + ", for=" + own}, own},
		{proxy, []string{rfc, "for=" + evil, rfc, "for=" + own}, own},
		{proxy, []string{rfc, `for="`, rfc, "for=" + own}, own},
		// The appended entry is unreadable: no entry left of it is trusted.
		{proxy, []string{xff, evil + ", unknown"}, "10.0.0.1"},
		{proxy, []string{xff, evil + ", 10.0.0.2, x"}, "10.0.0.1"},
		{proxy, []string{xff, evil + ", , 10.0.0.2"}, "10.0.0.2"},
		{proxy, []string{rfc, "for=" + evil + ", for=unknown"}, "10.0.0.1"},
		{proxy, []string{rfc, "for=" + evil + ", for=_hidden"}, "10.0.0.1"},
		{proxy, []string{rfc, "for=" + evil + ", proto=https"}, "10.0.0.1"},
		{proxy, []string{rfc, "for=" + evil + ", for=10.0.0.2;for=10.0.0.3"}, "10.0.0.1"},
		{proxy, []string{rfc, "for=" + evil + `;x=", for=` + own}, "10.0.0.1"},
		{proxy, []string{rfc, "for=" + evil + `;x=", for="[2001:db8::9]"`}, "10.0.0.1"},
		{proxy, []string{rfc, "for=" + evil + `;x="\`}, "10.0.0.1"},
		{proxy, []string{rfc, "for=" + evil + `;for=, for=` + own}, "10.0.0.1"},
		{proxy, []string{rfc, strings.Repeat("for=10.0.0.2,", 1000) + "for=" + own}, "10.0.0.1"},
		// An unreadable last line ends the chain as an unreadable entry does: earlier lines are not trusted.
		{proxy, []string{rfc, "for=" + evil, rfc, `for="`}, "10.0.0.1"},
		{proxy, []string{rfc, "for=" + evil, rfc, "for"}, "10.0.0.1"},
		{proxy, []string{rfc, "for=" + evil, rfc, "for=10.0.0.2;for=10.0.0.3"}, "10.0.0.1"},
		{proxy, []string{rfc, "for=" + evil, rfc, "for=unknown"}, "10.0.0.1"},
		{proxy, []string{rfc, "for=" + evil, rfc, "proto=https"}, "10.0.0.1"},
		{proxy, []string{rfc, "for=" + evil, rfc, strings.Repeat("for=10.0.0.2,", 1000) + "for=" + own}, "10.0.0.1"},
		{proxy, []string{rfc, "for=" + evil, rfc, `x="`, rfc, "for=10.0.0.2"}, "10.0.0.2"},
		{proxy, []string{xff, evil, xff, "unknown"}, "10.0.0.1"},
		{proxy, []string{xff, evil, xff, ""}, "10.0.0.1"},
		// The chain exceeds the maximum length.
		{proxy, []string{xff, evil + strings.Repeat(", 10.0.0.2", 20)}, "10.0.0.2"},
	} {
		if got := clientOf(t, tt.from, tt.headers...).Address; got != netip.MustParseAddr(tt.want) {
			t.Errorf("from %s with %.80q: got %s, want %s", tt.from, tt.headers, got, tt.want)
		}
	}
}

func TestClientTLS(t *testing.T) {
	t.Parallel()
	const stranger = "203.0.113.9:1"
	for _, tt := range []struct {
		from    string
		headers []string
		want    bool
	}{
		{proxy, nil, false},
		{proxy, []string{scheme, "https"}, true},
		{proxy, []string{scheme, "HTTPS"}, true},
		{proxy, []string{scheme, "http"}, false},
		{proxy, []string{scheme, "https, http"}, false}, // the client's value and the proxy's
		{proxy, []string{scheme, "http, https"}, true},
		{proxy, []string{rfc, "for=203.0.113.9;proto=https"}, true},
		{proxy, []string{rfc, "for=203.0.113.9;proto=https, for=10.0.0.2;proto=http"}, true},
		{proxy, []string{rfc, "for=203.0.113.9;proto=http"}, false},
		{proxy, []string{rfc, "proto=https"}, false},
		{stranger, []string{scheme, "https"}, false},
		{stranger, []string{rfc, "for=203.0.113.9;proto=https"}, false},
	} {
		if got := clientOf(t, tt.from, tt.headers...).TLS; got != tt.want {
			t.Errorf("from %s with %q: got TLS %v", tt.from, tt.headers, got)
		}
	}
	direct := &http.Request{RemoteAddr: stranger, TLS: &tls.ConnectionState{}}
	if !middleware.ClientFrom(direct).TLS {
		t.Error("TLS connection: got TLS false")
	}
	// The server's own TLS counts even if a trusted proxy writes http: the proxy reached the server over it.
	for _, headers := range [][]string{nil, {scheme, "http"}, {scheme, "https"}, {rfc, "for=203.0.113.9;proto=http"}, {xff, "203.0.113.9"}} {
		for _, from := range []string{proxy, stranger} {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
			r.RemoteAddr, r.TLS = from, &tls.ConnectionState{}
			if !resolveClient(r, headers...).TLS {
				t.Errorf("TLS connection from %s with %q: got TLS false", from, headers)
			}
		}
	}
}

// TestClientOverHTTP checks that the access log and HSTS use the resolved client, over real
// connections.
func TestClientOverHTTP(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		proxies  middleware.TrustedProxies
		tls      bool
		remote   string
		wantHSTS bool
	}{
		{"trusted", mustProxies("127.0.0.0/8"), false, "203.0.113.9", true},
		{"not trusted", mustProxies("10.0.0.0/8"), false, "127.0.0.1", false},
		{"none", nil, false, "127.0.0.1", false},
		{"TLS", nil, true, "127.0.0.1", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var buf bytes.Buffer
			server := httptest.NewUnstartedServer(chain(respond(http.StatusTooManyRequests, nil), middleware.RequestID(),
				middleware.ResolveClient(tt.proxies, ""), middleware.NewAccessLog(&buf, middleware.AccessLogOptions{}).Log, middleware.SecurityHeaders("max-age=63072000")))
			if tt.tls {
				server.StartTLS()
			} else {
				server.Start()
			}
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set(xff, "198.51.100.66, 203.0.113.9")
			r.Header.Set(scheme, "https")
			res, err := server.Client().Do(r)
			if err != nil {
				t.Fatal(err)
			}
			_ = res.Body.Close()
			server.Close() // returns after the log is written
			if got := res.Header.Get("Strict-Transport-Security"); (got == "max-age=63072000") != tt.wantHSTS || !tt.wantHSTS && got != "" {
				t.Errorf("got HSTS %q, want one: %v", got, tt.wantHSTS)
			}
			var line map[string]any
			if err := json.Unmarshal(buf.Bytes(), &line); err != nil || line["remote"] != tt.remote {
				t.Errorf("logged %s (%v), want remote %s", &buf, err, tt.remote)
			}
		})
	}
}

func TestParseProxies(t *testing.T) {
	t.Parallel()
	if p, err := middleware.ParseProxies(nil); err != nil || len(p) != 0 {
		t.Errorf("no networks: got %v, %v", p, err)
	}
	for network, want := range map[string]string{
		"10.0.0.0/8":          "",
		"10.1.2.3/8":          "",
		"10.0.0.1":            "",
		"::1":                 "",
		"fd00::/8":            "",
		"":                    "not a network",
		"10.0.0.0/33":         "not a network",
		"proxy.example":       "not a network",
		"10.0.0.1:80":         "not a network",
		"*":                   "not a network",
		"0.0.0.0/0":           "all addresses",
		"::/0":                "all addresses",
		"::ffff:10.0.0.0/104": "IPv4 network in IPv6 notation",
	} {
		_, err := middleware.ParseProxies([]string{"192.0.2.0/24", network})
		if (err == nil) != (want == "") || err != nil && (!strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), `"`+network+`"`)) {
			t.Errorf("%q: got %v, want %q", network, err, want)
		}
	}
}

// FuzzClient checks that no text which a client writes before the proxy's entry changes the result.
func FuzzClient(f *testing.F) {
	for _, s := range []string{"", "198.51.100.66", "10.0.0.9", `for="`, `for=198.51.100.66;x="`, `for=1.2.3.4, for="[::1]:80"`, `a="\`, ",", "for=unknown"} {
		f.Add(s)
	}
	own, at := netip.MustParseAddr("203.0.113.9"), netip.MustParseAddr("10.0.0.1")
	f.Fuzz(func(t *testing.T, forged string) {
		for _, headers := range [][]string{
			{xff, forged + ",203.0.113.9"},
			{xff, forged, xff, "203.0.113.9"},
			{rfc, forged, rfc, "for=203.0.113.9"},
			{xff, "203.0.113.9", rfc, forged},
		} {
			if got := clientOf(t, proxy, headers...).Address; got != own {
				t.Errorf("%q: got %s, want %s", headers, got, own)
			}
		}
		// On one line an open quote can invalidate the proxy's entry, but not replace it.
		for _, added := range []string{",for=203.0.113.9", `, for="203.0.113.9:80";by="10.0.0.1";proto=https`} {
			if got := clientOf(t, proxy, rfc, forged+added).Address; got != own && got != at {
				t.Errorf("%q: got %s, want %s or %s", forged+added, got, own, at)
			}
		}
		if got := clientOf(t, "203.0.113.9:1", xff, forged, rfc, forged, scheme, forged); got.Address != own || got.TLS {
			t.Errorf("%q without a proxy: got %+v, want %s", forged, got, own)
		}
	})
}
