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
