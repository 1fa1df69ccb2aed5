package ratelimit_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/ratelimit"
)

// TestUnlimitedRequests checks that requests that did not pass the middleware have no limit.
func TestUnlimitedRequests(t *testing.T) {
	t.Parallel()
	one := policy(1, time.Hour)
	s := newServer(ratelimit.Rules{Anonymous: one, Viewer: one, Cost: one, SignIns: one, Emails: one, Registrations: one})
	for name, consume := range map[string]func(context.Context) error{
		"requests": func(ctx context.Context) error { return s.ConsumeRequests(ctx, 5) },
		"parsing":  func(ctx context.Context) error { return s.ConsumeText(ctx, 5000) },
		"mutation": s.ConsumeMutation,
		"refresh":  s.ConsumeRefresh,
		"rejected": s.ConsumeRejectedRefresh,
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
	s := newServer(ratelimit.Rules{Anonymous: policy(2, time.Hour), Viewer: policy(2, time.Hour), Cost: policy(9, time.Hour)})
	for range 3 {
		s.send(t.Context(), caller{cost: 5})
	}
	s.send(t.Context(), caller{read: true, viewer: edu.Viewer{ID: 7}})
	want := []ratelimit.PolicyStats{{Policy: "requests", Allowed: 4}, {Policy: "default", Allowed: 2, Rejected: 1}, {Policy: "viewer"}, {Policy: "refreshes"}, {Policy: "cost", Allowed: 1, Rejected: 1}, {Policy: "authentication"}}
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
		"requests": {ratelimit.Rules{Anonymous: policy(5000, 5000*time.Hour), Slowdown: ratelimit.Slowdown{Step: time.Second, MaxDelay: time.Second}}, "", full, 2},
		"sign-ins": {ratelimit.Rules{SignIns: policy(5000, time.Hour), Emails: policy(5000, 5000*time.Hour)}, "a@x.example", full, 2},
		"none":     {ratelimit.Rules{Anonymous: policy(5000, time.Hour)}, "", 0, 0},
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
		"email without sign-ins":  {ratelimit.Rules{Anonymous: policy(100, time.Hour), Emails: policy(1, time.Hour)}, &email},
		"attempt without a limit": {ratelimit.Rules{Anonymous: policy(100, time.Hour), SignIns: policy(100, time.Hour)}, &email},
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
