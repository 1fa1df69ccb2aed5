package ratelimit_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/cache"
	"github.com/7p-education/api/internal/cache/redistest"
	"github.com/7p-education/api/internal/ratelimit"
)

func policy(n int, window time.Duration) ratelimit.Policy {
	return ratelimit.Policy{Limit: n, Window: window}
}

// caller describes the sender of a request and what the handler does with it.
type caller struct {
	viewer  edu.Viewer
	address string // "" means 192.0.2.7
	cost    int64
	attempt *string // the email of a sign-in attempt
	mail    *string // the email that a mail is requested to
	more    int     // further requests in the same HTTP request
	text    int     // bytes of a text to register
	read    bool    // no mutation
	right   bool    // the attempt succeeds
	refresh bool    // of a session
}

// server is Limits with a handler behind them. It responds to a rejected operation as the GraphQL
// layer does.
type server struct {
	*ratelimit.Limits
	handler http.Handler
	served  atomic.Int64
	inside  func(context.Context) // runs within a request; nil for none
	// verifying is how long a sign-in takes.
	verifying time.Duration
}

type callerKey struct{}

func newServer(rules ratelimit.Rules) *server { return serve(ratelimit.New(rules, nil)) }

func serve(l *ratelimit.Limits) *server {
	s := &server{Limits: l}
	address := func(r *http.Request) netip.Addr {
		if c, _ := r.Context().Value(callerKey{}).(caller); c.address != "" {
			return netip.MustParseAddr(c.address)
		}
		return netip.MustParseAddr("192.0.2.7")
	}
	s.handler = l.Middleware(address)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, _ := r.Context().Value(callerKey{}).(caller)
		if s.inside != nil {
			s.inside(r.Context())
		}
		err := s.consume(r.Context(), c)
		if problem, ok := errors.AsType[*edu.Error](err); ok {
			w.WriteHeader(http.StatusTooManyRequests)
			_, _ = fmt.Fprintf(w, `{"errors":[{"message":%q,"extensions":{"code":%q,"retryAfter":%d}}]}`, problem.Message, problem.Code, problem.RetryAfter)
			return
		}
		if err != nil { // of the context
			w.WriteHeader(499)
			return
		}
		s.served.Add(1)
	}))
	return s
}

// consume takes from the budgets of a caller, as the GraphQL layer does.
func (s *server) consume(ctx context.Context, c caller) (err error) {
	switch {
	case c.refresh:
		err = s.ConsumeRefresh(ctx)
	case !c.read && c.attempt == nil:
		err = s.ConsumeMutation(ctx)
	}
	if err == nil && c.cost > 0 {
		err = s.ConsumeCost(ctx, c.cost)
	}
	if err == nil && c.attempt != nil {
		if err = s.ConsumeSignIn(ctx); err == nil {
			err = s.ConsumeEmailSignIn(ctx, *c.attempt)
		}
		if err == nil {
			time.Sleep(s.verifying)
		}
		if err == nil && c.right {
			s.RefundSignIn(ctx)
		}
	}
	if err == nil && c.mail != nil {
		err = s.ConsumeMail(ctx, *c.mail)
	}
	if err == nil && c.text > 0 {
		err = s.ConsumeRegistration(ctx, c.text)
	}
	if err == nil && c.more > 0 {
		err = s.ConsumeRequests(ctx, c.more)
	}
	return err
}

func (s *server) send(ctx context.Context, c caller) *httptest.ResponseRecorder {
	ctx = edu.WithViewer(context.WithValue(ctx, callerKey{}, c), c.viewer)
	rec := httptest.NewRecorder()
	s.handler.ServeHTTP(rec, httptest.NewRequestWithContext(ctx, http.MethodPost, "/graphql", nil))
	for _, name := range []string{"Ratelimit", "Ratelimit-Policy"} {
		rec.Header()[name] = withoutRequests(rec.Header()[name])
	}
	return rec
}

// withoutRequests returns a header without the bucket of requests, which has tests of its own.
func withoutRequests(header []string) []string {
	var items []string
	for item := range strings.SplitSeq(strings.Join(header, ", "), ", ") {
		if !strings.HasPrefix(item, `"requests"`) {
			items = append(items, item)
		}
	}
	return []string{strings.Join(items, ", ")}
}

var window = regexp.MustCompile(`;t=(\d+)`)

// rejectionMessage returns the message of a 429, whose headers and body must agree on the retry time.
func rejectionMessage(t *testing.T, rec *httptest.ResponseRecorder) string {
	t.Helper()
	var body struct {
		Errors []struct {
			Message    string
			Extensions struct {
				Code       string
				RetryAfter int
			}
		}
	}
	if err := json.Unmarshal(rec.Body.Bytes(), &body); err != nil || rec.Code != http.StatusTooManyRequests || len(body.Errors) != 1 {
		t.Fatalf("got %d %s (%v), want a rejection", rec.Code, rec.Body, err)
	}
	first := body.Errors[0]
	wait, err := strconv.Atoi(rec.Header().Get("Retry-After"))
	if err != nil || wait < 1 || first.Extensions.Code != "RATE_LIMITED" || first.Extensions.RetryAfter != wait {
		t.Errorf("Retry-After %q with body %s", rec.Header().Get("Retry-After"), rec.Body)
	}
	for _, item := range window.FindAllStringSubmatch(rec.Header().Get("RateLimit"), -1) {
		if until, _ := strconv.Atoi(item[1]); until > wait {
			t.Errorf("Retry-After %d is before the t of %s", wait, rec.Header().Get("RateLimit"))
		}
	}
	return first.Message
}

func TestMiddleware(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newServer(ratelimit.Rules{Anonymous: policy(2, 15*time.Minute)})
		a, b := caller{address: "192.0.2.1"}, caller{address: "192.0.2.2"}
		for i, want := range []struct {
			caller caller
			status int
			state  string
		}{
			{a, 200, `"default";r=1;t=450`},
			{a, 200, `"default";r=0;t=450`},
			{b, 200, `"default";r=1;t=450`},
			{a, 429, `"default";r=0;t=450`},
		} {
			rec := s.send(t.Context(), want.caller)
			if rec.Code != want.status || rec.Header().Get("RateLimit") != want.state || rec.Header().Get("RateLimit-Policy") != `"default";q=2;w=900` {
				t.Errorf("request %d: got %d %v", i, rec.Code, rec.Header())
			}
		}
		if s.served.Load() != 3 {
			t.Errorf("served %d requests, want 3", s.served.Load())
		}
		rec := s.send(t.Context(), a)
		if got, want := rejectionMessage(t, rec), "too many mutations: the limit is 2 in 15 minutes, retry in 450 seconds"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

// TestRetryAfterIsAccurate retries one second before Retry-After, and then on time.
func TestRetryAfterIsAccurate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newServer(ratelimit.Rules{Anonymous: policy(100, 15*time.Minute)})
		for range 100 {
			s.send(t.Context(), caller{})
		}
		rec := s.send(t.Context(), caller{})
		if got, want := rejectionMessage(t, rec), "too many mutations: the limit is 100 in 15 minutes, retry in 9 seconds"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		time.Sleep(8 * time.Second)
		if rec := s.send(t.Context(), caller{}); rec.Code != 429 || rec.Header().Get("Retry-After") != "1" {
			t.Errorf("one second early: status %d, Retry-After %s", rec.Code, rec.Header().Get("Retry-After"))
		}
		time.Sleep(time.Second)
		if rec := s.send(t.Context(), caller{}); rec.Code != 200 {
			t.Errorf("on time: status %d", rec.Code)
		}
	})
}

// TestCallers checks the bucket and the limit of each kind of caller.
func TestCallers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newServer(ratelimit.Rules{Anonymous: policy(100, time.Hour), Viewer: policy(300, time.Hour), Premium: policy(1000, time.Hour)})
		free := edu.Viewer{ID: 1, Role: edu.RoleStudent, Plan: edu.PlanFree}
		for i, want := range []struct {
			caller    caller
			policy    string
			remaining int
		}{
			{caller{address: "192.0.2.1"}, "default", 99},
			{caller{address: "192.0.2.1"}, "default", 98},
			{caller{address: "192.0.2.1", viewer: free}, "viewer", 299}, // not the address's bucket
			{caller{address: "192.0.2.2", viewer: free}, "viewer", 298}, // from any address
			{caller{viewer: edu.Viewer{ID: 2, Role: edu.RoleStudent}}, "viewer", 299},
			{caller{viewer: edu.Viewer{ID: 3, Role: edu.RoleStudent, Plan: edu.PlanPremium}}, "premium", 999},
			{caller{viewer: edu.Viewer{ID: 4, Role: edu.RoleInstructor, Plan: edu.PlanFree}}, "premium", 999},
			{caller{viewer: edu.Viewer{ID: 5, Role: edu.RoleAdmin, Plan: edu.PlanFree}}, "premium", 999},
			{caller{viewer: edu.Viewer{Plan: edu.PlanPremium}, address: "192.0.2.3"}, "default", 99}, // not signed in
			{caller{address: "2001:db8:1:2:3:4:5:6"}, "default", 99},
			{caller{address: "2001:db8:1:2::9"}, "default", 98}, // of the same /64
			{caller{address: "2001:db8:1:3::9"}, "default", 99},
		} {
			h := s.send(t.Context(), want.caller).Header()
			if state := fmt.Sprintf(`%q;r=%d;t=`, want.policy, want.remaining); len(h.Get("RateLimit")) < len(state) || h.Get("RateLimit")[:len(state)] != state {
				t.Errorf("request %d: RateLimit %s, want %s…", i, h.Get("RateLimit"), state)
			}
			if name := h.Get("RateLimit-Policy"); len(name) < len(want.policy)+2 || name[1:1+len(want.policy)] != want.policy {
				t.Errorf("request %d: RateLimit-Policy %s, want %s", i, name, want.policy)
			}
		}
	})
}

// TestSingleLimits checks that each limit applies without the others.
func TestSingleLimits(t *testing.T) {
	t.Parallel()
	email := "a@example.com"
	premium := edu.Viewer{ID: 3, Role: edu.RoleStudent, Plan: edu.PlanPremium}
	for name, tt := range map[string]struct {
		rules  ratelimit.Rules
		caller caller
	}{
		"requests":      {ratelimit.Rules{Anonymous: policy(1, time.Hour)}, caller{}},
		"viewer":        {ratelimit.Rules{Viewer: policy(1, time.Hour)}, caller{viewer: edu.Viewer{ID: 2, Role: edu.RoleStudent}}},
		"premium":       {ratelimit.Rules{Premium: policy(1, time.Hour)}, caller{viewer: premium}},
		"cost":          {ratelimit.Rules{Cost: policy(1, time.Hour)}, caller{cost: 1}},
		"sign-ins":      {ratelimit.Rules{SignIns: policy(1, time.Hour)}, caller{attempt: &email}},
		"registrations": {ratelimit.Rules{Registrations: policy(1, time.Hour)}, caller{text: 1}},
	} {
		s := newServer(tt.rules)
		for i, want := range []int{http.StatusOK, http.StatusTooManyRequests} {
			if got := s.send(t.Context(), tt.caller).Code; got != want {
				t.Errorf("%s, request %d: status %d, want %d", name, i, got, want)
			}
		}
	}
}

// TestConsumeRegistration checks that texts count by their bytes, in whole KiB, and for each caller.
func TestConsumeRegistration(t *testing.T) {
	t.Parallel()
	s := newServer(ratelimit.Rules{Registrations: policy(256, time.Hour)})
	registered := 0
	for range 200 {
		if s.send(t.Context(), caller{text: 100 << 10}).Code == http.StatusOK {
			registered++
		}
	}
	if registered != 2 {
		t.Errorf("a caller registers %d texts of 100 KiB, want 2", registered)
	}
	for i := range 57 {
		want := http.StatusOK
		if i == 56 {
			want = http.StatusTooManyRequests
		}
		if rec := s.send(t.Context(), caller{text: 1}); rec.Code != want {
			t.Fatalf("text %d of one byte: status %d, want %d: 56 KiB are left", i, rec.Code, want)
		}
	}
	if rec := s.send(t.Context(), caller{text: 100 << 10, address: "192.0.2.8"}); rec.Code != http.StatusOK {
		t.Errorf("another caller: status %d", rec.Code)
	}
}

func TestConsumeCost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newServer(ratelimit.Rules{Anonymous: policy(100, 100*time.Hour), Cost: policy(6000, time.Minute), SignIns: policy(5, time.Hour)})
		send := func(cost int64) *httptest.ResponseRecorder { return s.send(t.Context(), caller{cost: cost}) }
		for i, want := range []struct {
			after  time.Duration
			cost   int64
			status int
			state  string
		}{
			{0, 0, 200, `"default";r=99;t=3600`},
			{0, 1, 200, `"default";r=98;t=3600, "cost";r=5999;t=1`},
			{0, 5000, 200, `"default";r=97;t=3600, "cost";r=999;t=1`},
			{0, 1500, 429, `"cost";r=999;t=6`}, // 501 are missing, and 100 are refilled per second
			{0, 999, 200, `"default";r=95;t=3600, "cost";r=0;t=1`},
			{0, 1, 429, `"cost";r=0;t=1`},
			{10 * time.Second, 1000, 200, `"default";r=93;t=3590, "cost";r=0;t=1`},
			{time.Minute, 1 << 50, 200, `"default";r=92;t=3530, "cost";r=0;t=1`}, // a cost above the limit counts as the limit
			{59 * time.Second, 1 << 50, 429, `"cost";r=5900;t=1`},
		} {
			time.Sleep(want.after)
			rec := send(want.cost)
			if rec.Code != want.status || rec.Header().Get("RateLimit") != want.state {
				t.Errorf("operation %d: got %d %s, want %d %s", i, rec.Code, rec.Header().Get("RateLimit"), want.status, want.state)
			}
			if got, want := rec.Header().Get("RateLimit-Policy"), `"default";q=100;w=360000, "cost";q=6000;w=60, "sessions";q=5;w=3600`; got != want {
				t.Errorf("operation %d: RateLimit-Policy %s, want %s", i, got, want)
			}
		}
		got, want := rejectionMessage(t, send(6000)), "the operation's cost of 6000 exceeds the remaining budget: the limit is 6000 in 1 minute, retry in 1 second"
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if rec := s.send(t.Context(), caller{address: "192.0.2.8", cost: 6000}); rec.Code != 200 {
			t.Errorf("another caller: status %d", rec.Code)
		}
	})
}

// TestLongestWait checks that the header has the longest wait of several rejections.
func TestLongestWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := ratelimit.New(ratelimit.Rules{Cost: policy(10, 10*time.Second), SignIns: policy(1, time.Hour)}, nil)
		rec := httptest.NewRecorder()
		l.Middleware(func(*http.Request) netip.Addr { return netip.MustParseAddr("192.0.2.7") })(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			ctx := r.Context()
			if err := errors.Join(l.ConsumeCost(ctx, 4), l.ConsumeCost(ctx, 4), l.ConsumeSignIn(ctx)); err != nil {
				t.Error(err)
			}
			if got, want := rec.Header().Get("RateLimit"), `"cost";r=2;t=1, "sessions";r=0;t=3600`; got != want {
				t.Errorf("RateLimit %s, want %s", got, want)
			}
			if l.ConsumeRejectedRefresh(ctx) == nil || l.ConsumeCost(ctx, 4) == nil || l.ConsumeCost(ctx, 1) != nil {
				t.Error("allowed more than the budget, or rejected the rest of it")
			}
		})).ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/graphql", nil))
		if got := [...]string{rec.Header().Get("RateLimit"), rec.Header().Get("Retry-After")}; got != [...]string{`"sessions";r=0;t=3600`, "3600"} {
			t.Errorf("RateLimit and Retry-After %q", got)
		}
	})
}

// TestConsumeSignIn checks that sign-in attempts count by address, also for signed-in viewers.
func TestConsumeSignIn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newServer(ratelimit.Rules{Anonymous: policy(1000, 1000*time.Hour), SignIns: policy(5, 15*time.Minute)})
		try := func(address, email string) *httptest.ResponseRecorder {
			return s.send(t.Context(), caller{address: address, attempt: &email})
		}
		for n := range 5 {
			email := []string{"a@x.example", "b@x.example", ""}[n%3] // "" for an invalid refresh
			rec := try("2001:db8::1", email)
			if want := fmt.Sprintf(`"sessions";r=%d;t=180`, 4-n); rec.Code != 200 || rec.Header().Get("RateLimit") != want {
				t.Errorf("attempt %d: %d %s, want %s", n, rec.Code, rec.Header().Get("RateLimit"), want)
			}
		}
		for _, address := range []string{"2001:db8::1", "2001:db8::2"} { // in the same /64
			rec := try(address, "")
			const want = "too many sign-in attempts: the limit is 5 in 15 minutes, retry in 3 minutes"
			if got := rejectionMessage(t, rec); got != want || rec.Header().Get("RateLimit") != `"sessions";r=0;t=180` {
				t.Errorf("got %q %s, want %q", got, rec.Header().Get("RateLimit"), want)
			}
		}
		if rec := s.send(t.Context(), caller{address: "2001:db8::1"}); rec.Code != 200 {
			t.Errorf("request of an address without sign-in attempts: status %d", rec.Code)
		}
		// A signed-in viewer has the same limit.
		email := "a@x.example"
		if rec := s.send(t.Context(), caller{address: "2001:db8::1", viewer: edu.Viewer{ID: 7, Role: edu.RoleAdmin}, attempt: &email}); rec.Code != 429 {
			t.Errorf("sixth attempt, by an admin: status %d", rec.Code)
		}
	})
}

// TestDisabled checks that the headers have only the enabled policies.
func TestDisabled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		email := "a@x.example"
		all := caller{cost: 1, attempt: &email}
		for _, tt := range []struct {
			rules         ratelimit.Rules
			policy, state string
		}{
			{ratelimit.Rules{}, "", ""},
			{ratelimit.Rules{Slowdown: defaultSlowdown, Premium: policy(1, time.Hour)}, "", ""},
			{ratelimit.Rules{Cost: policy(60, time.Hour)}, `"cost";q=60;w=3600`, `"cost";r=59;t=60`},
			{ratelimit.Rules{SignIns: policy(60, time.Hour)}, `"sessions";q=60;w=3600`, `"sessions";r=59;t=60`},
		} {
			rec := newServer(tt.rules).send(t.Context(), all)
			got := [...]string{rec.Header().Get("RateLimit-Policy"), rec.Header().Get("RateLimit"), rec.Header().Get("Retry-After")}
			if diff := cmp.Diff([...]string{tt.policy, tt.state, ""}, got); diff != "" || rec.Code != 200 {
				t.Errorf("%+v: %d, headers (-want +got):\n%s", tt.rules, rec.Code, diff)
			}
		}
		l := ratelimit.New(ratelimit.Rules{Cost: policy(1, time.Hour), SignIns: policy(1, time.Hour)}, nil)
		for range 2 { // the context has no request
			if err := errors.Join(l.ConsumeCost(t.Context(), 1), l.ConsumeSignIn(t.Context()), l.ConsumeEmailSignIn(t.Context(), email), l.ConsumeRequests(t.Context(), 9)); err != nil {
				t.Error(err)
			}
		}
	})
}

// remaining returns the RateLimit header without its times, which depend on the real clock.
func remaining(rec *httptest.ResponseRecorder) string {
	return window.ReplaceAllString(rec.Header().Get("RateLimit"), "")
}

// TestRedisLimits checks that two processes share their buckets in Redis.
func TestRedisLimits(t *testing.T) {
	t.Parallel()
	url, prefix := redistest.NewKeyspace(t)
	r, err := cache.OpenRedis(cache.RedisOptions{URL: url, Prefix: prefix, Deadline: time.Minute, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	rules := ratelimit.Rules{Anonymous: policy(10, 10*time.Hour), Cost: policy(10, 10*time.Hour), SignIns: policy(10, 10*time.Hour)}
	first, second := serve(ratelimit.New(rules, r)), serve(ratelimit.New(rules, r))
	email := "a@x.example"
	first.send(t.Context(), caller{cost: 3})
	first.send(t.Context(), caller{attempt: &email})
	second.send(t.Context(), caller{attempt: &email})
	rec := second.send(t.Context(), caller{cost: 1})
	if got, want := remaining(rec), `"default";r=8, "cost";r=6`; got != want {
		t.Errorf("second process: %s, want %s", got, want)
	}
	rec = first.send(t.Context(), caller{attempt: &email})
	if got, want := remaining(rec), `"sessions";r=7`; got != want {
		t.Errorf("first process: %s, want %s", got, want)
	}
}
