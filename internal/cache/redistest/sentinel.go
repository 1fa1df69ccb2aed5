package redistest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Sentinel is a Sentinel of one test with a master and a replica, which require the password "secret". The
// Sentinel has a user "app" with the password "hush".
type Sentinel struct {
	t              testing.TB
	port           string
	master         *exec.Cmd
	masterPort     string // of the current master
	sentinelRights string
}

// StartSentinel starts a master, a replica and a Sentinel whose user has rights. They are killed when the test ends.
func StartSentinel(t testing.TB, rights string) *Sentinel {
	t.Helper()
	s := &Sentinel{t: t, port: freePort(t), masterPort: freePort(t), sentinelRights: rights}
	options := []string{"--bind", "127.0.0.1", "--save", "", "--requirepass", "secret", "--masterauth", "secret", "--repl-diskless-sync-delay", "0"}
	s.master = s.start(append([]string{"redis-server", "--port", s.masterPort, "--dir", t.TempDir(), "--logfile", "log"}, options...)...)
	awaitPort(t, s.masterPort)
	replica := freePort(t)
	s.start(append([]string{"redis-server", "--port", replica, "--dir", t.TempDir(), "--logfile", "log", "--replicaof", "127.0.0.1 " + s.masterPort}, options...)...)
	awaitPort(t, replica)
	s.awaitReply(replica, "master_link_status:up", "-a", "secret", "INFO", "replication")
	config := filepath.Join(t.TempDir(), "sentinel.conf")
	if err := os.WriteFile(config, fmt.Appendf(nil, `bind 127.0.0.1
port %s
logfile log
sentinel monitor main 127.0.0.1 %s 1
sentinel auth-pass main secret
sentinel down-after-milliseconds main 300
sentinel failover-timeout main 2000
user app on >hush %s
`, s.port, s.masterPort, rights), 0o600); err != nil {
		t.Fatal(err)
	}
	s.start("redis-sentinel", config, "--dir", filepath.Dir(config))
	awaitPort(t, s.port)
	s.awaitReply(s.port, "num-slaves\n1\n", "SENTINEL", "MASTER", "main")
	return s
}

// URL returns the URL of the master that the Sentinel names.
func (s *Sentinel) URL() string {
	return "redis+sentinel://:secret@127.0.0.1:" + s.port + "/main/0?sentinel_username=app&sentinel_password=hush"
}

// KillMaster kills the first master, and waits until the Sentinel names another.
func (s *Sentinel) KillMaster() {
	s.t.Helper()
	_ = s.master.Process.Kill()
	_ = s.master.Wait()
	s.AwaitSwitch()
}

// FailOver makes the Sentinel replace the master, which continues as a replica.
func (s *Sentinel) FailOver() {
	s.t.Helper()
	// The Sentinel abandons a failover to a replica that does not follow yet.
	s.awaitSwitch(func() { s.runCommand(s.port, "SENTINEL", "FAILOVER", "main") })
}

// AwaitSwitch waits until the Sentinel names another master than before.
func (s *Sentinel) AwaitSwitch() {
	s.t.Helper()
	s.awaitSwitch(func() {})
}

func (s *Sentinel) awaitSwitch(failOver func()) {
	s.t.Helper()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for deadline := time.Now().Add(20 * time.Second); ; <-ticker.C {
		failOver()
		address := strings.Fields(s.runCommand(s.port, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", "main"))
		if len(address) == 2 && address[1] != s.masterPort {
			s.masterPort = address[1]
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatal("the Sentinel did not fail over")
		}
	}
}

// DeniedCommands returns what the Sentinel denied its user.
func (s *Sentinel) DeniedCommands() string {
	return strings.TrimSpace(s.runCommand(s.port, "ACL", "LOG"))
}

func (s *Sentinel) start(args ...string) *exec.Cmd {
	s.t.Helper()
	cmd := exec.Command(args[0], args[1:]...)
	if err := cmd.Start(); err != nil {
		s.t.Fatalf("start %s, which this test needs: %v", args[0], err)
	}
	s.t.Cleanup(func() {
		if cmd.ProcessState == nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	})
	return cmd
}

func (s *Sentinel) runCommand(port string, args ...string) string {
	out, _ := exec.Command("redis-cli", append([]string{"-p", port}, args...)...).Output()
	return string(out)
}

// awaitReply sends a command until the reply contains a text.
func (s *Sentinel) awaitReply(port, text string, args ...string) {
	s.t.Helper()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for deadline := time.Now().Add(20 * time.Second); !strings.Contains(strings.ReplaceAll(s.runCommand(port, args...), "\r", ""), text); <-ticker.C {
		if time.Now().After(deadline) {
			s.t.Fatalf("%q: %s", args, s.runCommand(port, args...))
		}
	}
}

// awaitPort waits until a port of this machine accepts connections.
func awaitPort(t testing.TB, port string) {
	t.Helper()
	ticker := time.NewTicker(2 * time.Millisecond)
	defer ticker.Stop()
	for deadline := time.Now().Add(20 * time.Second); ; <-ticker.C {
		if conn, err := net.Dial("tcp", "127.0.0.1:"+port); err == nil {
			_ = conn.Close()
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("nothing listens on port %s", port)
		}
	}
}
