package e2e

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/7p-education/api/internal/cache/redistest"
	"github.com/7p-education/api/internal/gqltest"
	"github.com/7p-education/api/internal/testdb"
)

// limited are settings with which each request uses Redis for its rate limit.
var limited = []string{"RATE_LIMIT=100000/1m", "RATE_LIMIT_COST=10000000/1h", "RATE_LIMIT_SLOWDOWN=off"}

const redisUnavailable = "Redis unavailable: persisted queries and rate limits are per process, and the response cache is bypassed, until it returns"

// testRedisOutage breaks Redis under load: no read fails, writes take a second longer, the cause is public, and all is
// as before within 2 s after the end.
func testRedisOutage(t *testing.T, redis *redistest.Server, cause string, begin, end func()) {
	s := serveChaos(t, testdb.NewWithDemo(t), append(limited, "REDIS_URL="+redis.URL())...)
	load := s.startLoad(gqltest.QueryBody(titles, nil))
	begin()
	s.read(t).expect(t, "the first read", expected{most: time.Second})
	s.awaitMetric(t, 2*time.Second, "sevenp_redis_breaker_open", 1)
	if line := s.await(t, "msg", redisUnavailable); !strings.HasPrefix(line["cause"].(string), cause) {
		t.Errorf("log: %v", line)
	}
	s.awaitReadiness(t, 2*time.Second, http.StatusOK, `"causes":{"redis":"`+cause)
	s.awaitMetric(t, 2*time.Second, "sevenp_invalidation_lease_held", 0)
	for range 5 {
		o := s.readCached(t)
		if o.expect(t, "a read", expected{most: 500 * time.Millisecond}); !strings.Contains(o.Header.Get("Cache-Status"), "detail=invalidation-unavailable") {
			t.Errorf("Cache-Status: %s", o.Header.Get("Cache-Status"))
		}
	}
	s.write(t).expect(t, "a write", expected{least: 900 * time.Millisecond, most: 2 * time.Second})
	end()
	s.awaitUse(t, 2*time.Second)
	load.expect(t, "", 2*time.Second)
}

func TestChaosRedisRefused(t *testing.T) {
	chaosTest(t)
	redis := redistest.StartServer(t)
	testRedisOutage(t, redis, "no connection", redis.Kill, redis.Restart)
}

func TestChaosRedisHangs(t *testing.T) {
	chaosTest(t)
	redis := redistest.StartServer(t)
	testRedisOutage(t, redis, "no reply in time", redis.Pause, redis.Resume)
}

func TestChaosRedisReadOnly(t *testing.T) {
	chaosTest(t)
	redis := redistest.StartServer(t)
	testRedisOutage(t, redis, "read-only", func() { redis.RunCommand("REPLICAOF", "127.0.0.1", "1") }, func() { redis.RunCommand("REPLICAOF", "NO", "ONE") })
}

func TestChaosRedisFull(t *testing.T) {
	chaosTest(t)
	redis := redistest.StartServer(t)
	testRedisOutage(t, redis, "out of memory", func() { redis.RunCommand("CONFIG", "SET", "maxmemory", "1") }, func() { redis.RunCommand("CONFIG", "SET", "maxmemory", "0") })
}

// A Sentinel replaces the master of Redis under load: no read fails, and the new master is used within 2 s after the
// Sentinel names it.
func TestChaosRedisFailsOver(t *testing.T) {
	chaosTest(t)
	rights := regexp.MustCompile("A user of the Sentinels needs `([^`]+)`").FindStringSubmatch(readFile(t, "../../docs/operations.md"))
	sentinel := redistest.StartSentinel(t, rights[1])
	s := serveChaos(t, testdb.NewWithDemo(t), append(limited, "REDIS_URL="+sentinel.URL())...)
	load := s.startLoad(gqltest.QueryBody(titles, nil))
	sentinel.KillMaster()
	s.awaitUse(t, 3*time.Second)
	s.await(t, "msg", redisUnavailable)
	s.awaitMetric(t, time.Second, "sevenp_redis_breaker_open", 0)
	load.expect(t, "", 2*time.Second)
}
