package e2e

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/7p-education/api/internal/cache/redistest"
	"github.com/7p-education/api/internal/gql/persisted"
	"github.com/7p-education/api/internal/gqltest"
	"github.com/7p-education/api/internal/testdb"
)

const (
	// requestInterval makes 100 requests a second, without waiting for responses.
	requestInterval = 10 * time.Millisecond
	phaseRequests   = 200
)

// Under a constant load of persisted queries, while Redis is stopped, restarted, paused and resumed,
// every query succeeds, and the circuit breaker opens and closes. The TestChaosRedis tests measure the latency.
func TestRedisOutagesUnderLoad(t *testing.T) {
	t.Parallel()
	redis := redistest.StartServer(t)
	p := serve7p(t, "DATABASE_URL="+testdb.NewWithDemo(t), "JWT_SECRET="+secret, "REDIS_URL="+redis.URL(),
		"RATE_LIMIT=100000/1m", "RATE_LIMIT_COST=10000000/1h", "RATE_LIMIT_SLOWDOWN=off",
		// A busy machine responds late: each late response occupies a connection, and the server may count as overloaded.
		"MAX_CONNECTIONS_PER_ADDRESS=10000", "MAX_CONCURRENT_QUERIES=off")
	byHash := `{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"` + persisted.HashText(titles) + `"}}}`
	if a := p.post(t, `{"query":"`+titles+`",`+byHash[1:]); a.Codes() != "" {
		t.Fatalf("%+v", a)
	}
	p.awaitLease(t)
	for _, phase := range []struct {
		name   string
		event  func()
		open   float64
		health string
	}{
		{"calm", func() {}, 0, `"status":"ok"`},
		{"stopped", redis.Kill, 1, `"status":"degraded"`},
		{"restarted", redis.Restart, 0, `"status":"ok"`},
		{"paused", redis.Pause, 1, `"status":"degraded"`},
		{"resumed", redis.Resume, 0, `"status":"ok"`},
	} {
		l := p.startLoad(byHash)
		phase.event()
		// Readiness bypasses the breaker, so it is requested only after this.
		p.poll(t, phase.name+": the breaker", func() bool { return p.metrics(t)["sevenp_redis_breaker_open"] == phase.open })
		p.poll(t, phase.name+": readiness", func() bool {
			resp := p.send(t, http.MethodGet, "/readyz", "")
			return resp.Status == http.StatusOK && strings.Contains(resp.Text(), phase.health)
		})
		p.poll(t, phase.name+": requests", func() bool { return l.countResponses() >= phaseRequests })
		took, failed := l.stop()
		percentile := func(share float64) time.Duration {
			return took[int(share*float64(len(took)-1))].Round(10 * time.Microsecond)
		}
		t.Logf("Redis %-9s %4d requests, p50 %v, p99 %v, most %v", phase.name, len(took), percentile(0.5), percentile(0.99), percentile(1))
		if len(failed) > 0 {
			t.Errorf("Redis %s: %d of %d requests failed, such as: %s", phase.name, len(failed), len(took), failed[0])
		}
	}
	got := p.metrics(t)
	if got["sevenp_redis_errors_total"] < 5 || got["sevenp_redis_circuit_open_total"] < 1 {
		t.Errorf("%v errors of Redis, %v skipped uses", got["sevenp_redis_errors_total"], got["sevenp_redis_circuit_open_total"])
	}
}

// A server whose rate limits have a Redis of their own starts, and its metrics distinguish the two.
func TestMetricsOfBothRedis(t *testing.T) {
	t.Parallel()
	shared, limits := redistest.StartServer(t), redistest.StartServer(t)
	p := serve7p(t, "DATABASE_URL="+testdb.NewWithDemo(t), "JWT_SECRET="+secret, "REDIS_URL="+shared.URL(), "REDIS_LIMITS_URL="+limits.URL(), "RATE_LIMIT=100000/1m", "RATE_LIMIT_SLOWDOWN=off")
	limits.Kill()
	p.poll(t, "the breaker of the limits", func() bool {
		p.post(t, change)
		return p.metrics(t)["sevenp_redis_limits_breaker_open"] == 1
	})
	if m := p.metrics(t); m["sevenp_redis_breaker_open"] != 0 || m["sevenp_redis_errors_total"] >= 5 || m["sevenp_redis_limits_errors_total"] < 5 {
		t.Errorf("metrics of the shared Redis: breaker %v, errors %v; errors of the limits %v",
			m["sevenp_redis_breaker_open"], m["sevenp_redis_errors_total"], m["sevenp_redis_limits_errors_total"])
	}
}

// poll waits until a condition holds.
func (p *program) poll(t *testing.T, description string, condition func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(patience); !condition(); {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%s: still waiting", description)
		}
	}
}

// requestLoad is a constant load of requests.
type requestLoad struct {
	end     chan struct{}
	running sync.WaitGroup

	mu     sync.Mutex
	took   []time.Duration
	failed []string
}

// startLoad sends a body to GraphQL at each interval until it is stopped.
func (p *program) startLoad(body string) *requestLoad {
	l := &requestLoad{end: make(chan struct{})}
	client := &http.Client{Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: 100}}
	l.running.Go(func() {
		defer client.CloseIdleConnections()
		tick := time.NewTicker(requestInterval)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				l.running.Go(func() { l.send(client, p.base+"/graphql", body) })
			case <-l.end:
				return
			}
		}
	})
	return l
}

func (l *requestLoad) send(client *http.Client, url, body string) {
	start := time.Now()
	var got *gqltest.Response
	resp, err := client.Post(url, "application/json", strings.NewReader(body))
	if err == nil {
		got, err = gqltest.ReadResponse(resp)
	}
	took := time.Since(start)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.took = append(l.took, took)
	switch {
	case err != nil:
		l.failed = append(l.failed, err.Error())
	case got.Status != http.StatusOK || !strings.HasPrefix(got.Text(), `{"data":{"courses":{"nodes":[{"title":`):
		l.failed = append(l.failed, got.String())
	}
}

func (l *requestLoad) countResponses() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.took)
}

// stop ends the load. It returns the durations of the requests in ascending order, and the failures.
func (l *requestLoad) stop() (took []time.Duration, failed []string) {
	close(l.end)
	l.running.Wait()
	slices.Sort(l.took)
	return l.took, l.failed
}
