package gql

import (
	"net/http"
	"time"

	"github.com/7p-education/api/edu"
)

// Bulk is room for the larger bodies of instructors and admins, who import rows by
// the thousand. While it is answered a body takes six to eleven times its bytes (see
// bench/import_test.go), so only a few are let in at a time. It is safe for
// concurrent use.
type Bulk struct {
	maxBody int64
	wait    time.Duration
	rooms   chan struct{}
}

// NewBulk makes room for n bodies at a time, each of maxBody bytes at most. Whoever
// finds none is refused after a wait: net/http's ReadTimeout runs on meanwhile, and
// a caller who leaves is not noticed before the body was read.
func NewBulk(maxBody int64, n int, wait time.Duration) *Bulk {
	return &Bulk{maxBody: maxBody, wait: wait, rooms: make(chan struct{}, n)}
}

// maxAlone is how many bytes a body may have without waiting for room; one that
// does not say its length can have no more.
const maxAlone = 1 << 20

// limit is the most bytes that a body may have, and whose limit that is.
type limit struct {
	bytes int64
	of    string
}

// enter returns how large the body of r may be, once there is room for it. Leave
// gives the room back, after all that was read from the body is done with.
func (h HTTP) enter(r *http.Request) (most limit, leave func(), ref *refusal) {
	leave = func() {}
	if h.Bulk == nil || r.Method != http.MethodPost || !edu.ViewerFrom(r.Context()).Has(edu.RoleInstructor) {
		return limit{bytes: h.MaxBody}, leave, nil
	}
	most = limit{bytes: h.Bulk.maxBody}
	switch {
	case r.ContentLength < 0:
		return limit{bytes: min(maxAlone, most.bytes), of: " for one without Content-Length"}, leave, nil
	case r.ContentLength <= maxAlone, r.ContentLength > most.bytes:
		return most, leave, nil
	}
	timeout := time.NewTimer(h.Bulk.wait)
	defer timeout.Stop()
	select {
	case h.Bulk.rooms <- struct{}{}:
		return most, func() { <-h.Bulk.rooms }, nil
	case <-timeout.C:
		return most, leave, refuse(http.StatusServiceUnavailable, string(edu.Unavailable),
			"%d requests of more than %d bytes are being answered, which is the most: try again in a few seconds", cap(h.Bulk.rooms), int64(maxAlone))
	case <-r.Context().Done():
		return most, leave, refuse(statuses[codeCancelled], codeCancelled, "the request was cancelled")
	}
}
