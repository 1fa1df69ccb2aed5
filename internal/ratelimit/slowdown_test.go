package ratelimit_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/ratelimit"
)

// usual is the slow-down of the defaults.
var usual = ratelimit.Slowdown{After: 50, Step: 100 * time.Millisecond, MaxDelay: 2 * time.Second}

func TestParseSlowdown(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]ratelimit.Slowdown{
		"off":           {},
		"50:100ms:2s":   usual,
		"0:1ms:1ms":     {Step: time.Millisecond, MaxDelay: time.Millisecond},
		"1000000:5s:5s": {After: 1_000_000, Step: 5 * time.Second, MaxDelay: 5 * time.Second},
	} {
		got, err := ratelimit.ParseSlowdown(s)
		if err != nil || got != want || got.Disabled() != (s == "off") || got.String() != s {
			t.Errorf("%s: got %+v, written as %s, %v", s, got, got, err)
		}
	}
	for s, why := range map[string]string{
		"":                "three parts",
		"50":              "three parts",
		"50:100ms:2s:1":   "three parts",
		"x:100ms:2s":      `"x" is not a number`,
		"-1:100ms:2s":     `"-1" is not a number`,
		"1000001:1s:1s":   "from 0 to 1000000",
		"50:100:2s":       `"100" is not a duration`,
		"50:100ms:2":      `"2" is not a duration`,
		"50:0s:2s":        "1ms or more",
		"50:3s:2s":        "from there to 5s",
		"50:100ms:5001ms": "from there to 5s",
	} {
		_, err := ratelimit.ParseSlowdown(s)
		if err == nil || !strings.Contains(err.Error(), why) || !strings.Contains(err.Error(), `"50:100ms:2s"`) {
			t.Errorf("%q: got %v, want %s", s, err, why)
		}
	}
}

// TestSlowdown takes the time of each request, on a clock that nothing else moves.
func TestSlowdown(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		viewer          edu.Viewer
		limit, unslowed int
	}{
		"default": {edu.Viewer{}, 100, 50},
		"premium": {edu.Viewer{ID: 7, Plan: edu.PlanPremium}, 1000, 500},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newServer(ratelimit.Rules{Requests: of(100, 1000*time.Hour), Premium: of(1000, 10000*time.Hour), Slowdown: usual})
				for n := 1; n <= tt.limit; n++ {
					start := time.Now()
					rec := s.ask(t.Context(), caller{viewer: tt.viewer})
					want := min(time.Duration(max(0, n-tt.unslowed))*100*time.Millisecond, 2*time.Second)
					if took := time.Since(start); took != want || rec.Code != http.StatusOK {
						t.Fatalf("request %d: %d after %v, want %v", n, rec.Code, took, want)
					}
				}
				start := time.Now()
				if rec := s.ask(t.Context(), caller{viewer: tt.viewer}); rec.Code != http.StatusTooManyRequests || time.Since(start) != 0 {
					t.Errorf("one more: %d after %v, want a refusal at once", rec.Code, time.Since(start))
				}
			})
		})
	}
}

func TestSlowdownEndsWithContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newServer(ratelimit.Rules{Requests: of(10, time.Hour), Slowdown: ratelimit.Slowdown{Step: 2 * time.Second, MaxDelay: 2 * time.Second}})
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
		defer cancel()
		start := time.Now()
		rec := s.ask(ctx, caller{})
		if took := time.Since(start); took != 30*time.Millisecond || rec.Code != 499 || s.served.Load() != 0 {
			t.Errorf("answered %d after %v, and %d were served", rec.Code, took, s.served.Load())
		}
	})
}

// TestSlowdownOverHTTP has a client that hangs up while its request waits.
func TestSlowdownOverHTTP(t *testing.T) {
	t.Parallel()
	s := newServer(ratelimit.Rules{Requests: of(10, time.Hour), Slowdown: ratelimit.Slowdown{Step: 5 * time.Second, MaxDelay: 5 * time.Second}})
	ended := make(chan time.Duration)
	hangUp := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		close(hangUp)
		s.handler.ServeHTTP(w, r)
		ended <- time.Since(start)
	}))
	defer server.Close()
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-hangUp; cancel() }()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := server.Client().Do(r); err == nil {
		t.Error("a client that hung up has an answer")
	}
	if took := <-ended; took > 4*time.Second || s.served.Load() != 0 {
		t.Errorf("the request ended after %v, and %d were served", took, s.served.Load())
	}
}

// TestSlowdownIsBounded fills the room that there is for waiting.
func TestSlowdownIsBounded(t *testing.T) {
	t.Parallel()
	const room = 1000
	synctest.Test(t, func(t *testing.T) {
		s := newServer(ratelimit.Rules{Requests: of(5000, 5000*time.Hour), Slowdown: ratelimit.Slowdown{Step: 2 * time.Second, MaxDelay: 2 * time.Second}})
		start := time.Now()
		for range room {
			go s.ask(t.Context(), caller{})
		}
		synctest.Wait()
		rec := s.ask(t.Context(), caller{})
		if time.Since(start) != 0 || s.served.Load() != 0 {
			t.Fatalf("%d were served after %v", s.served.Load(), time.Since(start))
		}
		const want = "1000 requests are being slowed down already, and no more can be, come back in 2 seconds"
		if got := refusal(t, rec); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		time.Sleep(2 * time.Second) // of the fake clock
		synctest.Wait()
		if s.served.Load() != room {
			t.Errorf("%d of %d that waited were served", s.served.Load(), room)
		}
		if rec := s.ask(t.Context(), caller{}); rec.Code != http.StatusOK {
			t.Errorf("once there is room again: %d", rec.Code)
		}
	})
}
