package redistest

import (
	"fmt"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// Cluster starts a Redis Cluster of one node, which has all slots, and returns its URL.
// It is killed when the test ends.
func Cluster(t testing.TB) string {
	t.Helper()
	port, bus := freePort(t), freePort(t)
	cmd := exec.Command("redis-server", "--bind", "127.0.0.1", "--port", port, "--cluster-port", bus,
		"--cluster-enabled", "yes", "--save", "", "--dir", t.TempDir(), "--logfile", "log")
	if err := cmd.Start(); err != nil {
		t.Fatalf("this test needs redis-server: %v", err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	cli := func(args ...string) string {
		out, _ := exec.Command("redis-cli", append([]string{"-p", port}, args...)...).CombinedOutput()
		return string(out)
	}
	for deadline := time.Now().Add(20 * time.Second); !strings.Contains(cli("CLUSTER", "INFO"), "cluster_state:ok"); {
		cli("CLUSTER", "ADDSLOTSRANGE", "0", "16383")
		if time.Now().After(deadline) {
			t.Fatalf("the cluster does not start: %s", cli("CLUSTER", "INFO"))
		}
	}
	return fmt.Sprintf("redis://127.0.0.1:%[1]s,127.0.0.1:%[1]s", port)
}

func freePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}
