//go:build linux

package store_test

import (
	"context"
	"log/slog"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/invalidation"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/internal/testdb/standby"
	"github.com/7p-education/api/store"
)

// replicated is a store with a replica, and the log of its changes.
type replicated struct {
	*store.Store
	log     *invalidation.Log
	db      *pgxpool.Pool // the primary
	primary string
	replica *standby.Standby
}

// openReplicated opens a store with a replica that is ready. The user 1 is on the primary.
func openReplicated(t *testing.T, c store.Config) *replicated {
	t.Helper()
	primary, replica := standby.StartPair(t)
	log := invalidation.New(nil, slog.New(slog.DiscardHandler))
	c.URL, c.ReplicaURLs, c.ChangeLog, c.PublishChanges, c.MaxConns = primary, []string{replica.DSN}, log, log.Publish, 8
	r := &replicated{Store: open(t, c), log: log, db: testdb.OpenPool(t, primary), primary: primary, replica: replica}
	var polling sync.WaitGroup
	ctx, stop := context.WithCancel(context.Background())
	polling.Go(func() { log.PollDatabase(ctx, r.Store) })
	t.Cleanup(func() { stop(); polling.Wait() })
	exec(t, r.db, "INSERT INTO users (name, email) VALUES ('0', 'a@b.example')")
	r.awaitReplica(t)
	return r
}

// awaitReplica waits until the replica serves a read.
func (r *replicated) awaitReplica(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; {
		before := r.Replicas()[0].Stats().Reads
		if r.readName(t); r.Replicas()[0].Stats().Reads > before {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the replica serves no reads: %+v", r.Replicas()[0].Stats())
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// readName reads the name of the user 1 in an operation of its own.
func (r *replicated) readName(t *testing.T) (name string) {
	t.Helper()
	err := r.AtCurrentPosition().RunQueries(t.Context(), store.UsersByID([]int64{1}, edu.UserName, func(u *edu.User) { name += u.Name }))
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// rename writes a name, which it publishes.
func (r *replicated) rename(t *testing.T, name string) {
	t.Helper()
	err := r.WriteInTx(t.Context(), func(tx *store.Tx) error {
		return tx.Commit(t.Context(), store.Statement("UPDATE users SET name = $1 WHERE id = 1", name))
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestReplicaStates writes and reads while the replica is paused, stopped, killed and promoted. Each read has
// the last write, and none fails or waits for long.
func TestReplicaStates(t *testing.T) {
	t.Parallel()
	r := openReplicated(t, store.Config{ReplicaMaxLag: time.Minute})
	x := r.Replicas()[0]
	writes := 0
	pairs := func(n int, limit time.Duration) (slowest time.Duration) {
		t.Helper()
		for range n {
			writes++
			name := strconv.Itoa(writes)
			r.rename(t, name)
			began := time.Now()
			if got := r.readName(t); got != name {
				t.Fatalf("read %q after the write of %q", got, name)
			}
			slowest = max(slowest, time.Since(began))
		}
		if slowest > limit {
			t.Errorf("the slowest read took %s, want at most %s", slowest, limit)
		}
		return slowest
	}
	before, fallbacks := x.Stats(), r.PrimaryReads()
	pairs(200, time.Second)
	if served := x.Stats().Reads - before.Reads; served < 180 {
		t.Errorf("the replica served %d of 200 reads, and the primary %d", served, r.PrimaryReads()-fallbacks)
	}
	for _, state := range []struct {
		name       string
		begin, end func(testing.TB)
		cause      string // in the end; "" if the replica stays in use
	}{
		{"paused", r.replica.Pause, r.replica.Resume, ""},
		{"stopped", r.replica.Hang, r.replica.Resume, "does not respond"},
		{"killed", r.replica.Kill, r.replica.Restart, "unreachable"},
		{"promoted", r.replica.Promote, r.replica.Rebuild, "not a standby"},
	} {
		began := time.Now()
		state.begin(t)
		pairs(30, 2*time.Second)
		for deadline := time.Now().Add(10 * time.Second); state.cause != "" && causeOf(x) != state.cause; {
			if time.Now().After(deadline) {
				t.Fatalf("%s: the cause is %q, want %q: %v", state.name, causeOf(x), state.cause, x.Stats().Cause)
			}
			time.Sleep(5 * time.Millisecond)
		}
		if slowest := pairs(30, time.Second); slowest > 0 {
			t.Logf("%s: the slowest of 30 reads took %s", state.name, slowest)
		}
		if lag := x.Stats().Lag; state.cause == "" && lag <= 0 {
			t.Errorf("%s: the lag is %s", state.name, lag)
		}
		state.end(t)
		r.awaitReplica(t)
		pairs(10, time.Second)
		t.Logf("%s: %s in all", state.name, time.Since(began).Round(time.Millisecond))
	}
}

// causeOf returns why a replica serves no reads, "" if it does.
func causeOf(x *store.Replica) string {
	if cause := x.Stats().Cause; cause != nil {
		return store.ReplicaCause(cause)
	}
	return ""
}
