//go:build linux

package e2e

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/7p-education/api/internal/cache/redistest"
	"github.com/7p-education/api/internal/gqltest"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/internal/testdb/standby"
	"github.com/7p-education/api/store"
)

// pairWorkers is how many pairs are in progress at a time. Each worker has a course of its own.
const pairWorkers = 4

// replicaFleet is two servers with a Redis, a primary and a replica.
type replicaFleet struct {
	servers [2]*program
	token   string
	replica *standby.Standby

	stale, failed atomic.Int64
	mu            sync.Mutex
	durations     []time.Duration // of the reads of a state
}

func startReplicaFleet(t *testing.T) *replicaFleet {
	t.Helper()
	primary, replica := standby.StartPair(t)
	db := testdb.OpenPool(t, primary)
	for _, sql := range []string{
		"INSERT INTO users (name, email, role) VALUES ('Ada', 'ada@b.example', 'instructor')",
		"INSERT INTO categories (name, slug) VALUES ('Arts', 'arts')",
		fmt.Sprintf(`INSERT INTO courses (title, slug, description, instructor_id, category_id, price, difficulty, published, published_at)
			SELECT 'Title 0.', 'course-' || i, 'About it.', 1, 1, 0, 'beginner', true, now() FROM generate_series(1, %d) i`, pairWorkers),
	} {
		if _, err := db.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	f := &replicaFleet{replica: replica}
	env := []string{"DATABASE_URL=" + primary, "READ_REPLICA_URL=" + replica.DSN, "REDIS_URL=" + redistest.StartServer(t).URL(), "JWT_SECRET=" + secret, "REPLICA_MAX_LAG=10s", "MAX_BATCH=2"}
	f.token = "Bearer " + strings.TrimSpace(mustRun7p(t, env, "token", "--email", "ada@b.example", "--ttl", "2h"))
	for i := range f.servers {
		f.servers[i] = serve7p(t, env...)
		f.servers[i].awaitReady(t)
	}
	return f
}

// runPair writes the title of a course on one server, and reads it on the other.
func (f *replicaFleet) runPair(t *testing.T, course int64, n int) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	title := fmt.Sprintf("Title %d.", n)
	write := gqltest.QueryBody(fmt.Sprintf(`mutation { updateCourse(input: {id: %q, title: %q}) { userErrors { code } } }`, globalID(course), title), nil)
	if resp, err := sendPost(ctx, f.servers[n%2].base, write, f.token); err != nil || resp != `{"data":{"updateCourse":{"userErrors":[]}}}` {
		f.failed.Add(1)
		t.Errorf("write: %v %s", err, resp)
		return
	}
	read := gqltest.QueryBody(fmt.Sprintf(`{ course(id: %q) { title instructor { name } } }`, globalID(course)), nil)
	if n/2%2 == 0 { // a batch is never cached
		read = "[" + read + "]"
	}
	began := time.Now()
	resp, err := sendPost(ctx, f.servers[(n+1)%2].base, read, "")
	took := time.Since(began)
	f.mu.Lock()
	f.durations = append(f.durations, took)
	f.mu.Unlock()
	switch {
	case err != nil || strings.Contains(resp, "errors"):
		f.failed.Add(1)
		t.Errorf("read: %v %s", err, resp)
	case !strings.Contains(resp, title):
		f.stale.Add(1)
		t.Errorf("stale: %s, want %q", resp, title)
	}
}

// sendPost returns the body of a response, or an error if the status is not 200.
func sendPost(ctx context.Context, base, body, authorization string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/graphql", strings.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/json")
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = errors.New(resp.Status)
	}
	return string(text), err
}

// runPairs runs pairs from a number on, while a state begins.
func (f *replicaFleet) runPairs(t *testing.T, first, pairs int, begin func(testing.TB)) {
	f.durations = nil
	var running sync.WaitGroup
	for worker := range pairWorkers {
		running.Go(func() {
			for n := first + worker; n < first+pairs; n += pairWorkers {
				f.runPair(t, int64(worker+1), n/pairWorkers*2+worker%2)
			}
		})
	}
	begin(t)
	running.Wait()
}

// sum returns the sum of a metric over the servers.
func (f *replicaFleet) sum(t *testing.T, name string) (total float64) {
	t.Helper()
	for _, p := range f.servers {
		total += p.metrics(t)[name]
	}
	return total
}

// fallbacks returns how many queries went to the primary.
func (f *replicaFleet) fallbacks(t *testing.T) (total float64) {
	t.Helper()
	for _, reason := range store.FallbackReasons {
		total += f.sum(t, `sevenp_replica_fallbacks_total{reason="`+reason.String()+`"}`)
	}
	return total
}

// awaitReplica waits until both servers use the replica.
func (f *replicaFleet) awaitReplica(t *testing.T) {
	t.Helper()
	f.servers[0].poll(t, "a replica in use", func() bool {
		return f.sum(t, `sevenp_replica_up{database="replica_1"}`) == 2 && f.sum(t, `sevenp_replica_lag_seconds{database="replica_1"}`) == 0
	})
}

// TestReplicaFreshness writes on one server and reads on the other, while the replica is paused, stopped, killed
// and promoted: no read is stale, and none fails. REPLICA_PAIRS is the number of writes.
func TestReplicaFreshness(t *testing.T) {
	t.Parallel()
	text := os.Getenv("REPLICA_PAIRS")
	if text == "" {
		t.Skip("takes minutes: make chaos-replica runs it")
	}
	pairs, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	f := startReplicaFleet(t)
	well := func(testing.TB) {}
	states := []struct {
		name       string
		begin, end func(testing.TB)
		readiness  string // of the replica in /readyz
	}{
		{"well", well, well, "ok"},
		{"paused", f.replica.Pause, f.replica.Resume, ""}, // later it lags
		{"resumed", well, well, "ok"},
		{"stopped", f.replica.Hang, f.replica.Resume, "does not respond"},
		{"killed", f.replica.Kill, f.replica.Restart, "unreachable"},
		{"promoted", f.replica.Promote, f.replica.Rebuild, "not a standby"},
	}
	next := 0
	for _, state := range states {
		f.awaitReplica(t)
		before := f.fallbacks(t)
		n := pairs / len(states) / pairWorkers * pairWorkers
		f.runPairs(t, next, n, state.begin)
		next += n
		share := (f.fallbacks(t) - before) / float64(n)
		slices.Sort(f.durations)
		at := func(share float64) time.Duration {
			return f.durations[int(share*float64(len(f.durations)-1))].Round(10 * time.Microsecond)
		}
		t.Logf("%-8s %5d pairs; %.1f %% of the queries on the primary; p50 %s, p99 %s, slowest %s", state.name, n, 100*share, at(0.5), at(0.99), at(1))
		if want := `"replica_1":"` + state.readiness + `"`; state.readiness != "" {
			f.servers[0].poll(t, want, func() bool {
				return strings.Contains(f.servers[0].send(t, "GET", "/readyz", "").Text(), want)
			})
		}
		if state.readiness == "ok" && share >= 0.1 {
			t.Errorf("%s: %.1f %% of the queries ran on the primary", state.name, 100*share)
		}
		state.end(t)
	}
	t.Logf("%d pairs: %d stale, %d failed", next, f.stale.Load(), f.failed.Load())
	for _, reason := range store.FallbackReasons {
		t.Logf("fallbacks because of %s: %.0f", reason, f.sum(t, `sevenp_replica_fallbacks_total{reason="`+reason.String()+`"}`))
	}
	t.Logf("fence misses: %.0f", f.sum(t, `sevenp_replica_fence_misses_total{database="replica_1"}`))
}
