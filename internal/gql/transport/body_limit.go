package transport

import (
	"context"
	"net/http"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql/response"
)

// BulkLimiter admits the larger bodies of instructors and admins, who import rows by the thousand. A
// request takes six to eleven times the size of its body in memory (bench/import_test.go), so only a few are admitted
// at a time. It is safe for concurrent use.
type BulkLimiter struct {
	maxBodyBytes int64
	maxRequests  int
	maxWait      time.Duration
	permits      *semaphore.Weighted
}

// NewBulkLimiter admits maxRequests bodies at a time, of at most maxBodyBytes each. A request without a
// permit is rejected after maxWait: net/http's ReadTimeout runs on meanwhile, and a client that
// disconnects is not noticed before its body was read.
func NewBulkLimiter(maxBodyBytes int64, maxRequests int, maxWait time.Duration) *BulkLimiter {
	return &BulkLimiter{
		maxBodyBytes: maxBodyBytes, maxRequests: maxRequests, maxWait: maxWait,
		permits: semaphore.NewWeighted(int64(maxRequests)),
	}
}

// maxPermitFreeBytes is the maximum size of a body that needs no permit. A body of unknown length may not
// exceed it.
const maxPermitFreeBytes = 1 << 20

// bodyLimit is the maximum size of a body, and the condition of that limit for the error message.
type bodyLimit struct {
	maxBytes  int64
	condition string
}

// acquireBodyPermit returns the limit of the body of r, and waits for a permit if the body needs one. A
// viewer below instructor has the limit maxBodyBytes, as everyone has if b is nil. releasePermit has to
// be called after everything read from the body has been processed.
func (b *BulkLimiter) acquireBodyPermit(r *http.Request, maxBodyBytes int64) (limit bodyLimit, releasePermit func(), reqErr *response.RequestError) {
	releasePermit = func() {}
	if b == nil || r.Method != http.MethodPost || !edu.ViewerFrom(r.Context()).HasRole(edu.RoleInstructor) {
		return bodyLimit{maxBytes: maxBodyBytes}, releasePermit, nil
	}
	limit = bodyLimit{maxBytes: b.maxBodyBytes}
	switch {
	case r.ContentLength < 0:
		return bodyLimit{maxBytes: min(maxPermitFreeBytes, limit.maxBytes), condition: " for one without Content-Length"}, releasePermit, nil
	case r.ContentLength <= maxPermitFreeBytes, r.ContentLength > limit.maxBytes:
		return limit, releasePermit, nil
	}
	if reqErr = b.acquire(r.Context()); reqErr != nil {
		return limit, releasePermit, reqErr
	}
	return limit, func() { b.permits.Release(1) }, nil
}

// acquire waits for a permit.
func (b *BulkLimiter) acquire(ctx context.Context) *response.RequestError {
	if b.permits.TryAcquire(1) {
		return nil
	}
	waiting, cancel := context.WithTimeout(ctx, b.maxWait)
	defer cancel()
	switch err := b.permits.Acquire(waiting, 1); {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return response.NewRequestError(response.StatusClientClosedRequest, response.CodeCancelled, "the request was cancelled")
	default:
		return response.NewRequestError(http.StatusServiceUnavailable, string(edu.Unavailable),
			"%d requests of more than %d bytes are in progress, which is the maximum: try again in a few seconds", b.maxRequests, int64(maxPermitFreeBytes))
	}
}
