package redistest

import (
	"fmt"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// ClusterURL starts a Redis Cluster of one node, which has all slots, and returns its URL. The node is
// killed when the test ends.
func ClusterURL(t testing.TB) string {
	t.Helper()
	return StartCluster(t, 1).URL()
}

// ClusterNodes is the Redis Cluster of one test.
type ClusterNodes struct {
	t     testing.TB
	ports []string
}

// slotCount is the number of hash slots of a cluster.
const slotCount = 16384

// StartCluster starts a Redis Cluster of n nodes with equal shares of the slots. They are killed when
// the test ends.
func StartCluster(t testing.TB, n int) *ClusterNodes {
	t.Helper()
	c := &ClusterNodes{t: t}
	var first []string // port and bus port of the first node
	for i := range n {
		port, bus := freePort(t), freePort(t)
		c.ports = append(c.ports, port)
		cmd := exec.Command("redis-server", "--bind", "127.0.0.1", "--port", port, "--cluster-port", bus,
			"--cluster-enabled", "yes", "--save", "", "--dir", t.TempDir(), "--logfile", "log")
		if err := cmd.Start(); err != nil {
			t.Fatalf("start redis-server, which this test needs: %v", err)
		}
		t.Cleanup(func() {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		})
		c.waitForReply(i, "cluster_enabled:1", "INFO", "cluster")
		c.RunCommand(i, "CLUSTER", "ADDSLOTSRANGE", strconv.Itoa(i*slotCount/n), strconv.Itoa((i+1)*slotCount/n-1))
		if i == 0 {
			first = []string{port, bus}
		} else {
			c.RunCommand(i, "CLUSTER", "MEET", "127.0.0.1", first[0], first[1])
		}
	}
	for i := range n {
		c.waitForReply(i, "cluster_state:ok", "CLUSTER", "INFO")
	}
	return c
}

// URL returns the URL of the cluster. A single node is named twice, because only a URL of several hosts
// means a cluster.
func (c *ClusterNodes) URL() string {
	return fmt.Sprintf("redis://127.0.0.1:%s,127.0.0.1:%s", c.ports[0], c.ports[len(c.ports)-1])
}

// NodeID returns the cluster's id of a node.
func (c *ClusterNodes) NodeID(node int) string {
	return strings.TrimSpace(c.RunCommand(node, "CLUSTER", "MYID"))
}

// RunCommand sends a command to a node and returns the reply.
func (c *ClusterNodes) RunCommand(node int, args ...string) string {
	out, _ := exec.Command("redis-cli", append([]string{"-p", c.ports[node]}, args...)...).CombinedOutput()
	return string(out)
}

// waitForReply sends a command to a node until the reply contains a text.
func (c *ClusterNodes) waitForReply(node int, text string, args ...string) {
	c.t.Helper()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for deadline := time.Now().Add(20 * time.Second); !strings.Contains(c.RunCommand(node, args...), text); {
		if time.Now().After(deadline) {
			c.t.Fatalf("cluster did not start: %s", c.RunCommand(node, args...))
		}
		<-ticker.C
	}
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
