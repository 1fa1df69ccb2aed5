package ratelimit_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/ratelimit"
)

// defaultSlowdown is the default of RATE_LIMIT_SLOWDOWN.
var defaultSlowdown = ratelimit.Slowdown{After: 50, Step: 100 * time.Millisecond, MaxDelay: 2 * time.Second}

func TestParseSlowdown(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]ratelimit.Slowdown{
		"off":           {},
		"50:100ms:2s":   defaultSlowdown,
		"0:1ms:1ms":     {Step: time.Millisecond, MaxDelay: time.Millisecond},
		"1000000:5s:5s": {After: 1_000_000, Step: 5 * time.Second, MaxDelay: 5 * time.Second},
	} {
		got, err := ratelimit.ParseSlowdown(s)
		if err != nil || got != want || got.Disabled() != (s == "off") || got.String() != s {
			t.Errorf("%s: got %+v, formatted as %s, %v", s, got, got, err)
		}
	}
	for s, want := range map[string]string{
		"":                "three parts",
		"50":              "three parts",
		"50:100ms:2s:1":   "three parts",
		"x:100ms:2s":      `"x" is not a number`,
		"-1:100ms:2s":     `"-1" is not a number`,
		"1000001:1s:1s":   "from 0 to 1000000",
		"50:100:2s":       `"100" is not a duration`,
		"50:100ms:2":      `"2" is not a duration`,
		"50:0s:2s":        "1ms or more",
		"50:3s:2s":        "between the step and 5s",
		"50:100ms:5001ms": "between the step and 5s",
	} {
		_, err := ratelimit.ParseSlowdown(s)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), `"50:100ms:2s"`) {
			t.Errorf("%q: got %v, want %s", s, err, want)
		}
	}
}

// TestSlowdown measures the delay of each request on a fake clock.
func TestSlowdown(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		viewer           edu.Viewer
		limit, undelayed int
	}{
		"default": {edu.Viewer{}, 100, 50},
		"viewer":  {edu.Viewer{ID: 7}, 300, 150},
		"premium": {edu.Viewer{ID: 7, Plan: edu.PlanPremium}, 1000, 500},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newServer(ratelimit.Rules{Anonymous: policy(100, 1000*time.Hour), Viewer: policy(300, 3000*time.Hour), Premium: policy(1000, 10000*time.Hour), Slowdown: defaultSlowdown})
				for n := 1; n <= tt.limit; n++ {
					start := time.Now()
					rec := s.send(t.Context(), caller{viewer: tt.viewer})
					want := min(time.Duration(max(0, n-tt.undelayed))*100*time.Millisecond, 2*time.Second)
					if delay := time.Since(start); delay != want || rec.Code != http.StatusOK {
						t.Fatalf("request %d: status %d after %v, want 200 after %v", n, rec.Code, delay, want)
					}
					timing := ""
					if want > 0 {
						timing = fmt.Sprintf("ratelimit;dur=%d", want.Milliseconds())
					}
					if got := rec.Header().Get("Server-Timing"); got != timing {
						t.Fatalf("request %d: Server-Timing %q, want %q", n, got, timing)
					}
				}
				start := time.Now()
				if rec := s.send(t.Context(), caller{viewer: tt.viewer}); rec.Code != http.StatusTooManyRequests || time.Since(start) != 0 {
					t.Errorf("request above the limit: status %d after %v, want 429 at once", rec.Code, time.Since(start))
				}
			})
		})
	}
}

// TestSlowdownEndsWithContext checks that a delay ends when the context does.
func TestSlowdownEndsWithContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newServer(ratelimit.Rules{Anonymous: policy(10, time.Hour), Slowdown: ratelimit.Slowdown{Step: 2 * time.Second, MaxDelay: 2 * time.Second}})
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
		defer cancel()
		start := time.Now()
		rec := s.send(ctx, caller{})
		if delay := time.Since(start); delay != 30*time.Millisecond || rec.Code != 499 || s.served.Load() != 0 {
			t.Errorf("status %d after %v, served %d", rec.Code, delay, s.served.Load())
		}
	})
}

// TestSlowdownOverHTTP checks that a delay ends when the client disconnects.
func TestSlowdownOverHTTP(t *testing.T) {
	t.Parallel()
	s := newServer(ratelimit.Rules{Anonymous: policy(10, time.Hour), Slowdown: ratelimit.Slowdown{Step: 5 * time.Second, MaxDelay: 5 * time.Second}})
	ended := make(chan time.Duration)
	disconnect := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		close(disconnect)
		s.handler.ServeHTTP(w, r)
		ended <- time.Since(start)
	}))
	defer server.Close()
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-disconnect; cancel() }()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := server.Client().Do(r); err == nil {
		t.Error("disconnected client got a response")
	}
	if delay := <-ended; delay > 4*time.Second || s.served.Load() != 0 {
		t.Errorf("request ended after %v, served %d", delay, s.served.Load())
	}
}

// TestSlowdownIsBounded fills the delay queue.
func TestSlowdownIsBounded(t *testing.T) {
	t.Parallel()
	const queueLength = 1000
	synctest.Test(t, func(t *testing.T) {
		s := newServer(ratelimit.Rules{Anonymous: policy(5000, 5000*time.Hour), Slowdown: ratelimit.Slowdown{Step: 2 * time.Second, MaxDelay: 2 * time.Second}})
		start := time.Now()
		for range queueLength {
			go s.send(t.Context(), caller{})
		}
		synctest.Wait()
		rec := s.send(t.Context(), caller{})
		if time.Since(start) != 0 || s.served.Load() != 0 {
			t.Fatalf("served %d after %v", s.served.Load(), time.Since(start))
		}
		const want = "the maximum of 1000 delayed requests is reached, retry in 2 seconds"
		if got := rejectionMessage(t, rec); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		time.Sleep(2 * time.Second) // of the fake clock
		synctest.Wait()
		if s.served.Load() != queueLength {
			t.Errorf("served %d of %d delayed requests", s.served.Load(), queueLength)
		}
		if rec := s.send(t.Context(), caller{}); rec.Code != http.StatusOK {
			t.Errorf("after the queue is empty: status %d", rec.Code)
		}
	})
}
