package invalidation

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/7p-education/api/internal/cache/redistest"
)

// TestStreamMovesInCluster moves the log to another node of a cluster, to which connections
// exist already. The log loses its end on the way, as on a replica that was behind. A process
// that has not read that end detects the loss.
func TestStreamMovesInCluster(t *testing.T) {
	t.Parallel()
	c := redistest.StartCluster(t, 2)
	a, b := openStream(t, c.URL(), "7p:"), openStream(t, c.URL(), "7p:")
	a.mustRead(t)
	b.mustRead(t)
	slot := strings.TrimSpace(c.RunCommand(0, "CLUSTER", "KEYSLOT", a.key))
	from, to := 0, 1
	if strings.TrimSpace(c.RunCommand(1, "EXISTS", a.key)) == "1" {
		from, to = 1, 0
	}
	connectToAll(t, b)
	since := b.mustRead(t)
	before, err := b.readAllEntries()
	if err != nil {
		t.Fatal(err)
	}
	a.mustAdd(t, "course:1")
	c.RunCommand(from, "DEL", a.key, a.membersKey)                            // a node does not release a slot that has keys
	c.RunCommand(to, "CLUSTER", "SETSLOT", slot, "IMPORTING", c.NodeID(from)) // or the other node may take the slot back
	for _, node := range []int{to, from} {
		if got := c.RunCommand(node, "CLUSTER", "SETSLOT", slot, "NODE", c.NodeID(to)); !strings.Contains(got, "OK") {
			t.Fatal(got)
		}
	}
	for _, e := range before {
		c.RunCommand(to, "XADD", a.key, e.id, fieldEpoch, e.epoch, fieldTags, e.tags, fieldIDs, e.changeIDs)
		c.RunCommand(to, "HSET", a.membersKey, epochField, e.epoch)
	}
	for deadline := time.Now().Add(patience); ; {
		err := b.readNewEntries()
		if err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the log cannot be read after its move: %v", err)
		}
	}
	if isValid(b, since, "course:1") {
		t.Error("a changed tag counts as valid")
	}
}

// connectToAll opens three connections to each node: more than are used at a time.
func connectToAll(t *testing.T, s *stream) {
	t.Helper()
	if err := s.redis.RunCommands(t.Context(), func(ctx context.Context, c redis.UniversalClient) error {
		return c.(*redis.ClusterClient).ForEachMaster(ctx, func(ctx context.Context, c *redis.Client) error {
			for range 3 {
				conn := c.Conn()
				defer func() { _ = conn.Close() }()
				if err := conn.Ping(ctx).Err(); err != nil {
					return err
				}
			}
			return nil
		})
	}); err != nil {
		t.Fatal(err)
	}
}
