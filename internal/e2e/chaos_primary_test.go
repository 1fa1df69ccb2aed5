//go:build linux

package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/7p-education/api/internal/cache/redistest"
	"github.com/7p-education/api/internal/demo"
	"github.com/7p-education/api/internal/gqltest"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/internal/testdb/standby"
)

// startPrimary returns a promoted copy of a database with the demo data, whose processes a test can break.
func startPrimary(t *testing.T) *standby.Standby {
	t.Helper()
	original, primary := standby.StartPair(t)
	if err := demo.Load(t.Context(), testdb.OpenPool(t, original), demo.Options{Scale: demo.Small, Seed: 7, Now: testdb.Now}); err != nil {
		t.Fatal(err)
	}
	primary.AwaitReplay(t)
	primary.Promote(t)
	return primary
}

// servePrimary starts a server with a database of startPrimary and a Redis.
func servePrimary(t *testing.T, dsn string, env ...string) *chaosServer {
	t.Helper()
	return serveChaos(t, dsn, append(env, "REDIS_URL="+redistest.StartServer(t).URL())...)
}

const pollFailed = "invalidation poll failed; the response cache is bypassed"

// awaitUnavailable waits until a primary that does not respond is noticed: by readiness, by the lease, and by the
// check of an account.
func (s *chaosServer) awaitUnavailable(t *testing.T) {
	t.Helper()
	s.awaitReadiness(t, 4*time.Second, http.StatusServiceUnavailable, `"database":"failed"`)
	s.awaitMetric(t, 4*time.Second, "sevenp_invalidation_lease_held", 0)
	s.await(t, "msg", pollFailed)
	s.awaitWithin(t, 12*time.Second, "requests with a token get 503", func() bool { // the account is cached for 5 s
		return s.measure(t, whoAmI, s.bearer).Status == http.StatusServiceUnavailable
	})
}

// The primary is killed, and starts again later.
func TestChaosPrimaryGone(t *testing.T) {
	chaosTest(t)
	primary := startPrimary(t)
	s := servePrimary(t, primary.DSN)
	primary.Kill(t)
	s.write(t).expect(t, "a write", expected{codes: unavailable, most: 4 * time.Second})
	s.awaitUnavailable(t)
	s.read(t).expect(t, "a read", expected{codes: unavailable, most: 500 * time.Millisecond})
	s.readCached(t).expect(t, "a read that was cached", expected{codes: unavailable, most: 500 * time.Millisecond})
	s.write(t).expect(t, "a later write", expected{status: http.StatusServiceUnavailable, codes: unavailable, most: 4 * time.Second})
	primary.Restart(t)
	s.awaitUse(t, 3*time.Second)
	s.awaitDiscards(t, 1)
}

// countDiscards returns how often the log says that cached responses are discarded.
func (s *chaosServer) countDiscards() int {
	return strings.Count(s.stdout.String(), "database restored, failed over or restarted: cached responses are discarded")
}

// awaitDiscards waits until the log says for the nth time that cached responses are discarded.
func (s *chaosServer) awaitDiscards(t *testing.T, n int) {
	t.Helper()
	s.awaitWithin(t, 5*time.Second, fmt.Sprintf("cached responses are discarded %d times", n), func() bool { return s.countDiscards() >= n })
}

// The primary stops: its connections stay open, and nothing responds.
func TestChaosPrimaryHangs(t *testing.T) {
	chaosTest(t)
	const limit = 2 * time.Second
	primary := startPrimary(t)
	s := servePrimary(t, primary.DSN, "OPERATION_TIMEOUT="+limit.String())
	primary.Hang(t)
	s.read(t).expect(t, "a read", expected{codes: unavailable, least: limit - 100*time.Millisecond, most: limit + 500*time.Millisecond})
	s.awaitUnavailable(t)
	s.readCached(t).expect(t, "a read that was cached", expected{codes: unavailable, most: limit + 500*time.Millisecond})
	primary.Resume(t)
	s.awaitUse(t, 3*time.Second)
}

// The primary restarts under load, and then one of its processes is killed, after which PostgreSQL recovers.
func TestChaosPrimaryRestarts(t *testing.T) {
	chaosTest(t)
	primary := startPrimary(t)
	s := servePrimary(t, primary.DSN, "MAX_CONNECTIONS_PER_ADDRESS=5000")
	load := s.startLoad(gqltest.QueryBody("{ courses(first: 3) { nodes { title description } } }", nil))
	primary.Kill(t)
	primary.Restart(t)
	s.awaitUse(t, 5*time.Second)
	s.awaitDiscards(t, 1)
	before := s.countDiscards()
	killBackend(t, primary.DSN)
	s.awaitDiscards(t, before+1)
	s.awaitUse(t, 5*time.Second)
	load.expect(t, unavailable, 10*time.Second) // OPERATION_TIMEOUT
}

// killBackend kills a process of PostgreSQL that serves a connection.
func killBackend(t *testing.T, dsn string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	if err := syscall.Kill(int(conn.PgConn().PID()), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

// The primary accepts no writes.
func TestChaosPrimaryReadOnly(t *testing.T) {
	chaosTest(t)
	primary := startPrimary(t)
	s := servePrimary(t, primary.DSN)
	execSQL(t, primary.DSN, "ALTER SYSTEM SET default_transaction_read_only = on")
	execSQL(t, primary.DSN, "SELECT pg_reload_conf()")
	s.awaitReadiness(t, time.Second, http.StatusOK, `"causes":{"writes":"it is a standby, or default_transaction_read_only is on"}`)
	for range 3 {
		s.read(t).expect(t, "a read", expected{most: 500 * time.Millisecond})
		s.write(t).expect(t, "a write", expected{codes: unavailable, most: 2 * time.Second})
	}
	if o := s.write(t); !strings.Contains(o.Text(), "the database accepts no writes at the moment") {
		t.Errorf("%s", o)
	}
	if o := s.readCached(t); !isHit(o.Header.Get("Cache-Status")) {
		t.Errorf("Cache-Status: %s", o.Header.Get("Cache-Status"))
	}
	s.await(t, "msg", "GraphQL field unavailable")
	execSQL(t, primary.DSN, "ALTER SYSTEM RESET default_transaction_read_only")
	execSQL(t, primary.DSN, "SELECT pg_reload_conf()")
	s.awaitUse(t, 2*time.Second)
}

// The disk of the tables is full. It is a file system of its own, because a test must not fill that of the machine.
func TestChaosPrimaryDiskFull(t *testing.T) {
	chaosTest(t)
	primary := startPrimary(t)
	disk := mountDisk(t, primary.DSN)
	execSQL(t, primary.DSN, "CREATE TABLESPACE small LOCATION '"+disk+"'")
	config, err := pgx.ParseConfig(primary.DSN)
	if err != nil {
		t.Fatal(err)
	}
	execSQL(t, strings.Replace(primary.DSN, "/"+config.Database+"?", "/postgres?", 1), "ALTER DATABASE "+config.Database+" SET TABLESPACE small")
	s := servePrimary(t, primary.DSN)
	filler := filepath.Join(disk, "filler")
	fillDisk(t, filler)
	var failed outcome
	s.awaitWithin(t, 30*time.Second, "a write needs a new page", func() bool { failed = s.write(t); return !failed.isData() })
	failed.expect(t, "a write", expected{codes: unavailable, most: 2 * time.Second})
	s.await(t, "msg", "GraphQL field unavailable")
	s.read(t).expect(t, "a read", expected{most: 500 * time.Millisecond})
	s.awaitReadiness(t, time.Second, http.StatusOK, `"database":"ok"`)
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	s.awaitUse(t, 2*time.Second)
}

// mountDisk mounts a file system of 64 MiB, which PostgreSQL owns.
func mountDisk(t *testing.T, dsn string) string {
	t.Helper()
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(config.Host)
	if err != nil {
		t.Fatal(err)
	}
	dir := newDataDir(t)
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64m"); err != nil {
		t.Skipf("mounting a file system needs root: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	owned := filepath.Join(dir, "tables")
	owner := info.Sys().(*syscall.Stat_t)
	if err := os.Mkdir(owned, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(owned, int(owner.Uid), int(owner.Gid)); err != nil {
		t.Fatal(err)
	}
	return owned
}

// fillDisk writes a file until its file system is full.
func fillDisk(t *testing.T, path string) {
	t.Helper()
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	for zeros := make([]byte, 4096); ; {
		if _, err := file.Write(zeros); err != nil {
			return
		}
	}
}
