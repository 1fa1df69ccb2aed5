package store

import (
	"context"
	"time"

	"github.com/7p-education/api/edu"
)

const (
	// lockTime is how long a statement waits for a lock: longer than any write of
	// ours holds one, and short enough that a row that someone else keeps locked
	// does not use up the connections of everybody.
	lockTime = 2 * time.Second
	// turnTime is how long a write waits for its turn at a connection.
	turnTime = 2 * time.Second
)

// turns bound how many of a pool's connections are lent to what may have to wait:
// three quarters to writes, so that some are always left for reads; half to those
// with a key, which hold theirs from the first statement to the last; a quarter to
// those of them that also hash a password meanwhile.
func turns(conns int32) (writing, keyed, slow chan struct{}) {
	share := func(quarters int32) chan struct{} { return make(chan struct{}, max(1, quarters*conns/4)) }
	return share(3), share(2), share(1)
}

// enter takes a turn, which leave gives back, or tells that there was none in time.
func enter(ctx context.Context, turns chan struct{}) (leave func(), err error) {
	tooLong := time.NewTimer(turnTime)
	defer tooLong.Stop()
	select {
	case turns <- struct{}{}:
		return func() { <-turns }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-tooLong.C:
		return nil, edu.Errorf(edu.Unavailable, "too many are writing just now; try again")
	}
}
