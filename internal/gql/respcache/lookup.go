package respcache

import (
	"context"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/invalidation"
)

// Lookup is the state of one request in the cache: the entry found, or the flight in which the
// caller computes the response. Its methods are not safe for concurrent use.
type Lookup struct {
	cache    *Cache
	key      Key
	viewer   edu.Viewer
	position invalidation.Position // of the log, before the request read anything

	// Entry is the entry found; nil if the caller has to compute the response.
	Entry *Entry
	// Stale is set if Entry is older than its policy allows, Revalidate if the caller also has
	// to revalidate it, beside the request.
	Stale, Revalidate bool
	// BypassReason is why the cache was bypassed; "" if it was not.
	BypassReason string

	fromRedis   bool    // whether Entry was found in Redis
	flight      *flight // the caller has to end it; nil for none
	flightKey   string  // storage key of flight
	retryLookup bool    // whether requests that wait for the flight retry the lookup

	lock           *computationLock // nil if this process does not hold the lock
	requestedAgain bool             // whether the lookup found an entry before
	unshared       *storedEntry     // the entry that was stored in memory only; nil for none
}

// Get searches the cache for the entry of a request. Release must be called on the result, once
// the caller has computed the response or failed to.
//
// If several requests need the same response at the same time, one of them computes it: in
// this process, and across all processes while Redis is available.
func (c *Cache) Get(ctx context.Context, k Key, v edu.Viewer) *Lookup {
	l := &Lookup{cache: c, key: k, viewer: v}
	defer c.counters.recordLookup(l)
	var deadline time.Time // of the wait for flights; a hit does not need it
	for {
		if !l.lookupEntry(ctx) || l.Entry != nil || c.flights.knownUncacheable(k, v) {
			return l
		}
		if now := time.Now(); deadline.IsZero() {
			deadline = now.Add(maxWait)
		} else if now.After(deadline) {
			return l
		}
		l.flightKey = c.flights.predictStorageKey(k, v)
		flight, own := c.flights.joinFlight(l.flightKey)
		if own {
			l.flight = flight
			l.leadFlight(ctx, deadline)
			return l
		}
		if !flight.awaitResult(ctx, deadline) {
			l.lookupEntry(ctx) // the caller computes the response from this position on
			return l
		}
	}
}

// lookupEntry reads the current position of the log and searches for the entry. It returns
// false if the position is not available.
func (l *Lookup) lookupEntry(ctx context.Context) bool {
	s := entrySearch{cache: l.cache, key: l.key, viewer: l.viewer}
	s.startSearch(ctx)
	now, ok := l.cache.invalidationLog.CurrentPosition(ctx)
	if !ok {
		l.BypassReason = detailUnavailable
		return false
	}
	l.position = now
	e, fromRedis := s.findEntry(ctx, now)
	if e == nil {
		return true
	}
	if l.Entry, l.fromRedis = e, fromRedis; fromRedis { // this process learns the scope without computing the response
		l.saveOutcome(outcome{scope: e.Scope})
	}
	if e.TTL(time.Now()) >= 0 {
		return true
	}
	if l.Stale = true; e.Scope != Public {
		l.Entry, l.Stale = nil, false // the request itself computes the response for its viewer
		return true
	}
	if l.flight != nil { // this request leads a flight already: one that waits for it revalidates the entry
		return true
	}
	l.flightKey = l.key.storageKey(Public, l.viewer)
	if flight, own := l.cache.flights.joinFlight(l.flightKey); own {
		l.flight, l.Revalidate = flight, true
	}
	return true
}

// leadFlight prepares the leader of a flight to compute the response, or finds an entry that
// another request has stored: in this process, between the lookup and the start of the flight;
// or in another process, for which the leader waits until the deadline.
func (l *Lookup) leadFlight(ctx context.Context, deadline time.Time) {
	c := l.cache
	defer func() { l.retryLookup = l.Entry != nil }()
	if c.redis == nil {
		s := entrySearch{cache: c, key: l.key, viewer: l.viewer}
		if s.searchMemory(Public); s.findInMemory(l.position) != nil {
			l.lookupEntry(ctx)
		}
		return
	}
	ticker := time.NewTicker(lockPollInterval)
	defer ticker.Stop()
	for {
		l.lock = c.acquireLock(ctx, l.flightKey)
		// The last owner of the lock may have stored the entry since the last lookup.
		if !l.lookupEntry(ctx) || l.Entry != nil || l.lock != nil || time.Now().After(deadline) {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// isRequestedAgain reports whether the response was requested before, by any process. A response that is
// requested once takes no memory of Redis. Without the lock, another request computes the response, or has
// computed it.
func (l *Lookup) isRequestedAgain() bool {
	return l.cache.shareFirst || l.requestedAgain || l.lock == nil || l.lock.requestedBefore || l.cache.flights.hasOutcome(l.key, l.viewer)
}

// StoreEntry stores the entry of the response that the caller has computed, with the tags that
// it depends on. It returns the reason if the entry cannot be stored, "" otherwise.
func (l *Lookup) StoreEntry(e *Entry, tags *edu.Tags) (reason string) {
	if l.BypassReason != "" {
		return l.BypassReason
	}
	reason = l.cache.storeEntry(l, e, tags)
	l.recordOutcome(reason == "", e.Scope)
	return reason
}

// MarkUncacheable records that the response which the caller has computed must not be stored.
// If the context has ended, the client has disconnected: that says nothing about the response,
// and one of the waiting requests computes it.
func (l *Lookup) MarkUncacheable(ctx context.Context) {
	if ctx.Err() != nil {
		l.retryLookup = true
		return
	}
	l.recordOutcome(false, ByViewer)
}

func (l *Lookup) recordOutcome(stored bool, s Scope) {
	o := outcome{scope: s}
	if !stored {
		o.uncacheableAt = time.Now()
	}
	l.saveOutcome(o)
	l.retryLookup = stored
}

// saveOutcome saves an outcome for later requests of the viewer's role.
func (l *Lookup) saveOutcome(o outcome) {
	l.cache.flights.outcomes.Set(l.key.storageKey(ByRole, l.viewer), o)
}

// Release ends the flight, so that waiting requests continue. It releases the lock in the
// background: other processes may notice a moment later.
func (l *Lookup) Release() {
	if l.lock != nil {
		go l.lock.release(l.unshared)
		l.lock = nil
	}
	if l.flight != nil {
		l.cache.flights.endFlight(l.flightKey, l.flight, l.retryLookup)
		l.flight = nil
	}
}

// NewRevalidation returns the Lookup of a caller that revalidates a stale entry. Its viewer is
// anonymous, so that no viewer's data gets into a public entry. It takes over the flight of l:
// Release must be called on it.
func (l *Lookup) NewRevalidation() *Lookup {
	r := &Lookup{cache: l.cache, key: l.key, flight: l.flight, flightKey: l.flightKey, requestedAgain: true}
	l.flight = nil
	return r
}

// BeginRevalidation must be called on a Lookup of NewRevalidation, before the caller reads
// anything. It reports whether the caller has to compute the response. It returns false if
// another process is computing it or has stored it, or the cache is bypassed.
func (l *Lookup) BeginRevalidation(ctx context.Context) bool {
	c := l.cache
	if c.redis != nil {
		if l.lock = c.acquireLock(ctx, l.flightKey); l.lock == nil {
			return false
		}
	}
	now, ok := c.invalidationLog.CurrentPosition(ctx)
	if l.position = now; !ok {
		l.BypassReason = detailUnavailable
		return false
	}
	s := entrySearch{cache: c, key: l.key}
	s.searchMemory(Public)
	e := s.findInMemory(now)
	if c.redis != nil && needsRevalidation(e) {
		e = s.findInReplies(now, c.fetchFromRedis(ctx, s.redisKeys()))
	}
	return needsRevalidation(e)
}

// needsRevalidation reports whether an entry is missing or stale.
func needsRevalidation(e *Entry) bool { return e == nil || e.TTL(time.Now()) < 0 }
