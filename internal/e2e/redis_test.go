package e2e

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/7p-education/api/internal/cache/redistest"
	"github.com/7p-education/api/internal/gql/persisted"
	"github.com/7p-education/api/internal/testdb"
)

const (
	// redisBudget is the most that Redis can cost a request: its text, its rate and its
	// cost are looked up with 50 ms each (README, Operate).
	redisBudget = 3 * 50 * time.Millisecond
	// aRequestEvery makes 200 a second, whether or not the ones before were answered.
	aRequestEvery = 5 * time.Millisecond
	phaseRequests = 400
)

// TestRedisInTroubleUnderLoad stops, restarts, pauses and resumes Redis under a
// constant load of persisted queries: all of them are answered, none waits for long,
// and the circuit breaker opens and closes by itself.
func TestRedisInTroubleUnderLoad(t *testing.T) {
	t.Parallel()
	redis := redistest.StartServer(t)
	p := serve7p(t, "DATABASE_URL="+testdb.NewWithDemo(t), "JWT_SECRET="+secret, "REDIS_URL="+redis.URL(),
		"RATE_LIMIT=100000/1m", "RATE_LIMIT_COST=10000000/1h", "RATE_LIMIT_SLOWDOWN=off")
	byHash := `{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"` + persisted.HashText(titles) + `"}}}`
	if a := p.post(t, `{"query":"`+titles+`",`+byHash[1:]); a.code() != "" {
		t.Fatalf("%+v", a)
	}
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
		l := p.press(byHash)
		phase.event()
		// Only then is readiness asked, which tries Redis past the breaker.
		p.poll(t, phase.name+": the breaker", func() bool { return p.metrics(t)["sevenp_redis_breaker_open"] == phase.open })
		p.poll(t, phase.name+": readiness", func() bool {
			resp, text := p.ask(t, http.MethodGet, "/readyz", "")
			return resp.StatusCode == http.StatusOK && strings.Contains(text, phase.health)
		})
		p.poll(t, phase.name+": requests", func() bool { return l.answered() >= phaseRequests })
		took, failed := l.stop()
		at := func(share float64) time.Duration {
			return took[int(share*float64(len(took)-1))].Round(10 * time.Microsecond)
		}
		t.Logf("Redis %-9s %4d requests, p50 %v, p99 %v, most %v", phase.name, len(took), at(0.5), at(0.99), at(1))
		if len(failed) > 0 {
			t.Errorf("Redis %s: %d of %d requests failed, such as: %s", phase.name, len(failed), len(took), failed[0])
		}
		if at(0.99) > 10*redisBudget { // generous, for machines that do much else
			t.Errorf("Redis %s: p99 is %v", phase.name, at(0.99))
		}
	}
	got := p.metrics(t)
	if got["sevenp_redis_errors_total"] < 5 || got["sevenp_redis_circuit_open_total"] < 1 {
		t.Errorf("%v uses of Redis failed, %v were skipped", got["sevenp_redis_errors_total"], got["sevenp_redis_circuit_open_total"])
	}
}

// poll asks until what is waited for is so.
func (p *program) poll(t *testing.T, what string, so func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(patience); !so(); {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%s: still waiting", what)
		}
	}
}

// pressure is a constant load.
type pressure struct {
	end     chan struct{}
	running sync.WaitGroup

	mu     sync.Mutex
	took   []time.Duration
	failed []string
}

// press sends a body to GraphQL again and again, until it is stopped.
func (p *program) press(body string) *pressure {
	l := &pressure{end: make(chan struct{})}
	client := &http.Client{Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: 100}}
	l.running.Go(func() {
		defer client.CloseIdleConnections()
		tick := time.NewTicker(aRequestEvery)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				l.running.Go(func() { l.ask(client, p.base+"/graphql", body) })
			case <-l.end:
				return
			}
		}
	})
	return l
}

func (l *pressure) ask(client *http.Client, url, body string) {
	start := time.Now()
	var text []byte
	resp, err := client.Post(url, "application/json", strings.NewReader(body))
	if err == nil {
		text, err = io.ReadAll(resp.Body)
		resp.Body.Close()
	}
	took := time.Since(start)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.took = append(l.took, took)
	switch {
	case err != nil:
		l.failed = append(l.failed, err.Error())
	case resp.StatusCode != http.StatusOK || !strings.HasPrefix(string(text), `{"data":{"courses":{"nodes":[{"title":`):
		l.failed = append(l.failed, resp.Status+" "+string(text))
	}
}

func (l *pressure) answered() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.took)
}

// stop returns, in order, how long requests took, and what became of those that failed.
func (l *pressure) stop() (took []time.Duration, failed []string) {
	close(l.end)
	l.running.Wait()
	slices.Sort(l.took)
	return l.took, l.failed
}
