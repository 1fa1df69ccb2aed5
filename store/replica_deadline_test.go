//go:build linux

package store_test

import (
	"testing"
	"time"

	"github.com/7p-education/api/store"
)

// slowRead is several times as long as a read may take until its replica is checked.
const slowRead = 250 * time.Millisecond

// testSlowReads checks that reads which take long stay on a replica that responds, which remains in use: one that waits
// for a connection of a full pool, and one that waits for a lock.
func testSlowReads(t *testing.T, r *replicated) {
	for name, slow := range map[string]func(*testing.T, *replicated){"pool": fillReplicaPool, "lock": lockUsers} {
		r.rename(t, "0")
		// A check that is late itself, because the machine is busy, takes the replica out, so that one read proves nothing.
		for attempt := 0; ; attempt++ {
			r.awaitReplica(t)
			x := r.Replicas()[0]
			slow(t, r)
			before, fallbacks, began := x.Stats().Reads, r.ReplicaFallbacks(store.FallbackError), time.Now()
			found := r.readName(t)
			took, served, failed := time.Since(began), x.Stats().Reads-before, r.ReplicaFallbacks(store.FallbackError)-fallbacks
			if found == "0" && served == 1 && failed == 0 && x.Stats().Cause == nil && took > slowRead/2 {
				break
			}
			if attempt == 9 {
				t.Fatalf("%s: read %q after %s; the replica served %d reads, %d fell back, cause %v", name, found, took, served, failed, x.Stats().Cause)
			}
		}
	}
}

// fillReplicaPool takes all connections of the replica for a while.
func fillReplicaPool(t *testing.T, r *replicated) {
	pool := r.Replicas()[0].Pool()
	for range pool.Config().MaxConns {
		conn, err := pool.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer time.AfterFunc(slowRead, conn.Release)
	}
}

// lockUsers locks the users on the replica, by the replay of a lock of the primary, for a while.
func lockUsers(t *testing.T, r *replicated) {
	tx, err := r.db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "LOCK users IN ACCESS EXCLUSIVE MODE"); err != nil {
		t.Fatal(err)
	}
	exec(t, r.db, "SELECT pg_logical_emit_message(true, '', '')") // a commit, which sends the lock to the replica
	r.replica.AwaitReplay(t)
	time.AfterFunc(slowRead, func() { _ = tx.Rollback(t.Context()) })
}
