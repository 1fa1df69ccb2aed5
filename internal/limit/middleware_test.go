package limit_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/7p-education/api/internal/limit"
)

func TestMiddleware(t *testing.T) {
	t.Parallel()
	served := 0
	l := limit.New(limit.Policy{Limit: 2, Window: 15 * time.Minute}, nil)
	h := limit.Middleware(l, func(r *http.Request) string { return r.Header.Get("Key") })(
		http.HandlerFunc(func(http.ResponseWriter, *http.Request) { served++ }))
	ask := func(key string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/graphql", nil)
		r.Header.Set("Key", key)
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		return rec
	}
	for i, want := range []struct {
		key    string
		status int
		state  string
	}{
		{"a", 200, `"default";r=1;t=450`},
		{"a", 200, `"default";r=0;t=900`},
		{"b", 200, `"default";r=1;t=450`},
		{"a", 429, `"default";r=0;t=450`},
	} {
		rec := ask(want.key)
		if rec.Code != want.status || rec.Header().Get("RateLimit") != want.state || rec.Header().Get("RateLimit-Policy") != `"default";q=2;w=900` {
			t.Errorf("request %d: got %d %v", i, rec.Code, rec.Header())
		}
	}
	if served != 3 {
		t.Errorf("%d requests were served, want 3", served)
	}

	rec := ask("a")
	var got any
	if err := json.Unmarshal(rec.Body.Bytes(), &got); err != nil {
		t.Fatalf("%v in %s", err, rec.Body)
	}
	want := map[string]any{"errors": []any{map[string]any{
		"message":    "too many requests: the limit is 2 in 15 minutes, come back in 450 seconds",
		"extensions": map[string]any{"code": "RATE_LIMITED"},
	}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if rec.Header().Get("Retry-After") != "450" || rec.Header().Get("Cache-Control") != "no-store" ||
		rec.Header().Get("Content-Type") != "application/graphql-response+json; charset=utf-8" {
		t.Errorf("got %v", rec.Header())
	}

	if rec := ask(""); rec.Code != 200 || rec.Header().Get("RateLimit") != "" {
		t.Errorf("without a key: got %d %v", rec.Code, rec.Header())
	}
}

func TestAddress(t *testing.T) {
	t.Parallel()
	for remote, want := range map[string]string{
		"192.0.2.7:1234":              "address:192.0.2.7",
		"[::ffff:192.0.2.7]:1234":     "address:192.0.2.7",
		"[2001:db8:1:2:3:4:5:6]:1234": "address:2001:db8:1:2::/64",
		"[2001:db8:1:2::9]:80":        "address:2001:db8:1:2::/64",
		"[fe80::1%eth0]:80":           "address:fe80::/64",
		"@":                           "address:@",
	} {
		if got := limit.Address(&http.Request{RemoteAddr: remote}); got != want {
			t.Errorf("%s: got %s, want %s", remote, got, want)
		}
	}
}
