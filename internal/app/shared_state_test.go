package app

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/7p-education/api/internal/cache/redistest"
	"github.com/7p-education/api/internal/config"
	"github.com/7p-education/api/internal/ratelimit"
)

// TestLimitsHaveTheirOwnRedis checks that REDIS_LIMITS_URL separates the buckets of rate limits from
// what may be evicted, and that the server reports both stores.
func TestLimitsHaveTheirOwnRedis(t *testing.T) {
	t.Parallel()
	shared, limits := redistest.StartServer(t), redistest.StartServer(t)
	c := &config.Config{}
	c.RedisURL, c.RedisLimitsURL = shared.URL(), limits.URL()
	c.RateLimit = ratelimit.Policy{Limit: 1, Window: time.Hour}
	s, err := openSharedState(c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.closeStore() })
	for _, check := range s.readinessChecks() {
		if err := check.Probe(t.Context()); err != nil { // connects
			t.Errorf("%s: %v", check.Name, err)
		}
	}
	if n := len(s.readinessChecks()); n != 2 {
		t.Errorf("%d readiness checks, want those of both stores", n)
	}
	s.cacheStore.Set(t.Context(), "text", []byte("x"), time.Hour)
	allowed := 0
	handler := s.rateLimits.Middleware(clientAddress)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if s.rateLimits.ConsumeMutation(r.Context()) == nil {
			allowed++
		}
	}))
	for range 2 {
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/graphql", nil))
	}
	if allowed != 1 {
		t.Errorf("%d mutations are allowed, want 1", allowed)
	}
	if keys := shared.RunCommand("KEYS", "*"); strings.TrimSpace(keys) != "7p:text" {
		t.Errorf("keys of REDIS_URL: %s", keys)
	}
	if keys := limits.RunCommand("KEYS", "*"); !strings.HasPrefix(keys, "7p:limit:default:") || strings.Count(keys, "\n") != 1 {
		t.Errorf("keys of REDIS_LIMITS_URL: %s", keys)
	}
}

// TestLeasedPermitsReturnAtShutdown checks that a server that ends returns what it leased from the cost of a caller.
func TestLeasedPermitsReturnAtShutdown(t *testing.T) {
	t.Parallel()
	server := redistest.StartServer(t)
	c := &config.Config{}
	c.RedisURL = server.URL()
	slow := ratelimit.Policy{Limit: 200_000, Window: 31 * 24 * time.Hour} // a test refills nothing
	c.RateLimit, c.RateLimitCost = slow, slow
	for range 20 { // on a busy machine Redis may miss its deadline
		server.RunCommand("FLUSHALL")
		_, leased, missed := spendCosts(t, c, 200)
		rest, _, missedLater := spendCosts(t, c, 1)
		if missed || missedLater {
			continue
		}
		if leased == 0 || !strings.Contains(rest, `"cost";r=197990;`) {
			t.Errorf("after 201 requests of 10, of which %d were leased: %s", leased, rest)
		}
		return
	}
	t.Error("Redis missed its deadline each time")
}

// spendCosts opens the shared state of a server, sends requests of the cost 10 and closes it. It returns the RateLimit
// header of the last response, how many decisions were leased, and whether Redis failed.
func spendCosts(t *testing.T, c *config.Config, requests int) (rest string, leased uint64, failed bool) {
	t.Helper()
	s, err := openSharedState(c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.redis.Check(t.Context()); err != nil { // connects
		t.Error(err)
	}
	handler := s.rateLimits.Middleware(clientAddress)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = s.rateLimits.ConsumeCost(r.Context(), 10)
		rest = w.Header().Get("RateLimit")
	}))
	for range requests {
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/graphql", nil))
	}
	leased = s.rateLimits.LeasedDecisions()
	if err := s.closeStore(); err != nil {
		t.Error(err)
	}
	return rest, leased, s.redis.Stats().Errors+s.redis.Stats().ShortCircuited > 0
}
