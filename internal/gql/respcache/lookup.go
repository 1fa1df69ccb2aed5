package respcache

import (
	"context"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/invalidation"
)

// invalidationUnavailable is why nothing is looked for while it cannot be known what is good.
const invalidationUnavailable = "unverified"

// Lookup is a request on its way to an answer: to one that is kept, or to one that
// is made now. Its methods are not safe for concurrent use.
type Lookup struct {
	cache    *Cache
	key      Key
	viewer   edu.Viewer
	position invalidation.Position // how far the log went before anything was read

	// Entry is the one that was kept; nil where the caller has to make one.
	Entry *Entry
	// Stale tells that Answer is older than its policy wants, and that the caller has
	// to make a new one, beside the request.
	Stale, Revalidate bool
	// BypassReason is why no kept answer was looked for; "" where one was.
	BypassReason string

	fromRedis   bool    // whether Answer was in Redis
	flight      *flight // that the caller has to end; nil for none
	flightKey   string  // of the flight
	releaseLock func()
	retryLookup bool // whether who waits for the answer asks again
}

// Get looks for the answer to a request. End must be called on what it returns, once
// the caller has made the answer or found that he cannot.
//
// Of those that need the same answer at the same time, one makes it, in this process
// and as far as Redis answers in all of them.
func (a *Cache) Get(ctx context.Context, k Key, v edu.Viewer) *Lookup {
	q := &Lookup{cache: a, key: k, viewer: v}
	defer a.counters.recordLookup(q)
	var deadline time.Time // of the waiting; a hit need not know
	for {
		if !q.lookupEntry(ctx) || q.Entry != nil || a.flights.knownUncacheable(k, v) {
			return q
		}
		if now := time.Now(); deadline.IsZero() {
			deadline = now.Add(maxWait)
		} else if now.After(deadline) {
			return q
		}
		q.flightKey = a.flights.predictStorageKey(k, v)
		flight, own := a.flights.joinFlight(q.flightKey)
		if own {
			q.flight = flight
			q.leadFlight(ctx, deadline)
			return q
		}
		if !flight.awaitResult(ctx, deadline) {
			q.lookupEntry(ctx) // what was read from here on is of now
			return q
		}
	}
}

// lookupEntry finds out how far the log goes, and what is kept. It reports false where that
// cannot be known.
func (q *Lookup) lookupEntry(ctx context.Context) bool {
	s := entrySearch{cache: q.cache, key: q.key, viewer: q.viewer}
	s.startSearch(ctx)
	now, ok := q.cache.invalidationLog.CurrentPosition(ctx)
	if !ok {
		q.BypassReason = invalidationUnavailable
		return false
	}
	q.position = now
	answer, fromRedis := s.findEntry(ctx, now)
	if answer == nil {
		return true
	}
	if q.Entry, q.fromRedis = answer, fromRedis; fromRedis { // this process need not make it to know who shares it
		q.saveOutcome(outcome{scope: answer.Scope})
	}
	if answer.TTL(time.Now()) >= 0 {
		return true
	}
	if q.Stale = true; answer.Scope != Public {
		q.Entry, q.Stale = nil, false // it is made for who is asking, and he is here
		return true
	}
	if q.flight != nil { // it leads already: who waits for it renews the answer
		return true
	}
	q.flightKey = q.key.storageKey(Public, q.viewer)
	if flight, own := q.cache.flights.joinFlight(q.flightKey); own {
		q.flight, q.Revalidate = flight, true
	}
	return true
}

// leadFlight makes this the one who makes the answer, or finds what another made: here, where
// that was kept after q had looked and before its flight began, or in another process,
// which q waits for until end.
func (q *Lookup) leadFlight(ctx context.Context, deadline time.Time) {
	a := q.cache
	defer func() { q.retryLookup = q.Entry != nil }()
	if a.redis == nil {
		s := entrySearch{cache: a, key: q.key, viewer: q.viewer}
		if s.searchMemory(Public); s.findInMemory(q.position) != nil {
			q.lookupEntry(ctx)
		}
		return
	}
	ticker := time.NewTicker(lockPollInterval)
	defer ticker.Stop()
	for {
		q.releaseLock = a.acquireLock(ctx, q.flightKey)
		// Who had the lock may have kept the answer since it was last looked for.
		if !q.lookupEntry(ctx) || q.Entry != nil || q.releaseLock != nil || time.Now().After(deadline) {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// StoreEntry keeps the answer that the caller has made, of what tags tell. It returns why
// it is not kept, "" where it is.
func (q *Lookup) StoreEntry(ctx context.Context, answer *Entry, tags *edu.Tags) (why string) {
	if q.BypassReason != "" {
		return q.BypassReason
	}
	why = q.cache.storeEntry(ctx, q, answer, tags)
	q.recordOutcome(why == "", answer.Scope)
	return why
}

// MarkUncacheable notes that the answer which the caller has made is not to be kept. Where its
// context is over, who asked has left: that says nothing of the answer, and another of
// those who wait makes it.
func (q *Lookup) MarkUncacheable(ctx context.Context) {
	if ctx.Err() != nil {
		q.retryLookup = true
		return
	}
	q.recordOutcome(false, ByViewer)
}

func (q *Lookup) recordOutcome(stored bool, s Scope) {
	m := outcome{scope: s}
	if !stored {
		m.uncacheableAt = time.Now()
	}
	q.saveOutcome(m)
	q.retryLookup = stored
}

// saveOutcome has others of the viewer's role know how it went.
func (q *Lookup) saveOutcome(m outcome) {
	q.cache.flights.outcomes.Add(q.key.storageKey(ByRole, q.viewer), m)
}

// Release lets those go on who wait for the answer. Those of other processes may hear of it
// a moment later.
func (q *Lookup) Release() {
	if q.releaseLock != nil {
		go q.releaseLock()
		q.releaseLock = nil
	}
	if q.flight != nil {
		q.cache.flights.endFlight(q.flightKey, q.flight, q.retryLookup)
		q.flight = nil
	}
}

// NewRevalidation returns the question of a caller who makes a stale answer anew: nobody's,
// so that no viewer's answer becomes everybody's. It is ended in place of q.
func (q *Lookup) NewRevalidation() *Lookup {
	r := &Lookup{cache: q.cache, key: q.key, flight: q.flight, flightKey: q.flightKey}
	q.flight = nil
	return r
}

// BeginRevalidation must be called on a Renewal before anything is read. It reports whether the
// caller has to make the answer: not where another process is at it, or has made it.
func (q *Lookup) BeginRevalidation(ctx context.Context) bool {
	a := q.cache
	if a.redis != nil {
		if q.releaseLock = a.acquireLock(ctx, q.flightKey); q.releaseLock == nil {
			return false
		}
	}
	now, ok := a.invalidationLog.CurrentPosition(ctx)
	if q.position = now; !ok {
		q.BypassReason = invalidationUnavailable
		return false
	}
	s := entrySearch{cache: a, key: q.key}
	s.searchMemory(Public)
	answer := s.findInMemory(now)
	if a.redis != nil && needsRevalidation(answer) {
		answer = s.findInReplies(now, a.fetchFromRedis(ctx, s.redisKeys()))
	}
	return needsRevalidation(answer)
}

// needsRevalidation tells whether an answer is to be made anew, as none is.
func needsRevalidation(answer *Entry) bool { return answer == nil || answer.TTL(time.Now()) < 0 }
