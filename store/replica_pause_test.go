package store_test

import (
	"slices"
	"testing"
	"time"

	"github.com/7p-education/api/store"
)

// A replica whose reads fail again and again is left alone for longer each time, until its reads succeed for a while.
func TestReplicaPauses(t *testing.T) {
	t.Parallel()
	got := store.ReplicaPauses(time.Second, 2*time.Second, 3*time.Second, 5*time.Second, 8*time.Second, 13*time.Second, 28*time.Second, 29*time.Second)
	want := []time.Duration{
		250 * time.Millisecond, 500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second, 4 * time.Second,
		0, // after ten seconds without a failure
		250 * time.Millisecond,
	}
	if !slices.Equal(got, want) {
		t.Errorf("pauses %v, want %v", got, want)
	}
}

// testFullReplicaPool checks that a read that waits for a connection of a full pool stays on the replica, which remains
// in use.
func testFullReplicaPool(t *testing.T, r *replicated) {
	r.rename(t, "0")
	r.awaitReplica(t)
	x := r.Replicas()[0]
	for range r.Replicas()[0].Pool().Config().MaxConns {
		conn, err := x.Pool().Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(150*time.Millisecond, conn.Release) // three times the deadline of a read
	}
	before, fallbacks := x.Stats().Reads, r.ReplicaFallbacks(store.FallbackError)
	if name := r.readName(t); name != "0" || x.Stats().Reads != before+1 || r.ReplicaFallbacks(store.FallbackError) != fallbacks || x.Stats().Cause != nil {
		t.Errorf("read %q; the replica served %d reads, %d fell back, cause %v", name, x.Stats().Reads-before, r.ReplicaFallbacks(store.FallbackError)-fallbacks, x.Stats().Cause)
	}
}
