package ratelimit_test

import (
	"context"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/ratelimit"
)

// TestConsumeRequests checks that n further requests take n, and none takes nothing.
func TestConsumeRequests(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{-1: "9", 0: "9", 1: "8", 3: "6"} {
		s := newServer(ratelimit.Rules{Requests: policy(10, time.Hour)})
		s.handler = s.Middleware(func(*http.Request) netip.Addr { return netip.MustParseAddr("192.0.2.7") })(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if err := s.ConsumeRequests(r.Context(), n); err != nil {
				t.Error(err)
			}
		}))
		rec := s.send(t.Context(), caller{})
		if got := rec.Header().Get("RateLimit"); !strings.HasPrefix(got, `"default";r=`+want+";") {
			t.Errorf("%d further requests: %s, want %s left", n, got, want)
		}
	}
}

// TestUnlimitedRequests checks that requests that did not pass the middleware have no limit.
func TestUnlimitedRequests(t *testing.T) {
	t.Parallel()
	s := newServer(ratelimit.Rules{Requests: policy(1, time.Hour), Cost: policy(1, time.Hour), SignIns: policy(1, time.Hour)})
	for name, consume := range map[string]func(context.Context) error{
		"requests": func(ctx context.Context) error { return s.ConsumeRequests(ctx, 5) },
		"cost":     func(ctx context.Context) error { return s.ConsumeCost(ctx, 5) },
		"sign-ins": s.ConsumeSignIn,
	} {
		for range 2 {
			if err := consume(t.Context()); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// TestDelayOfBatch checks that a batch is delayed as long as its requests one by one, and the step before the
// maximum.
func TestDelayOfBatch(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		slowdown ratelimit.Slowdown
		more     int
		want     time.Duration
	}{
		"across the threshold": {ratelimit.Slowdown{After: 3, Step: 100 * time.Millisecond, MaxDelay: time.Second}, 4, 300 * time.Millisecond},
		"below the threshold":  {ratelimit.Slowdown{After: 5, Step: 100 * time.Millisecond, MaxDelay: time.Second}, 4, 0},
		"up to the maximum":    {ratelimit.Slowdown{After: 2, Step: 100 * time.Millisecond, MaxDelay: 250 * time.Millisecond}, 3, 350 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newServer(ratelimit.Rules{Requests: policy(100, 1000*time.Hour), Slowdown: tt.slowdown})
				start := time.Now()
				if rec := s.send(t.Context(), caller{more: tt.more}); rec.Code != http.StatusOK || time.Since(start) != tt.want {
					t.Errorf("status %d after %v, want 200 after %v", rec.Code, time.Since(start), tt.want)
				}
			})
		})
	}
}

// TestSlowdownWithoutRequestLimit checks that the slow-down of premium callers does not need the ordinary limit.
func TestSlowdownWithoutRequestLimit(t *testing.T) {
	t.Parallel()
	s := newServer(ratelimit.Rules{Premium: policy(100, time.Hour), Cost: policy(100, time.Hour), Slowdown: defaultSlowdown})
	rec := s.send(t.Context(), caller{viewer: edu.Viewer{ID: 7, Plan: edu.PlanPremium}})
	if got := rec.Header().Get("RateLimit"); rec.Code != http.StatusOK || !strings.HasPrefix(got, `"premium";r=99;`) {
		t.Errorf("status %d, %s", rec.Code, got)
	}
}

// TestPolicyStats checks that the enabled policies are counted, in their order.
func TestPolicyStats(t *testing.T) {
	t.Parallel()
	s := newServer(ratelimit.Rules{Requests: policy(2, time.Hour), Cost: policy(9, time.Hour)})
	for range 3 {
		s.send(t.Context(), caller{cost: 5})
	}
	want := []ratelimit.PolicyStats{{Policy: "default", Allowed: 2, Rejected: 1}, {Policy: "cost", Allowed: 1, Rejected: 1}, {Policy: "authentication"}}
	if diff := cmp.Diff(want, s.PolicyStats()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestHugeLimit checks the message of a number that does not fit.
func TestHugeLimit(t *testing.T) {
	t.Parallel()
	if _, err := ratelimit.ParsePolicy("99999999999999999999/1s"); err == nil || !strings.Contains(err.Error(), "is not a number of requests") {
		t.Errorf("%v", err)
	}
}
