package transport

import (
	"context"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql/response"
)

const (
	// maxMediumBytes is the size above which a body is a large one. A large body takes a slot once this
	// much of it has arrived.
	maxMediumBytes = 1 << 20
	// maxViewerBodies is how many bodies above Options.MaxBodyBytes a viewer may have in progress, and
	// maxViewerLargeBodies how many large ones of them.
	maxViewerBodies, maxViewerLargeBodies = 4, 1
	// maxUploads is how many large bodies all viewers together may have in progress.
	maxUploads = 8
	// pieceBytes is the size of the pieces of a large body, and pieceTimeout how long each may take: the
	// least rate is 64 KiB/s.
	pieceBytes   = 256 << 10
	pieceTimeout = 4 * time.Second
)

// BulkLimiter admits the larger bodies of instructors and admins, who import rows by the thousand. A
// request takes six to eleven times the size of its body in memory (bench/import_test.go), so only a few
// large ones are executed at a time. A client that sends slowly holds none of these permits: a request
// takes one when its body is complete. Every viewer has slots of their own, so that no viewer can use up
// those of the others. It is safe for concurrent use.
type BulkLimiter struct {
	maxBodyBytes int64
	maxWait      time.Duration
	pieceTimeout time.Duration
	bodies       slots // of a viewer
	largeBodies  slots // of a viewer
	uploads      slots // of all viewers
	executions   slots // of all viewers
}

// NewBulkLimiter executes maxRequests requests with large bodies at a time, of at most maxBodyBytes each.
// A request without a slot is rejected after maxWait. A client that disconnects is not noticed before its
// body was read.
func NewBulkLimiter(maxBodyBytes int64, maxRequests int, maxWait time.Duration) *BulkLimiter {
	return &BulkLimiter{
		maxBodyBytes: maxBodyBytes, maxWait: maxWait, pieceTimeout: pieceTimeout,
		bodies: newSlots(maxViewerBodies), largeBodies: newSlots(maxViewerLargeBodies),
		uploads: newSlots(maxUploads), executions: newSlots(maxRequests),
	}
}

// allViewers is the key of the slots that all viewers share.
const allViewers = 0

// slots are a number of slots for each key. They are safe for concurrent use.
type slots struct {
	n     int64
	mu    *sync.Mutex
	byKey map[int64]*keySlots
}

// keySlots are the slots of one key, which has so many holders and waiting requests.
type keySlots struct {
	*semaphore.Weighted
	users int
}

func newSlots(n int) slots { return slots{int64(n), new(sync.Mutex), map[int64]*keySlots{}} }

// acquire waits for a slot of the key until the context ends.
func (s slots) acquire(ctx context.Context, key int64) (release func(), err error) {
	s.mu.Lock()
	entry := s.byKey[key]
	if entry == nil {
		entry = &keySlots{Weighted: semaphore.NewWeighted(s.n)}
		s.byKey[key] = entry
	}
	entry.users++
	s.mu.Unlock()
	leave := func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if entry.users--; entry.users == 0 {
			delete(s.byKey, key)
		}
	}
	if err := entry.Acquire(ctx, 1); err != nil {
		leave()
		return nil, err
	}
	return func() { entry.Release(1); leave() }, nil
}

// awaitSlot waits for a slot for at most maxWait. The rejection says that s.n requests of more than
// minBytes are in progress, with a text after the number.
func (b *BulkLimiter) awaitSlot(ctx context.Context, s slots, key, minBytes int64, text string) (release func(), reqErr *response.RequestError) {
	waiting, cancel := context.WithTimeout(ctx, b.maxWait)
	defer cancel()
	release, err := s.acquire(waiting, key)
	switch {
	case err == nil:
		return release, nil
	case ctx.Err() != nil:
		return nil, response.NewRequestError(response.StatusClientClosedRequest, response.CodeCancelled, "the request was cancelled")
	default:
		return nil, response.NewRequestError(http.StatusServiceUnavailable, string(edu.Unavailable),
			"%d %s of more than %d bytes are in progress, which is the maximum: try again in a few seconds", s.n, text, minBytes)
	}
}
