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
	one := policy(1, time.Hour)
	s := newServer(ratelimit.Rules{Requests: one, Cost: one, SignIns: one, Emails: one, Registrations: one})
	for name, consume := range map[string]func(context.Context) error{
		"requests": func(ctx context.Context) error { return s.ConsumeRequests(ctx, 5) },
		"cost":     func(ctx context.Context) error { return s.ConsumeCost(ctx, 5) },
		"sign-ins": s.ConsumeSignIn,
		"emails":   func(ctx context.Context) error { return s.ConsumeEmailSignIn(ctx, "a@x.example") },
		"texts":    func(ctx context.Context) error { return s.ConsumeRegistration(ctx, 5) },
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

// TestDelayStats checks that delayed requests and delayed sign-in attempts are counted together, and so are those
// that find their queue full.
func TestDelayStats(t *testing.T) {
	t.Parallel()
	const full = 1000 // entries of a queue
	for name, tt := range map[string]struct {
		rules              ratelimit.Rules
		email              string // of a sign-in attempt
		delayed, queueFull uint64
	}{
		"requests": {ratelimit.Rules{Requests: policy(5000, 5000*time.Hour), Slowdown: ratelimit.Slowdown{Step: time.Second, MaxDelay: time.Second}}, "", full, 2},
		"sign-ins": {ratelimit.Rules{SignIns: policy(5000, time.Hour), Emails: policy(5000, 5000*time.Hour)}, "a@x.example", full, 2},
		"none":     {ratelimit.Rules{Requests: policy(5000, time.Hour)}, "", 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newServer(tt.rules)
				c := caller{}
				if tt.email != "" {
					c.attempt = &tt.email
					for range 2500 { // without a delay
						s.send(t.Context(), c)
					}
				}
				for range full + 2 {
					go s.send(t.Context(), c)
				}
				synctest.Wait()
				if delayed, queueFull := s.DelayStats(); delayed != tt.delayed || queueFull != tt.queueFull {
					t.Errorf("%d delayed, %d found the queue full; want %d and %d", delayed, queueFull, tt.delayed, tt.queueFull)
				}
			})
		})
	}
}

// TestIgnoredAttempts checks which limits do not apply: that of emails without that of sign-ins, and those of the
// text and the email that a request does not have.
func TestIgnoredAttempts(t *testing.T) {
	t.Parallel()
	email, none := "a@x.example", ""
	for name, tt := range map[string]struct {
		rules   ratelimit.Rules
		attempt *string
	}{
		"email without sign-ins":  {ratelimit.Rules{Requests: policy(100, time.Hour), Emails: policy(1, time.Hour)}, &email},
		"attempt without a limit": {ratelimit.Rules{Requests: policy(100, time.Hour), SignIns: policy(100, time.Hour)}, &email},
		"no email":                {ratelimit.Rules{SignIns: policy(100, time.Hour), Emails: policy(1, time.Hour)}, &none},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newServer(tt.rules)
				start := time.Now()
				for range 3 {
					if rec := s.send(t.Context(), caller{attempt: tt.attempt, text: 1 << 20}); rec.Code != http.StatusOK || time.Since(start) != 0 {
						t.Errorf("status %d after %v, want 200 at once", rec.Code, time.Since(start))
					}
				}
				for _, stats := range s.PolicyStats() {
					if stats.Policy == "emails" && tt.attempt == &email {
						t.Error("the limit of emails is enabled")
					}
				}
			})
		})
	}
}

// TestHugeLimit checks the message of a number that does not fit.
func TestHugeLimit(t *testing.T) {
	t.Parallel()
	if _, err := ratelimit.ParsePolicy("99999999999999999999/1s"); err == nil || !strings.Contains(err.Error(), "is not a number of requests") {
		t.Errorf("%v", err)
	}
}
