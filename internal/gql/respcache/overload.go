package respcache

import (
	"time"

	"github.com/7p-education/api/edu"
)

// RecordOverload records that the operation was not executed because the server is overloaded. That says nothing
// about the response: whether it is cacheable is not known. A nil lookup ignores it.
func (r *RequestLookup) RecordOverload() {
	if r != nil {
		r.executed, r.overloaded = false, true
	}
}

// FallBackToStale makes the lookup of an operation that RecordOverload was called for a Hit of a response for
// anonymous viewers whose data may have changed since it was computed, at most maxAge ago. It reports whether there
// is one in the memory of this process, for which reserve has memory. The caller must not return it to a request with
// credentials.
func (r *RequestLookup) FallBackToStale(now time.Time, maxAge time.Duration, reserve func(body int) error) bool {
	if r.result != Miss || !r.overloaded || maxAge == 0 {
		return false
	}
	l := r.lookup
	for _, scope := range []Scope{Public, ByRole} {
		e, found := l.cache.memory.GetIfPresent(l.key.storageKey(scope, edu.Viewer{}))
		// After a restore or a failover of the database its history is another one.
		if found && e.Age(now) <= maxAge && e.position.Epoch == l.position.Epoch && reserve(len(e.Body)) == nil {
			l.Entry, l.Stale = e, true
			r.result, r.detail = Hit, detailOverload
			l.cache.counters.overloadHits.Add(1)
			return true
		}
	}
	return false
}
