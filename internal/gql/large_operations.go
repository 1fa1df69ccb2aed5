package gql

import (
	"context"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/7p-education/api/edu"
)

// maxLargeWait is how long a large operation waits for earlier ones.
const maxLargeWait = 5 * time.Second

// errTooManyLarge rejects a large operation.
var errTooManyLarge = &edu.Error{
	Code: edu.Unavailable, RetryAfter: 1,
	Message: "too many large operations at a time: waited " + maxLargeWait.String() + "; try again, or request fewer rows at a time",
}

// largeOperations limits the large operations that are computed at a time to half of the processors. Others
// wait in the order of their arrival, so that all smaller operations find a free processor.
type largeOperations struct {
	slots           *semaphore.Weighted
	waits, rejected atomic.Uint64
}

func newLargeOperations() *largeOperations {
	return &largeOperations{slots: semaphore.NewWeighted(int64(max(1, runtime.GOMAXPROCS(0)/2)))}
}

// LargeOperationStats returns how many large operations waited for earlier ones, and how many of these were
// rejected: they waited too long, or their client left.
func (s *Server) LargeOperationStats() (waits, rejected uint64) {
	return s.large.waits.Load(), s.large.rejected.Load()
}

// acquire waits for a slot, for maxLargeWait at most, and returns a function that releases it.
func (l *largeOperations) acquire(ctx context.Context) (release func(), err error) {
	release = func() { l.slots.Release(1) }
	if l.slots.TryAcquire(1) {
		return release, nil
	}
	l.waits.Add(1)
	ctx, cancel := context.WithTimeoutCause(ctx, maxLargeWait, errTooManyLarge)
	defer cancel()
	if l.slots.Acquire(ctx, 1) != nil {
		l.rejected.Add(1)
		return nil, context.Cause(ctx)
	}
	return release, nil
}
