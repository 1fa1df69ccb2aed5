// Package redistest runs real Redis servers for tests.
package redistest

import (
	"crypto/rand"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// NewKeyspace returns the URL of a Redis server and a key prefix that no other test uses. The server is
// the one at TEST_REDIS_URL, or one that is started for this test.
func NewKeyspace(t testing.TB) (url, prefix string) {
	t.Helper()
	prefix = "test:" + rand.Text() + ":"
	if url := os.Getenv("TEST_REDIS_URL"); url != "" {
		return url, prefix
	}
	return StartServer(t).URL(), prefix
}

// Server is the redis-server of one test, on a unix socket and without persistence. It is killed when
// the test ends.
type Server struct {
	t      testing.TB
	socket string
	cmd    *exec.Cmd
}

// StartServer starts a server and waits until it accepts connections.
func StartServer(t testing.TB) *Server {
	t.Helper()
	// t.TempDir contains the name of the test, which may be longer than the path of a socket can be.
	dir, err := os.MkdirTemp("", "7p-redis")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	s := &Server{t: t, socket: filepath.Join(dir, "redis.sock")}
	s.Restart()
	t.Cleanup(s.Kill)
	return s
}

// URL returns the URL of the server, which is the same after a restart.
func (s *Server) URL() string { return "unix://" + s.socket }

// Kill kills the server if it runs, and waits until the process has ended.
func (s *Server) Kill() {
	if s.cmd.ProcessState == nil {
		_ = s.cmd.Process.Kill()
		_ = s.cmd.Wait()
	}
}

// Restart starts the server again after Kill, without its data.
func (s *Server) Restart() {
	s.t.Helper()
	_ = os.Remove(s.socket)
	s.cmd = exec.Command("redis-server", "--port", "0", "--unixsocket", s.socket, "--save", "",
		"--dir", filepath.Dir(s.socket), "--logfile", filepath.Join(filepath.Dir(s.socket), "log"))
	if err := s.cmd.Start(); err != nil {
		s.t.Fatalf("start redis-server, which this test needs: %v", err)
	}
	poll := time.NewTicker(2 * time.Millisecond)
	defer poll.Stop()
	timeout := time.After(10 * time.Second)
	for {
		if conn, err := net.Dial("unix", s.socket); err == nil {
			_ = conn.Close()
			return
		}
		select {
		case <-poll.C:
		case <-timeout:
			s.t.Fatal("redis-server did not start in time")
		}
	}
}

// Pause suspends the server process: connections stay open and get no replies.
func (s *Server) Pause() { s.sendSignal(syscall.SIGSTOP) }

// Resume continues a suspended server process.
func (s *Server) Resume() { s.sendSignal(syscall.SIGCONT) }

// RunCommand sends a command, such as FLUSHALL, and returns the reply.
func (s *Server) RunCommand(args ...string) string {
	s.t.Helper()
	out, err := exec.Command("redis-cli", append([]string{"-s", s.socket}, args...)...).CombinedOutput()
	if err != nil {
		s.t.Fatalf("%q: %v: %s", args, err, out)
	}
	return string(out)
}

func (s *Server) sendSignal(sig os.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		s.t.Fatal(err)
	}
}

// DocumentedRights returns the rights of the user in the ACL SETUSER of docs/operations.md.
func DocumentedRights(t testing.TB, operations string) []string {
	t.Helper()
	text, err := os.ReadFile(operations)
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`(?m)^ACL SETUSER 7p on >\S+ (.*)$`).FindSubmatch(text)
	if line == nil {
		t.Fatalf("%s has no ACL SETUSER", operations)
	}
	return strings.Fields(string(line[1]))
}
