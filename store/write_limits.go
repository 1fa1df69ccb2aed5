package store

import (
	"context"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/7p-education/api/edu"
)

const (
	// lockTimeout limits how long a statement waits for a lock. It is longer than the server's own
	// writes hold one, and short enough that a row locked by another client does not use up the
	// connections of the pool.
	lockTimeout = 2 * time.Second
	// slotTimeout limits how long a write waits for a slot.
	slotTimeout = 2 * time.Second
)

// newWriteLimits returns semaphores that limit the connections of a pool that may have to wait:
//
//   - three quarters for writes, so that some are always left for reads
//   - half for idempotent writes, which hold theirs from the first statement to the last
//   - a quarter for idempotent writes that hash a password meanwhile
func newWriteLimits(conns int32) (writes, idempotent, hashing *semaphore.Weighted) {
	share := func(quarters int32) *semaphore.Weighted {
		return semaphore.NewWeighted(int64(max(1, quarters*conns/4)))
	}
	return share(3), share(2), share(1)
}

var errNoSlot = edu.Errorf(edu.Unavailable, "too many concurrent writes: try again")

// acquireSlot acquires a slot and returns a function that releases it. It fails with errNoSlot if
// no slot is free within slotTimeout.
func acquireSlot(ctx context.Context, slots *semaphore.Weighted) (release func(), err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, slotTimeout, errNoSlot)
	defer cancel()
	if slots.Acquire(ctx, 1) != nil {
		return nil, context.Cause(ctx)
	}
	return func() { slots.Release(1) }, nil
}
