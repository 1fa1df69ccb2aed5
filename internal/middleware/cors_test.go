package middleware_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/7p-education/api/internal/middleware"
)

func TestCORSRejectsOrigins(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		origin      string
		credentials bool
		want        string // in the error; "" for none
	}{
		{"https://app.example.com", true, ""},
		{"http://localhost:5173", true, ""},
		{"https://*.example.com", true, ""},
		{"https://App.Example.com:8443", false, ""},
		{"http://[::1]:5173", false, ""},
		{"*", false, ""},
		{"*", true, "credentials"},
		{"https://app.example.com/", false, "closing slash"},
		{"https://app.example.com/path", false, "without a path"},
		{"https://user@app.example.com", false, "host"},
		{"app.example.com", false, "https://"},
		{"null", false, "https://"},
		{"", false, "https://"},
		{"https://", false, "host"},
		{"https://app.*.com", false, "leading"},
		{"https://app*.example.com", false, "leading"},
		{"https://*.com", false, "two labels"},
		{"http://*.example.com", false, "https"},
		{"https://*", false, "leading"},
		{"https://app.example.com:443", false, "port"},
		{"http://localhost:80", false, "port"},
		{"https://bücher.example", false, "ASCII"},
	} {
		_, err := middleware.NewCORS(middleware.CORSOptions{Origins: []string{tt.origin}, Credentials: tt.credentials})
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q with credentials %v: error %v, want %q", tt.origin, tt.credentials, err, tt.want)
		}
	}
}

func TestCORS(t *testing.T) {
	t.Parallel()
	listed := []string{"https://app.example.com", "https://*.school.example.org"}
	for _, tt := range []struct {
		origins []string
		origin  string
		want    string
	}{
		{listed, "https://app.example.com", "https://app.example.com"},
		{listed, "https://north.school.example.org", "https://north.school.example.org"},
		{listed, "https://school.example.org", ""},
		{listed, "https://evilschool.example.org", ""},
		{listed, "http://app.example.com", ""},
		{listed, "https://app.example.com:8443", ""},
		{listed, "https://app.example.com.evil.example", ""},
		{listed, "http://north.school.example.org", ""},
		{listed, "https://a.b.school.example.org", "https://a.b.school.example.org"},
		{listed, "https://.school.example.org", ""},
		{listed, "https://north.school.example.org:8443", ""},
		{listed, "null", ""},
		{listed, "", ""},
		{nil, "https://app.example.com", ""},
		{nil, "null", ""},
		{[]string{"*"}, "https://anyone.example.net", "https://anyone.example.net"},
		{[]string{"*"}, "null", ""},
		{[]string{"*"}, "", ""},
		{[]string{"https://App.Example.com"}, "https://app.example.com", "https://app.example.com"},
	} {
		cors, err := middleware.NewCORS(middleware.CORSOptions{Origins: tt.origins})
		if err != nil {
			t.Fatal(err)
		}
		res := get(t, cors.Handler(respond(200, nil)), "Origin", tt.origin)
		if got := res.Header.Get("Access-Control-Allow-Origin"); got != tt.want {
			t.Errorf("origins %v, Origin %q: allowed %q, want %q", tt.origins, tt.origin, got, tt.want)
		}
		if got := res.Header.Get("Vary"); got != "Origin" {
			t.Errorf("origins %v, Origin %q: Vary %q", tt.origins, tt.origin, got)
		}
		exposed, want := res.Header.Get("Access-Control-Expose-Headers"), ""
		if tt.want != "" {
			want = "X-Request-Id, Idempotent-Replayed, Ratelimit, Ratelimit-Policy, Retry-After, Server-Timing, Age, Etag, Cache-Status"
		}
		if exposed != want || res.Header.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("origins %v, Origin %q: exposes %q, want %q", tt.origins, tt.origin, exposed, want)
		}
	}
}

func TestCORSPreflight(t *testing.T) {
	t.Parallel()
	cors, err := middleware.NewCORS(middleware.CORSOptions{Origins: []string{"https://app.example.com"}, Credentials: true, Headers: middleware.HeaderNames{"X-Own"}})
	if err != nil {
		t.Fatal(err)
	}
	h := cors.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("preflight reached the handler") }))
	r := httptest.NewRequestWithContext(t.Context(), http.MethodOptions, "/graphql", nil)
	r.Header.Set("Origin", "https://app.example.com")
	r.Header.Set("Access-Control-Request-Method", "POST")
	const headers = "apollo-require-preflight,apollographql-client-library-name,apollographql-client-library-version,apollographql-client-name," +
		"apollographql-client-version,authorization,baggage,content-type,graphql-client-name,graphql-client-version,graphql-require-preflight," +
		"idempotency-key,if-none-match,last-event-id,sentry-trace,traceparent,tracestate,x-apollo-operation-id,x-apollo-operation-name,x-own,x-requested-with"
	r.Header.Set("Access-Control-Request-Headers", headers)
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	for name, want := range map[string]string{
		"Access-Control-Allow-Origin":      "https://app.example.com",
		"Access-Control-Allow-Methods":     "POST",
		"Access-Control-Allow-Headers":     headers,
		"Access-Control-Allow-Credentials": "true",
		"Access-Control-Max-Age":           "86400",
	} {
		if got := rec.Header().Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

// TestCORSPreflightRejects sends preflights with one disallowed property each.
func TestCORSPreflightRejects(t *testing.T) {
	t.Parallel()
	cors, err := middleware.NewCORS(middleware.CORSOptions{Origins: []string{"https://app.example.com"}, Credentials: true})
	if err != nil {
		t.Fatal(err)
	}
	h := cors.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("preflight reached the handler") }))
	for _, tt := range []struct {
		origin, method, headers string
		allowed                 bool
	}{
		{"https://app.example.com", "POST", "content-type", true},
		{"https://app.example.com", "GET", "", true},
		{"https://evil.example.com", "POST", "content-type", false},
		{"null", "POST", "content-type", false},
		{"https://app.example.com", "DELETE", "", false},
		{"https://app.example.com", "POST", "content-type,x-other", false},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodOptions, "/graphql", nil)
		r.Header.Set("Origin", tt.origin)
		r.Header.Set("Access-Control-Request-Method", tt.method)
		if tt.headers != "" {
			r.Header.Set("Access-Control-Request-Headers", tt.headers)
		}
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		if got := rec.Header().Get("Access-Control-Allow-Origin") != ""; got != tt.allowed || rec.Code != http.StatusNoContent {
			t.Errorf("%+v: status %d, allowed: %v", tt, rec.Code, got)
		}
		if got := rec.Header().Get("Vary"); got != "Origin, Access-Control-Request-Method, Access-Control-Request-Headers" {
			t.Errorf("%+v: Vary %q", tt, got)
		}
	}
}

func TestHeaderNames(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"": "[]", "X-A": "[X-A]", " X-A , x_b,": "[X-A x_b]"} {
		var got middleware.HeaderNames
		if err := got.UnmarshalText([]byte(text)); err != nil || fmt.Sprint(got) != want {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"*", "X-A: b", "X A", "é", "X-A,a/b"} {
		var got middleware.HeaderNames
		if err := got.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q: %v", text, got)
		}
	}
}
