package invalidation

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/7p-education/api/internal/cache"
	"github.com/7p-education/api/internal/cache/redistest"
)

// maxRecovery is how long a process may take to use a cluster again that is whole.
const maxRecovery = 2 * time.Second

// TestClusterFailover fails a cluster over, by hand and by killing a master, and checks that the log and the
// keys of all masters are used again soon after the cluster is whole.
func TestClusterFailover(t *testing.T) {
	t.Parallel()
	c := redistest.StartReplicatedCluster(t, 3)
	r, err := cache.OpenRedis(cache.RedisOptions{URL: c.URL(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	s := newStream(r, newIndex(Position{}), memoryRegistry{})
	use := func() error {
		if err := s.readNewEntries(); err != nil {
			return err
		}
		if err := s.appendEntry(entry{tags: []string{"course:1"}}); err != nil {
			return err
		}
		return writeToAllMasters(t.Context(), r)
	}
	awaitUse := func(what string) {
		t.Helper()
		start, err := time.Now(), error(nil)
		for deadline := start.Add(patience); ; time.Sleep(time.Millisecond) {
			if err = use(); err == nil {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s: %v", what, err)
			}
		}
		took := time.Since(start)
		t.Logf("%s: usable after %v", what, took)
		if took > maxRecovery {
			t.Errorf("%s: usable after %v, want %v at most", what, took, maxRecovery)
		}
	}
	awaitUse("at the start")
	writeInBackground(t, r)
	master := c.MasterOf(s.key)
	c.RunCommand(master+3, "CLUSTER", "FAILOVER")
	c.AwaitMaster(master + 3)
	awaitUse("after a failover by hand")
	c.Kill(master + 3)
	c.AwaitMaster(master)
	c.AwaitWhole()
	awaitUse("after the death of the master of the log")
	other := (master + 1) % 3
	c.Kill(other)
	c.AwaitMaster(other + 3)
	c.AwaitWhole()
	awaitUse("after the death of another master")
}

// writeToAllMasters writes keys of which each master of a cluster has some.
func writeToAllMasters(ctx context.Context, r *cache.Redis) error {
	for i := range 20 {
		if err := r.RunCommands(ctx, func(ctx context.Context, c redis.UniversalClient) error {
			return c.Set(ctx, fmt.Sprint("7p:key", i), "x", time.Minute).Err()
		}); err != nil {
			return err
		}
	}
	return nil
}

// writeInBackground writes until the test ends.
func writeInBackground(t *testing.T, r *cache.Redis) {
	var writer sync.WaitGroup
	t.Cleanup(writer.Wait) // t.Context has ended then
	writer.Go(func() {
		for t.Context().Err() == nil {
			_ = writeToAllMasters(t.Context(), r)
		}
	})
}
