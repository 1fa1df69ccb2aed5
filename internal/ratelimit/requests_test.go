package ratelimit_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/ratelimit"
)

// rawServer is Limits with a handler behind them that a test provides.
func rawServer(l *ratelimit.Limits, handler http.HandlerFunc) http.Handler {
	return l.Middleware(func(*http.Request) netip.Addr { return netip.MustParseAddr("192.0.2.7") })(handler)
}

func ok(http.ResponseWriter, *http.Request) {}

// TestRequestPrices checks what requests take from the bucket of requests, which holds a hundred times the
// mutations.
func TestRequestPrices(t *testing.T) {
	t.Parallel()
	post := func(body string) *http.Request {
		return httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(body))
	}
	for name, tt := range map[string]struct {
		request *http.Request
		inside  func(*ratelimit.Limits, *http.Request) error
		want    int
	}{
		"an empty body":      {request: post(""), want: 1},
		"one KiB":            {request: post(strings.Repeat("x", 1024)), want: 1},
		"more than one KiB":  {request: post(strings.Repeat("x", 1025)), want: 2},
		"100 KiB":            {request: post(strings.Repeat("x", 100<<10)), want: 100},
		"one MiB":            {request: post(strings.Repeat("x", 1<<20)), want: 100},
		"an unknown length":  {request: httptest.NewRequest(http.MethodPost, "/graphql", iotest.OneByteReader(bytes.NewReader(nil))), want: 100},
		"a long GET":         {request: httptest.NewRequest(http.MethodGet, "/graphql?query="+strings.Repeat("x", 3000), nil), want: 3},
		"a text of 100 B":    {post(""), func(l *ratelimit.Limits, r *http.Request) error { return l.ConsumeText(r.Context(), 100) }, 2},
		"a text of 101 B":    {post(""), func(l *ratelimit.Limits, r *http.Request) error { return l.ConsumeText(r.Context(), 101) }, 3},
		"a text of 100 KiB":  {post(""), func(l *ratelimit.Limits, r *http.Request) error { return l.ConsumeText(r.Context(), 100<<10) }, 101},
		"a batch of three":   {post(""), func(l *ratelimit.Limits, r *http.Request) error { return l.ConsumeRequests(r.Context(), 2) }, 3},
		"no further request": {post(""), func(l *ratelimit.Limits, r *http.Request) error { return l.ConsumeRequests(r.Context(), 0) }, 1},
	} {
		l := ratelimit.New(ratelimit.Rules{Anonymous: policy(10, time.Hour)}, nil)
		rec := httptest.NewRecorder()
		rawServer(l, func(_ http.ResponseWriter, r *http.Request) {
			if tt.inside != nil {
				if err := tt.inside(l, r); err != nil {
					t.Error(err)
				}
			}
		}).ServeHTTP(rec, tt.request)
		if got, want := rec.Header().Get("RateLimit"), `"requests";r=`+strconv.Itoa(1000-tt.want)+";t=4"; got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
		if got, want := rec.Header().Get("RateLimit-Policy"), `"requests";q=1000;w=3600, "default";q=10;w=3600`; got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// TestRequestLimit checks that a caller without requests is rejected before its body is read, and how many
// requests each kind of caller has.
func TestRequestLimit(t *testing.T) {
	t.Parallel()
	rules := ratelimit.Rules{Anonymous: policy(1, 100*time.Hour), Viewer: policy(3, 100*time.Hour), Premium: policy(10, 100*time.Hour)}
	for name, tt := range map[string]struct {
		viewer edu.Viewer
		want   int
	}{
		"anonymous": {edu.Viewer{}, 100},
		"viewer":    {edu.Viewer{ID: 7}, 300},
		"premium":   {edu.Viewer{ID: 7, Plan: edu.PlanPremium}, 1000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				served := 0
				h := rawServer(ratelimit.New(rules, nil), func(http.ResponseWriter, *http.Request) { served++ })
				send := func(body io.Reader) *httptest.ResponseRecorder {
					r := httptest.NewRequestWithContext(edu.WithViewer(t.Context(), tt.viewer), http.MethodPost, "/graphql", body)
					r.ContentLength = 10
					rec := httptest.NewRecorder()
					h.ServeHTTP(rec, r)
					return rec
				}
				for range tt.want {
					send(nil)
				}
				rec := send(iotest.ErrReader(errors.New("the body was read")))
				want := "too many requests: the limit is " + strconv.Itoa(tt.want) + " in 100 hours, retry in "
				if got := rejectionMessage(t, rec); !strings.HasPrefix(got, want) || served != tt.want {
					t.Errorf("served %d, then %q, want %q", served, got, want)
				}
				if rec.Header().Get("Cache-Control") != "no-store" || rec.Header().Get("Content-Type") != "application/graphql-response+json; charset=utf-8" {
					t.Errorf("got %v", rec.Header())
				}
			})
		})
	}
}

// TestTrustedAddress checks that a trusted address has the limit of sign-ins only, and a viewer there its own.
func TestTrustedAddress(t *testing.T) {
	t.Parallel()
	one := policy(1, time.Hour)
	s := newServer(ratelimit.Rules{Anonymous: one, Viewer: one, Cost: one, SignIns: one})
	ctx := ratelimit.WithTrustedAddress(t.Context())
	for range 200 {
		if rec := s.send(ctx, caller{cost: 1}); rec.Code != http.StatusOK || rec.Header().Get("RateLimit") != "" || rec.Header().Get("RateLimit-Policy") != `"sessions";q=1;w=3600` {
			t.Fatalf("status %d, %v", rec.Code, rec.Header())
		}
	}
	email := "a@x.example"
	for i, want := range []struct {
		caller caller
		status int
	}{
		{caller{attempt: &email}, http.StatusOK},
		{caller{attempt: &email}, http.StatusTooManyRequests},
		{caller{viewer: edu.Viewer{ID: 7}, cost: 1}, http.StatusOK},
		{caller{viewer: edu.Viewer{ID: 7}, cost: 1}, http.StatusTooManyRequests},
	} {
		if rec := s.send(ctx, want.caller); rec.Code != want.status {
			t.Errorf("request %d: status %d, want %d", i, rec.Code, want.status)
		}
	}
}

// TestRejectedText checks that a text is rejected if the bucket of requests does not hold its size.
func TestRejectedText(t *testing.T) {
	t.Parallel()
	l := ratelimit.New(ratelimit.Rules{Anonymous: policy(1, time.Hour)}, nil)
	var errs []error
	h := rawServer(l, func(_ http.ResponseWriter, r *http.Request) { errs = append(errs, l.ConsumeText(r.Context(), 5000)) })
	for range 2 {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/graphql", nil))
	}
	if errs[0] != nil || !errors.Is(errs[1], edu.RateLimited) {
		t.Errorf("%v, want the second to be rejected", errs)
	}
}

// TestRequestRate checks that a caller has no more than 10,000 requests a second, with any limit of mutations.
func TestRequestRate(t *testing.T) {
	t.Parallel()
	rec := httptest.NewRecorder()
	rawServer(ratelimit.New(ratelimit.Rules{Anonymous: policy(3000, time.Second)}, nil), ok).
		ServeHTTP(rec, httptest.NewRequest(http.MethodPost, "/graphql", nil))
	if got, want := rec.Header().Get("RateLimit-Policy"), `"requests";q=10000;w=1, "default";q=3000;w=1`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
