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

// ClusterNodes is the Redis Cluster of one test. A node is named by its index.
type ClusterNodes struct {
	t     testing.TB
	ports []string
	cmds  []*exec.Cmd
}

const (
	// slotCount is the number of hash slots of a cluster.
	slotCount = 16384
	// replicatedNodeTimeout is how long a node with a replica is away before the others elect the replica, in milliseconds.
	replicatedNodeTimeout = "500"
)

// StartCluster starts a Redis Cluster of n nodes with equal shares of the slots. They are killed when
// the test ends.
func StartCluster(t testing.TB, n int) *ClusterNodes {
	t.Helper()
	c := &ClusterNodes{t: t}
	c.startNodes(n)
	for i := range n {
		c.RunCommand(i, "CLUSTER", "ADDSLOTSRANGE", strconv.Itoa(i*slotCount/n), strconv.Itoa((i+1)*slotCount/n-1))
	}
	c.AwaitWhole()
	return c
}

// StartReplicatedCluster starts a Redis Cluster of n masters, which are the first nodes, and a replica of each.
func StartReplicatedCluster(t testing.TB, n int) *ClusterNodes {
	t.Helper()
	c := &ClusterNodes{t: t}
	c.startNodes(2*n, "--cluster-node-timeout", replicatedNodeTimeout, "--repl-diskless-sync-delay", "0")
	for i := range n {
		c.RunCommand(i, "CLUSTER", "ADDSLOTSRANGE", strconv.Itoa(i*slotCount/n), strconv.Itoa((i+1)*slotCount/n-1))
	}
	c.AwaitWhole()
	for i := range n {
		master := c.NodeID(i)
		c.waitForReply(n+i, master, "CLUSTER", "NODES")
		c.RunCommand(n+i, "CLUSTER", "REPLICATE", master)
	}
	for i := range n {
		c.waitForReply(n+i, "master_link_status:up", "INFO", "replication")
		for node := range c.ports { // each node knows the replica
			c.waitForReply(node, c.NodeID(n+i), "CLUSTER", "REPLICAS", c.NodeID(i))
		}
	}
	return c
}

// startNodes starts nodes that know each other and have no slots.
func (c *ClusterNodes) startNodes(n int, options ...string) {
	c.t.Helper()
	var buses []string
	for i := range n {
		port, bus := freePort(c.t), freePort(c.t)
		cmd := exec.Command("redis-server", "--bind", "127.0.0.1", "--port", port, "--cluster-port", bus,
			"--cluster-enabled", "yes", "--save", "", "--dir", c.t.TempDir(), "--logfile", "log")
		cmd.Args = append(cmd.Args, options...)
		if err := cmd.Start(); err != nil {
			c.t.Fatalf("start redis-server, which this test needs: %v", err)
		}
		c.ports, c.cmds = append(c.ports, port), append(c.cmds, cmd)
		c.t.Cleanup(func() { c.Kill(i) })
		c.waitForReply(i, "cluster_enabled:1", "INFO", "cluster")
		for j, earlier := range buses {
			c.RunCommand(i, "CLUSTER", "MEET", "127.0.0.1", c.ports[j], earlier)
		}
		buses = append(buses, bus)
	}
}

// Kill kills a node if it runs, and waits until the process has ended.
func (c *ClusterNodes) Kill(node int) {
	if c.cmds[node].ProcessState == nil {
		_ = c.cmds[node].Process.Kill()
		_ = c.cmds[node].Wait()
	}
}

// AwaitMaster waits until a node is a master.
func (c *ClusterNodes) AwaitMaster(node int) {
	c.t.Helper()
	c.waitForReply(node, "role:master", "INFO", "replication")
}

// AwaitWhole waits until all nodes that run know a master of each slot.
func (c *ClusterNodes) AwaitWhole() {
	c.t.Helper()
	for node, cmd := range c.cmds {
		if cmd.ProcessState == nil {
			c.waitForReply(node, "cluster_state:ok", "CLUSTER", "INFO")
			c.waitForReply(node, "cluster_slots_ok:16384", "CLUSTER", "INFO")
		}
	}
}

// MasterOf returns the running master of a key.
func (c *ClusterNodes) MasterOf(key string) int {
	c.t.Helper()
	for node, cmd := range c.cmds {
		if cmd.ProcessState == nil && strings.Contains(c.RunCommand(node, "INFO", "replication"), "role:master") &&
			!strings.Contains(c.RunCommand(node, "EXISTS", key), "MOVED") {
			return node
		}
	}
	c.t.Fatalf("no master has the key %s", key)
	return 0
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
			c.t.Fatalf("cluster is not ready: %s", c.RunCommand(node, args...))
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
