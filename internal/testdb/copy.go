//go:build linux || darwin

package testdb

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/7p-education/api/internal/embedpg"
)

// StartCluster starts a cluster of the test's own, of which CopyCluster can make physical copies. It is
// stopped and removed when the test ends.
func StartCluster(t testing.TB) *embedpg.Server {
	t.Helper()
	return startIn(t, newClusterDir(t))
}

// CopyCluster starts a physical copy of a cluster: a standby of it, or with a restore point a cluster that
// is restored to that point from the WAL of the original, and promoted. prepare runs between the base
// backup and the start of the copy; nil for nothing.
func CopyCluster(t testing.TB, original *embedpg.Server, restorePoint string, prepare func()) *embedpg.Server {
	t.Helper()
	dir := newClusterDir(t)
	data := filepath.Join(dir, "data")
	args := []string{"--pgdata=" + data, "--dbname=" + original.DSNFor("postgres"), "--wal-method=stream", "--checkpoint=fast"}
	if restorePoint == "" {
		args = append(args, "--write-recovery-conf")
	}
	RunProgram(t, original.DSN(), "pg_basebackup", args...)
	if restorePoint != "" {
		settings := fmt.Sprintf("restore_command = 'cp %s/data/pg_wal/%%f %%p'\nrecovery_target_name = '%s'\nrecovery_target_action = 'promote'\n",
			original.Dir(), restorePoint)
		appendFile(t, filepath.Join(data, "postgresql.auto.conf"), settings)
		appendFile(t, filepath.Join(data, "recovery.signal"), "")
	}
	if prepare != nil {
		prepare()
	}
	chownLike(t, data, filepath.Join(original.Dir(), "data"))
	return startIn(t, dir)
}

// RunProgram runs a program of PostgreSQL's own, of the version of a server, such as pg_dump.
func RunProgram(t testing.TB, dsn, name string, args ...string) {
	t.Helper()
	if err := TryProgram(t, dsn, name, args...); err != nil {
		t.Fatal(err)
	}
}

// TryProgram is RunProgram for a program that may fail.
func TryProgram(t testing.TB, dsn, name string, args ...string) error {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), Direct(t, dsn))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	for i, arg := range args { // a program sets search_path for its session
		args[i] = strings.ReplaceAll(arg, dsn, Direct(t, dsn))
	}
	var dir string
	if err := conn.QueryRow(t.Context(), `SELECT setting FROM pg_config WHERE name = 'BINDIR'`).Scan(&dir); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), filepath.Join(dir, name), args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, out)
	}
	return nil
}

// RestoreInPlace restores a dump into the database that it was made of, over its tables. pg_restore
// before version 17 reports an error for the keys of partitions, which it drops with their parent.
func RestoreInPlace(t testing.TB, dsn, dump string) {
	t.Helper()
	err := TryProgram(t, dsn, "pg_restore", "--dbname="+dsn, "--clean", "--if-exists", dump)
	if err != nil && strings.Count(err.Error(), "ERROR:") != strings.Count(err.Error(), "cannot drop inherited constraint") {
		t.Fatal(err)
	}
}

func newClusterDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "7p-cluster-")
	if err == nil {
		t.Cleanup(func() { _ = os.RemoveAll(dir) })
		err = os.Chmod(dir, 0o755) // PostgreSQL may run as another account
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func startIn(t testing.TB, dir string) *embedpg.Server {
	t.Helper()
	s, err := embedpg.Start(t.Context(), embedpg.Options{Dir: dir, Database: "postgres"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Stop(context.Background()) })
	return s
}

func appendFile(t testing.TB, path, text string) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = file.WriteString(text)
		_ = file.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// chownLike gives a directory and all that it holds the owner of another directory.
func chownLike(t testing.TB, dir, model string) {
	t.Helper()
	info, err := os.Stat(model)
	if err != nil {
		t.Fatal(err)
	}
	owner := info.Sys().(*syscall.Stat_t)
	err = filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, int(owner.Uid), int(owner.Gid))
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Proxy is a TCP address whose connections lead to a server that the test can change, as the address of a
// failover does.
type Proxy struct {
	listener net.Listener

	mu     sync.Mutex
	target *pgx.ConnConfig
	conns  []net.Conn
}

// StartProxy starts a proxy to the server of a DSN. It ends with the test.
func StartProxy(t testing.TB, dsn string) *Proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{listener: listener}
	p.SwitchTo(t, dsn)
	t.Cleanup(func() { _ = listener.Close(); p.closeConns() })
	go p.acceptConns()
	return p
}

// DSN returns the DSN of the proxy.
func (p *Proxy) DSN() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return fmt.Sprintf("postgres://%s@%s/%s?sslmode=disable", p.target.User, p.listener.Addr(), p.target.Database)
}

// SwitchTo closes all connections and leads new ones to another server, to a database of the same name.
func (p *Proxy) SwitchTo(t testing.TB, dsn string) {
	t.Helper()
	target, err := pgx.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	p.mu.Lock()
	p.target = target
	p.mu.Unlock()
	p.closeConns()
}

func (p *Proxy) closeConns() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, conn := range p.conns {
		_ = conn.Close()
	}
	p.conns = nil
}

func (p *Proxy) acceptConns() {
	for {
		from, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.mu.Lock()
		network, address := pgconnAddress(p.target)
		to, err := net.Dial(network, address)
		if err == nil {
			p.conns = append(p.conns, from, to)
		}
		p.mu.Unlock()
		if err != nil {
			_ = from.Close()
			continue
		}
		go copyAndClose(from, to)
		go copyAndClose(to, from)
	}
}

func copyAndClose(to, from net.Conn) {
	_, _ = io.Copy(to, from)
	_ = to.Close()
}

func pgconnAddress(c *pgx.ConnConfig) (network, address string) {
	if filepath.IsAbs(c.Host) {
		return "unix", fmt.Sprintf("%s/.s.PGSQL.%d", c.Host, c.Port)
	}
	return "tcp", net.JoinHostPort(c.Host, fmt.Sprint(c.Port))
}
