package middleware_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/7p-education/api/internal/middleware"
)

// TestTrustedCaller checks that a caller with the key names its end user or is exempt from the limits of
// addresses, and that all others are what they are.
func TestTrustedCaller(t *testing.T) {
	t.Parallel()
	const key, endUser = "a key of these tests", "203.0.113.9"
	for name, tt := range map[string]struct {
		key, from string
		header    http.Header
		want      string
		trusted   bool
	}{
		"no end user":              {key, "198.51.100.7:1", http.Header{"Trusted-Caller-Key": {key}}, "198.51.100.7", true},
		"an end user":              {key, "198.51.100.7:1", http.Header{"Trusted-Caller-Key": {key}, "End-User-Address": {endUser}}, endUser, false},
		"an end user with a port":  {key, "198.51.100.7:1", http.Header{"Trusted-Caller-Key": {key}, "End-User-Address": {"[2001:db8::9]:443"}}, "2001:db8::9", false},
		"an invalid end user":      {key, "198.51.100.7:1", http.Header{"Trusted-Caller-Key": {key}, "End-User-Address": {"unknown"}}, "198.51.100.7", false},
		"an empty end user":        {key, "198.51.100.7:1", http.Header{"Trusted-Caller-Key": {key}, "End-User-Address": {""}}, "198.51.100.7", false},
		"two end users":            {key, "198.51.100.7:1", http.Header{"Trusted-Caller-Key": {key}, "End-User-Address": {endUser, endUser}}, "198.51.100.7", false},
		"through a proxy":          {key, proxy, http.Header{"Trusted-Caller-Key": {key}, xff: {"198.51.100.7"}}, "198.51.100.7", true},
		"an end user by a proxy":   {key, proxy, http.Header{"Trusted-Caller-Key": {key}, xff: {"198.51.100.7"}, "End-User-Address": {endUser}}, endUser, false},
		"forwarding headers":       {key, "198.51.100.7:1", http.Header{"Trusted-Caller-Key": {key}, xff: {endUser}}, "198.51.100.7", true},
		"a wrong key":              {key, "198.51.100.7:1", http.Header{"Trusted-Caller-Key": {key + "x"}, "End-User-Address": {endUser}}, "198.51.100.7", false},
		"a part of the key":        {key, "198.51.100.7:1", http.Header{"Trusted-Caller-Key": {key[:10]}, "End-User-Address": {endUser}}, "198.51.100.7", false},
		"two keys":                 {key, "198.51.100.7:1", http.Header{"Trusted-Caller-Key": {key, key}}, "198.51.100.7", false},
		"without a key":            {key, "198.51.100.7:1", http.Header{"End-User-Address": {endUser}}, "198.51.100.7", false},
		"no key is set":            {"", "198.51.100.7:1", http.Header{"Trusted-Caller-Key": {""}, "End-User-Address": {endUser}}, "198.51.100.7", false},
		"no key is set, but given": {"", "198.51.100.7:1", http.Header{"Trusted-Caller-Key": {key}}, "198.51.100.7", false},
	} {
		var c middleware.Client
		var log bytes.Buffer
		h := middleware.NewAccessLog(&log, middleware.AccessLogOptions{}).Log(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { c = middleware.ClientFrom(r) }))
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.RemoteAddr, r.Header = tt.from, tt.header
		middleware.ResolveClient(trusted, middleware.TrustedCallerKey(tt.key))(h).ServeHTTP(httptest.NewRecorder(), r)
		if c.Address.String() != tt.want || c.Trusted != tt.trusted {
			t.Errorf("%s: %+v, want %s, trusted: %t", name, c, tt.want, tt.trusted)
		}
		if log.Len() == 0 || strings.Contains(log.String(), key) {
			t.Errorf("%s: logged %q", name, log.String())
		}
	}
}
