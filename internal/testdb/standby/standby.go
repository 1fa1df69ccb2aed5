//go:build linux

// Package standby runs streaming replicas for tests: real PostgreSQL servers that are copied from a primary
// of this machine with pg_basebackup. A test can pause their replay, stop their processes, kill them and
// promote them.
package standby

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/internal/embedpg"
	"github.com/7p-education/api/migrations"
)

// patience is how long a server may take to start, or to change its state.
const patience = 30 * time.Second

// Standby is a streaming replica. Its methods fail the test after an error. They are not safe for concurrent
// use.
type Standby struct {
	// DSN is the address of the primary's database on the replica. It stays the same after a restart.
	DSN string

	primary  string
	programs string // directory
	dir      string
	owner    *syscall.Credential // nil for this process's own account
	process  *os.Process
	exited   <-chan struct{}
	stopped  bool // by Hang
}

// StartPair starts a primary of the test's own, with the schema and without data, and a replica of it. The
// primary flushes commits before it acknowledges them, as in production.
func StartPair(t testing.TB) (primary string, s *Standby) {
	t.Helper()
	server, err := embedpg.Start(t.Context(), embedpg.Options{Ephemeral: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		_ = server.Stop(ctx)
	})
	pool, err := pgxpool.New(t.Context(), server.DSN())
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	if _, err := migrations.ApplyPending(t.Context(), pool); err != nil {
		t.Fatal(err)
	}
	if _, err := pool.Exec(t.Context(), "ALTER DATABASE edu SET synchronous_commit = on"); err != nil {
		t.Fatal(err)
	}
	return server.DSN(), Start(t, server.DSN())
}

// Start copies the server of a DSN, which is on a Unix socket, and starts the copy as its replica. The
// replica ends with the test, or with the process.
func Start(t testing.TB, primary string) *Standby {
	t.Helper()
	config, err := pgx.ParseConfig(primary)
	if err != nil {
		t.Fatal(err)
	}
	s := &Standby{primary: primary, programs: findPrograms(t, primary)}
	info, err := os.Stat(config.Host)
	if err != nil {
		t.Fatalf("the socket of the primary: %v", err)
	}
	if owner := info.Sys().(*syscall.Stat_t); os.Geteuid() == 0 && owner.Uid != 0 {
		s.owner = &syscall.Credential{Uid: owner.Uid, Gid: owner.Gid}
	}
	if s.dir, err = os.MkdirTemp("", "7p-standby-"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(s.dir) })
	if s.owner != nil {
		if err := os.Chown(s.dir, int(s.owner.Uid), int(s.owner.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	s.DSN = fmt.Sprintf("postgres://postgres@/%s?host=%s&port=%d", config.Database, s.dir, port)
	s.copyPrimary(t)
	t.Cleanup(func() { s.kill() })
	s.Restart(t)
	return s
}

// port names the socket file.
const port = 5432

// copyPrimary replaces the data directory by a new copy of the primary's.
func (s *Standby) copyPrimary(t testing.TB) {
	t.Helper()
	cmd := s.command(t, "pg_basebackup", "--dbname="+s.primary, "--pgdata=data", "--write-recovery-conf", "--wal-method=stream", "--checkpoint=fast", "--no-sync")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("pg_basebackup: %v: %s", err, out)
	}
}

func (s *Standby) command(t testing.TB, name string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(filepath.Join(s.programs, name), args...)
	cmd.Dir = s.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.owner, Pdeathsig: syscall.SIGQUIT}
	return cmd
}

// findPrograms returns the directory of the programs of the primary's version.
func findPrograms(t testing.TB, primary string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), primary)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	var major int
	if err := conn.QueryRow(t.Context(), "SELECT current_setting('server_version_num')::int / 10000").Scan(&major); err != nil {
		t.Fatal(err)
	}
	if dir := fmt.Sprintf("/usr/lib/postgresql/%d/bin", major); exists(dir) {
		return dir
	}
	path, err := exec.LookPath("pg_basebackup")
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Dir(path)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// Restart starts the replica after Kill, and waits until it accepts connections.
func (s *Standby) Restart(t testing.TB) {
	t.Helper()
	args := []string{"-D", "data"}
	for _, setting := range []string{
		"listen_addresses=", "port=" + strconv.Itoa(port), "unix_socket_directories=" + s.dir, "max_connections=400", "shared_buffers=64MB",
		"fsync=off", "dynamic_shared_memory_type=mmap", "wal_retrieve_retry_interval=100ms", "max_parallel_workers_per_gather=0",
	} {
		args = append(args, "-c", setting)
	}
	cmd := s.command(t, "postgres", args...)
	log, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	started, exited := make(chan error, 1), make(chan struct{})
	go func() {
		runtime.LockOSThread() // Linux sends Pdeathsig when the thread ends that forked
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait()
		}
		close(exited)
	}()
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	s.process, s.exited = cmd.Process, exited
	s.await(t, "accepts connections", "SELECT true")
}

// await waits until a query returns true.
func (s *Standby) await(t testing.TB, state, query string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		var done bool
		err := s.run(ctx, query, &done)
		if err == nil && done {
			return
		}
		select {
		case <-s.exited:
			log, _ := os.ReadFile(filepath.Join(s.dir, "log"))
			t.Fatalf("the replica has exited: %s", log)
		case <-ctx.Done():
			t.Fatalf("the replica does not reach the state: %s: %v", state, err)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// PID returns the process id of the replica's postmaster.
func (s *Standby) PID() int { return s.process.Pid }

// run sends a query on a connection of its own.
func (s *Standby) run(ctx context.Context, query string, into ...any) error {
	conn, err := pgx.Connect(ctx, s.DSN)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	return conn.QueryRow(ctx, query).Scan(into...)
}

// Pause pauses the replay. The replica still receives the primary's changes, and serves reads without them.
func (s *Standby) Pause(t testing.TB) {
	t.Helper()
	s.await(t, "paused", "SELECT pg_get_wal_replay_pause_state() = 'paused' FROM pg_wal_replay_pause()")
}

// Resume ends Pause, or Hang.
func (s *Standby) Resume(t testing.TB) {
	t.Helper()
	if s.stopped {
		s.signalAll(syscall.SIGCONT)
		s.stopped = false
		return
	}
	s.await(t, "resumed", "SELECT pg_get_wal_replay_pause_state() = 'not paused' FROM pg_wal_replay_resume()")
}

// AwaitReplay waits until the replica has replayed everything that the primary has written.
func (s *Standby) AwaitReplay(t testing.TB) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.primary)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	var end string
	if err := conn.QueryRow(t.Context(), "SELECT pg_current_wal_flush_lsn()::text").Scan(&end); err != nil {
		t.Fatal(err)
	}
	s.await(t, "replayed "+end, fmt.Sprintf("SELECT pg_last_wal_replay_lsn() >= '%s'::pg_lsn", end))
}

// Hang stops all processes of the replica: connections stay open, and nothing responds.
func (s *Standby) Hang(t testing.TB) {
	t.Helper()
	s.signalAll(syscall.SIGSTOP)
	s.stopped = true
}

// Kill ends all processes of the replica at once.
func (s *Standby) Kill(t testing.TB) {
	t.Helper()
	s.kill()
}

func (s *Standby) kill() {
	if s.process == nil {
		return
	}
	s.signalAll(syscall.SIGKILL)
	<-s.exited
	s.process, s.stopped = nil, false
}

// Promote makes the replica a primary of its own, which no longer follows the primary.
func (s *Standby) Promote(t testing.TB) {
	t.Helper()
	s.await(t, "promoted", "SELECT pg_promote()")
}

// Rebuild replaces the replica, in any state, by a new copy of the primary at the same address.
func (s *Standby) Rebuild(t testing.TB) {
	t.Helper()
	s.kill()
	if err := os.RemoveAll(filepath.Join(s.dir, "data")); err != nil {
		t.Fatal(err)
	}
	s.copyPrimary(t)
	s.Restart(t)
}

// signalAll sends a signal to the server and to its children, which have process groups of their own. The
// server is first, so that it starts no child meanwhile.
func (s *Standby) signalAll(sig syscall.Signal) {
	pid := s.process.Pid
	children, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	_ = syscall.Kill(pid, sig)
	if again, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid)); err == nil && len(again) > 0 {
		children = again
	}
	for child := range strings.FieldsSeq(string(children)) {
		if n, err := strconv.Atoi(child); err == nil {
			_ = syscall.Kill(n, sig)
		}
	}
}
