package e2e

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/7p-education/api/internal/cache/redistest"
	"github.com/7p-education/api/internal/testdb"
)

// A server is stopped while it serves cached responses. A write on another waits until its read lease has ended, and
// when it continues it returns no response from before the write.
func TestChaosServerStopped(t *testing.T) {
	chaosTest(t)
	dsn, redis := testdb.NewWithDemo(t), redistest.StartServer(t).URL()
	s, stopped := serveChaos(t, dsn, "REDIS_URL="+redis), serveChaos(t, dsn, "REDIS_URL="+redis)
	text := fmt.Sprintf("{ course(id: %q) { title } }", s.course)
	for range 3 {
		stopped.poll(t, "a cached response", func() bool {
			return isHit(stopped.measure(t, text).Header.Get("Cache-Status"))
		})
		stopped.sendSignal(t, syscall.SIGSTOP)
		s.write(t).expect(t, "a write", expected{most: time.Second})
		s.write(t).expect(t, "the next write", expected{most: 500 * time.Millisecond})
		stopped.sendSignal(t, syscall.SIGCONT)
		if o := stopped.measure(t, text); !strings.Contains(o.Text(), fmt.Sprintf("Version %d", s.sent)) {
			t.Errorf("the stopped server returned %s, want version %d, %s", o.Text(), s.sent, o.Header.Get("Cache-Status"))
		}
	}
}
