//go:build linux

package e2e

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/7p-education/api/internal/testdb/standby"
)

// testReplicaOutage breaks the replica of two servers while one writes what the other reads: no read is stale, none
// fails, and the servers say why the replica serves no reads.
func testReplicaOutage(t *testing.T, cause string, detected time.Duration, begin, end func(*standby.Standby, testing.TB)) {
	const pairs = 80
	f := startReplicaFleet(t)
	s := &chaosServer{program: f.servers[0]}
	f.awaitReplica(t)
	before := f.fallbacks(t)
	check := func(description string, most time.Duration) {
		t.Helper()
		slices.Sort(f.durations)
		slowest := f.durations[len(f.durations)-1]
		t.Logf("%s: %d reads, p50 %v, slowest %v", description, len(f.durations), f.durations[len(f.durations)/2].Round(time.Microsecond), slowest.Round(time.Millisecond))
		if f.stale.Load() > 0 || f.failed.Load() > 0 || slowest > most {
			t.Errorf("%s: %d reads stale, %d failed, the slowest took %v, want at most %v", description, f.stale.Load(), f.failed.Load(), slowest, most)
		}
	}
	f.runPairs(t, 0, pairs, func(t testing.TB) { begin(f.replica, t) })
	check("while it begins", time.Second)
	s.awaitReadiness(t, detected, http.StatusOK, `"replica_1":"`+cause+`"`)
	if text := s.send(t, http.MethodGet, "/readyz", "").Text(); !strings.Contains(text, `"status":"degraded"`) {
		t.Errorf("/readyz: %s", text)
	}
	s.awaitMetric(t, time.Second, `sevenp_replica_up{database="replica_1"}`, 0)
	s.await(t, "msg", "replica out of use; its reads go to the primary")
	f.runPairs(t, pairs, pairs, func(testing.TB) {})
	check("later", time.Second)
	if n := f.fallbacks(t) - before; n == 0 {
		t.Error("no read went to the primary")
	}
	end(f.replica, t)
	began := time.Now()
	f.awaitReplica(t)
	took := time.Since(began)
	t.Logf("the replica is used again after %v", took.Round(time.Millisecond))
	if took > 2*time.Second {
		t.Errorf("the replica is used again after %v", took)
	}
	s.awaitReadiness(t, time.Second, http.StatusOK, `"status":"ok"`)
}

func TestChaosReplicaLags(t *testing.T) {
	chaosTest(t)
	testReplicaOutage(t, "lags", 15*time.Second, (*standby.Standby).Pause, (*standby.Standby).Resume) // REPLICA_MAX_LAG is 10 s
}

func TestChaosReplicaHangs(t *testing.T) {
	chaosTest(t)
	testReplicaOutage(t, "does not respond", 2*time.Second, (*standby.Standby).Hang, (*standby.Standby).Resume)
}

func TestChaosReplicaGone(t *testing.T) {
	chaosTest(t)
	testReplicaOutage(t, "unreachable", 2*time.Second, (*standby.Standby).Kill, (*standby.Standby).Restart)
}

func TestChaosReplicaPromoted(t *testing.T) {
	chaosTest(t)
	testReplicaOutage(t, "not a standby", 2*time.Second, (*standby.Standby).Promote, (*standby.Standby).Rebuild)
}
