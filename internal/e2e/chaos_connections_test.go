package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/7p-education/api/internal/cache/redistest"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/internal/testdb/pgbouncer"
)

// Slow statements occupy all connections of the pool: another program holds a lock. Requests wait for a connection, up
// to OPERATION_TIMEOUT, and the server stays ready.
func TestChaosPoolExhausted(t *testing.T) {
	chaosTest(t)
	const limit = 3 * time.Second
	dsn := testdb.NewWithDemo(t)
	s := serveChaos(t, dsn, "REDIS_URL="+redistest.StartServer(t).URL(), "DATABASE_MAX_CONNS=2", fmt.Sprintf("OPERATION_TIMEOUT=%s", limit))
	waits := s.metrics(t)[`sevenp_db_pool_waits_total{database="primary"}`]
	tx, err := testdb.OpenPool(t, dsn).Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "LOCK TABLE categories IN ACCESS EXCLUSIVE MODE"); err != nil {
		t.Fatal(err)
	}
	var waiting sync.WaitGroup
	end := make(chan struct{})
	for i := range 20 {
		waiting.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-end:
					return
				default:
					resp, err := sendPost(t.Context(), s.base, fmt.Sprintf(`{"query":"{ wait%dx%d: categories { name } }"}`, i, n), "")
					if !strings.Contains(resp, `"code":"`+unavailable+`"`) && !strings.HasPrefix(resp, `{"data":{`) {
						t.Errorf("%v %s", err, resp)
					}
				}
			}
		})
	}
	s.awaitMetric(t, time.Second, `sevenp_db_connections{database="primary",state="acquired"}`, 2)
	for range 3 {
		o := s.read(t)
		if o.took > limit+500*time.Millisecond || !o.isData() && o.Result(t).Codes() != unavailable {
			t.Errorf("a read: %s after %v", o, o.took)
		}
		t.Logf("a read: %s after %v", o.Result(t).Codes(), o.took.Round(time.Millisecond))
	}
	o := s.write(t)
	if o.took > limit+500*time.Millisecond || !o.isData() && o.Result(t).Codes() != unavailable {
		t.Errorf("a write: %s after %v", o, o.took)
	}
	s.awaitReadiness(t, 2*time.Second, http.StatusOK, `"database":"ok"`)
	if n := s.metrics(t)[`sevenp_db_pool_waits_total{database="primary"}`] - waits; n == 0 {
		t.Error("no request waited for a connection")
	}
	close(end)
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.awaitUse(t, 2*time.Second)
	waiting.Wait()
}

// PgBouncer is killed, and starts again later.
func TestChaosPoolerGone(t *testing.T) {
	chaosTest(t)
	direct := testdb.Direct(t, testdb.NewWithDemo(t))
	pooler, err := pgbouncer.Start(t.Context(), direct)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pooler.Stop() })
	through, err := pooler.Through(direct)
	if err != nil {
		t.Fatal(err)
	}
	s := serveChaos(t, through, "DIRECT_DATABASE_URL="+direct, "REDIS_URL="+redistest.StartServer(t).URL())
	pooler.Kill()
	s.read(t).expect(t, "a read", expected{codes: unavailable, most: 500 * time.Millisecond})
	s.write(t).expect(t, "a write", expected{codes: unavailable, most: 4 * time.Second})
	s.awaitReadiness(t, 3*time.Second, http.StatusServiceUnavailable, `"database":"failed"`)
	s.awaitMetric(t, 2*time.Second, "sevenp_invalidation_lease_held", 0)
	s.await(t, "msg", "invalidation poll failed; the response cache is bypassed")
	if err := pooler.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.awaitUse(t, 3*time.Second)
}
