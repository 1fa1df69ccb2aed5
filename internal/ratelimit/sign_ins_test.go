package ratelimit_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/cache"
	"github.com/7p-education/api/internal/cache/redistest"
	"github.com/7p-education/api/internal/ratelimit"
)

// signInRules are the default of RATE_LIMIT_SIGN_IN.
var signInRules = ratelimit.Rules{SignIns: policy(5, 15*time.Minute)}

// TestRightPasswords checks that successful sign-ins take no attempt, and that the failures between them
// do: a success does not return those.
func TestRightPasswords(t *testing.T) {
	t.Parallel()
	for name, redis := range map[string]*cache.Redis{"memory": nil, "redis": openRedis(t)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(ratelimit.New(signInRules, redis))
			for n := range 30 {
				email := fmt.Sprintf("%d@x.example", n)
				if rec := s.send(t.Context(), caller{attempt: &email, right: true}); rec.Code != http.StatusOK || remaining(rec) != `"sessions";r=5` && remaining(rec) != `"sessions";r=4` {
					t.Fatalf("right password %d: status %d, %s", n, rec.Code, remaining(rec))
				}
			}
			for n, want := range []int{200, 200, 200, 200, 200, 429, 429} {
				email := "a@x.example"
				if rec := s.send(t.Context(), caller{attempt: &email}); rec.Code != want {
					t.Errorf("wrong password %d: status %d, want %d", n, rec.Code, want)
				}
				if n < 4 {
					s.send(t.Context(), caller{attempt: &email, right: true})
				}
			}
			email := "a@x.example"
			if rec := s.send(t.Context(), caller{attempt: &email, right: true}); rec.Code != http.StatusTooManyRequests {
				t.Errorf("right password without attempts left: status %d", rec.Code)
			}
		})
	}
}

func openRedis(t *testing.T) *cache.Redis {
	t.Helper()
	url, prefix := redistest.NewKeyspace(t)
	r, err := cache.OpenRedis(cache.RedisOptions{URL: url, Prefix: prefix, Deadline: time.Minute, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

// TestRightPasswordsOfTwoProcesses checks that a process does not restore the attempts that another one
// had in progress and returned.
func TestRightPasswordsOfTwoProcesses(t *testing.T) {
	t.Parallel()
	r := openRedis(t)
	first, second := serve(ratelimit.New(signInRules, r)), serve(ratelimit.New(signInRules, r))
	email := "a@x.example"
	for range 10 {
		first.inside = func(ctx context.Context) { // during an attempt of the first process
			first.inside = nil
			_ = first.ConsumeSignIn(ctx)
			if rec := second.send(t.Context(), caller{attempt: &email, right: true}); rec.Code != http.StatusOK {
				t.Errorf("right password: status %d", rec.Code)
			}
			first.RefundSignIn(ctx)
		}
		first.send(t.Context(), caller{read: true})
	}
	if rec := second.send(t.Context(), caller{attempt: &email}); remaining(rec) != `"sessions";r=4` {
		t.Errorf("after 20 right passwords and a wrong one: %s", remaining(rec))
	}
}

// TestConcurrentGuesses checks that concurrent wrong passwords do not exceed the limit, and that concurrent
// right ones wait for each other.
func TestConcurrentGuesses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		right  bool
		served int64
		took   time.Duration
	}{
		"wrong": {false, 5, time.Second},
		"right": {true, 25, 5 * time.Second}, // five at a time
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newServer(ratelimit.Rules{SignIns: policy(5, 15*time.Minute)})
				s.verifying = time.Second
				start := time.Now()
				var wg sync.WaitGroup
				for n := range 25 {
					wg.Go(func() {
						email := fmt.Sprintf("%d@x.example", n)
						s.send(t.Context(), caller{attempt: &email, right: tt.right})
					})
				}
				wg.Wait()
				if s.served.Load() != tt.served || time.Since(start) != tt.took {
					t.Errorf("served %d in %v, want %d in %v", s.served.Load(), time.Since(start), tt.served, tt.took)
				}
			})
		})
	}
}

// TestRightPasswordsDuringOutage checks that right passwords return their attempts while Redis is unavailable.
func TestRightPasswordsDuringOutage(t *testing.T) {
	t.Parallel()
	redis := redistest.StartServer(t)
	r, err := cache.OpenRedis(cache.RedisOptions{URL: redis.URL(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	redis.Kill()
	s := serve(ratelimit.New(signInRules, r))
	email := "a@x.example"
	for n := range 10 {
		if rec := s.send(t.Context(), caller{attempt: &email, right: true}); rec.Code != http.StatusOK || remaining(rec) != `"sessions";r=3` {
			t.Errorf("right password %d: status %d, %s, want half of 5", n, rec.Code, remaining(rec))
		}
	}
}

// TestSlowResponse checks that an attempt ends when it is refunded: others do not wait for its response.
func TestSlowResponse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := ratelimit.New(ratelimit.Rules{SignIns: policy(1, 15*time.Minute)}, nil)
		h := rawServer(l, func(_ http.ResponseWriter, r *http.Request) {
			if err := l.ConsumeSignIn(r.Context()); err != nil {
				t.Error(err)
			}
			time.Sleep(time.Second)
			l.RefundSignIn(r.Context())
			time.Sleep(time.Minute) // writes the response
		})
		for range 3 { // each takes a second, and the last begins before its wait of 5 s ends
			go h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/graphql", nil))
		}
		time.Sleep(time.Hour)
	})
}

// TestRefreshes checks that refreshes count by address, with the limit of a viewer, and that a trusted address
// has any number of them.
func TestRefreshes(t *testing.T) {
	t.Parallel()
	s := newServer(ratelimit.Rules{Anonymous: policy(1, 300*time.Hour), Viewer: policy(3, 300*time.Hour)})
	for n, want := range []int{200, 200, 200, 429} {
		viewer := edu.Viewer{ID: int64(n % 2)} // anonymous, or with an access token
		rec := s.send(t.Context(), caller{refresh: true, viewer: viewer})
		if rec.Code != want || !strings.HasPrefix(rec.Header().Get("RateLimit"), fmt.Sprintf(`"refreshes";r=%d;`, max(0, 2-n))) {
			t.Errorf("refresh %d: status %d, %s, want %d", n, rec.Code, rec.Header().Get("RateLimit"), want)
		}
		if policies := rec.Header().Get("RateLimit-Policy"); !strings.HasSuffix(policies, `, "refreshes";q=3;w=1080000`) {
			t.Errorf("RateLimit-Policy %s", policies)
		}
	}
	if rec := s.send(t.Context(), caller{refresh: true, address: "192.0.2.8"}); rec.Code != http.StatusOK {
		t.Errorf("another address: status %d", rec.Code)
	}
	if rec := s.send(ratelimit.WithTrustedAddress(t.Context()), caller{refresh: true}); rec.Code != http.StatusOK {
		t.Errorf("a trusted address: status %d", rec.Code)
	}
}

// TestSlowAttempts checks that an attempt is rejected after 5 s if those in progress take longer.
func TestSlowAttempts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newServer(ratelimit.Rules{SignIns: policy(1, 15*time.Minute)})
		s.verifying = time.Minute
		email := "a@x.example"
		go s.send(t.Context(), caller{attempt: &email, right: true})
		synctest.Wait()
		start := time.Now()
		rec := s.send(t.Context(), caller{attempt: &email})
		rejectionMessage(t, rec)
		if wait := time.Since(start); wait != 5*time.Second || rec.Header().Get("Server-Timing") != "ratelimit;dur=5000" {
			t.Errorf("rejected after %v, %v", wait, rec.Header())
		}
		time.Sleep(time.Minute)
	})
}
