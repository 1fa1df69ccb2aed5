package gql

import (
	"net/http"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql/response"
)

// BulkLimiter is room for the larger bodies of instructors and admins, who import rows by
// the thousand. While it is answered a body takes six to eleven times its bytes (see
// bench/import_test.go), so only a few are let in at a time. It is safe for
// concurrent use.
type BulkLimiter struct {
	maxBodyBytes int64
	maxWait      time.Duration
	permits      chan struct{}
}

// NewBulkLimiter makes room for n bodies at a time, each of maxBody bytes at most. Whoever
// finds none is refused after a wait: net/http's ReadTimeout runs on meanwhile, and
// a caller who leaves is not noticed before the body was read.
func NewBulkLimiter(maxBody int64, n int, wait time.Duration) *BulkLimiter {
	return &BulkLimiter{maxBodyBytes: maxBody, maxWait: wait, permits: make(chan struct{}, n)}
}

// maxPermitFreeBytes is how many bytes a body may have without waiting for room; one that
// does not say its length can have no more.
const maxPermitFreeBytes = 1 << 20

// bodyLimit is the most bytes that a body may have, and whose limit that is.
type bodyLimit struct {
	maxBytes  int64
	condition string
}

// acquireBodyPermit returns how large the body of r may be, once there is room for it. Leave
// gives the room back, after all that was read from the body is done with.
func (h HTTP) acquireBodyPermit(r *http.Request) (allowed bodyLimit, releasePermit func(), reqErr *response.RequestError) {
	releasePermit = func() {}
	if h.BulkLimiter == nil || r.Method != http.MethodPost || !edu.ViewerFrom(r.Context()).HasRole(edu.RoleInstructor) {
		return bodyLimit{maxBytes: h.MaxBodyBytes}, releasePermit, nil
	}
	allowed = bodyLimit{maxBytes: h.BulkLimiter.maxBodyBytes}
	switch {
	case r.ContentLength < 0:
		return bodyLimit{maxBytes: min(maxPermitFreeBytes, allowed.maxBytes), condition: " for one without Content-Length"}, releasePermit, nil
	case r.ContentLength <= maxPermitFreeBytes, r.ContentLength > allowed.maxBytes:
		return allowed, releasePermit, nil
	}
	timeout := time.NewTimer(h.BulkLimiter.maxWait)
	defer timeout.Stop()
	select {
	case h.BulkLimiter.permits <- struct{}{}:
		return allowed, func() { <-h.BulkLimiter.permits }, nil
	case <-timeout.C:
		return allowed, releasePermit, response.NewRequestError(http.StatusServiceUnavailable, string(edu.Unavailable),
			"%d requests of more than %d bytes are being answered, which is the most: try again in a few seconds", cap(h.BulkLimiter.permits), int64(maxPermitFreeBytes))
	case <-r.Context().Done():
		return allowed, releasePermit, response.NewRequestError(response.StatusClientClosedRequest, response.CodeCancelled, "the request was cancelled")
	}
}
