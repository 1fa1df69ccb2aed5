package respcache

import (
	"context"
	"sync"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/7p-education/api/edu"
)

const (
	// maxWait is how long a request waits for another one that computes the same response, in
	// this process or another, before it computes the response itself.
	maxWait = 2 * time.Second
	// uncacheableTTL is how long requests do not wait for a response that could not be stored
	// when it was last computed.
	uncacheableTTL = 10 * time.Second
	// maxOutcomes is how many outcomes a process remembers.
	maxOutcomes = 10_000
)

// flightGroup lets one of the concurrent requests that need the same response compute it,
// while the others wait.
type flightGroup struct {
	mu     sync.Mutex
	active map[string]*flight
	// outcomes are the last outcomes of requests. They are recorded by role: a request that
	// fails for one role may succeed for another.
	outcomes *otter.Cache[string, outcome]
}

// flight is one computation of a response, for all requests that wait for it.
type flight struct {
	done        chan struct{}
	retryLookup bool // whether waiting requests retry the lookup: the entry was stored, or no request computed it
}

// outcome is the result of the last computation of a response: the scope of its entry, or when
// it could not be stored.
type outcome struct {
	scope         Scope
	uncacheableAt time.Time
}

func newFlightGroup() flightGroup {
	return flightGroup{
		active:   map[string]*flight{},
		outcomes: otter.Must(&otter.Options[string, outcome]{MaximumSize: maxOutcomes}),
	}
}

// predictStorageKey returns the storage key of the entry that a request most likely leads to,
// by its last outcome. Without an outcome it returns the viewer's own.
func (f *flightGroup) predictStorageKey(k Key, v edu.Viewer) string {
	if last, ok := f.outcomes.GetIfPresent(k.storageKey(ByRole, v)); ok {
		return k.storageKey(last.scope, v)
	}
	return k.storageKey(ByViewer, v)
}

// knownUncacheable reports whether the response could not be stored when it was last computed,
// at most uncacheableTTL ago.
func (f *flightGroup) knownUncacheable(k Key, v edu.Viewer) bool {
	last, ok := f.outcomes.GetIfPresent(k.storageKey(ByRole, v))
	return ok && !last.uncacheableAt.IsZero() && time.Since(last.uncacheableAt) < uncacheableTTL
}

// hasOutcome reports whether this process knows the outcome of an earlier request.
func (f *flightGroup) hasOutcome(k Key, v edu.Viewer) bool {
	_, ok := f.outcomes.GetIfPresent(k.storageKey(ByRole, v))
	return ok
}

// joinFlight returns the flight of a key. If there was none, own is true and the caller must
// end the flight.
func (f *flightGroup) joinFlight(key string) (fl *flight, own bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if fl := f.active[key]; fl != nil {
		return fl, false
	}
	fl = &flight{done: make(chan struct{})}
	f.active[key] = fl
	return fl, true
}

func (f *flightGroup) endFlight(key string, fl *flight, retryLookup bool) {
	f.mu.Lock()
	delete(f.active, key)
	f.mu.Unlock()
	fl.retryLookup = retryLookup
	close(fl.done)
}

// awaitResult waits until the flight ends, the deadline passes or the context ends. It reports
// whether the caller should retry its lookup.
func (fl *flight) awaitResult(ctx context.Context, deadline time.Time) bool {
	timeout := time.NewTimer(time.Until(deadline))
	defer timeout.Stop()
	select {
	case <-fl.done:
		return fl.retryLookup
	case <-timeout.C:
	case <-ctx.Done():
	}
	return false
}
