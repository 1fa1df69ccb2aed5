package store

import (
	"context"
	"time"

	"github.com/7p-education/api/edu"
)

const (
	// lockTimeout is how long a statement waits for a lock: longer than any write of
	// ours holds one, and short enough that a row that someone else keeps locked
	// does not use up the connections of everybody.
	lockTimeout = 2 * time.Second
	// slotTimeout is how long a write waits for its turn at a connection.
	slotTimeout = 2 * time.Second
)

// newWriteLimits bound how many of a pool's connections are lent to what may have to wait:
// three quarters to writes, so that some are always left for reads; half to those
// with a key, which hold theirs from the first statement to the last; a quarter to
// those of them that also hash a password meanwhile.
func newWriteLimits(conns int32) (writes, idempotent, hashing chan struct{}) {
	share := func(quarters int32) chan struct{} { return make(chan struct{}, max(1, quarters*conns/4)) }
	return share(3), share(2), share(1)
}

// acquireSlot takes a turn, which leave gives back, or tells that there was none in time.
func acquireSlot(ctx context.Context, slots chan struct{}) (release func(), err error) {
	timeout := time.NewTimer(slotTimeout)
	defer timeout.Stop()
	select {
	case slots <- struct{}{}:
		return func() { <-slots }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-timeout.C:
		return nil, edu.Errorf(edu.Unavailable, "too many are writing just now; try again")
	}
}
