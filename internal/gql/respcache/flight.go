package respcache

import (
	"context"
	"crypto/rand"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/redis/go-redis/v9"

	"github.com/7p-education/api/edu"
)

const (
	// maxWait is how long a request waits for another that makes the same answer,
	// here or in another process, before it makes its own.
	maxWait = 2 * time.Second
	// lockTTL is how long a process that died keeps others waiting at most.
	lockTTL = maxWait
	// lockPollInterval is how often what another process makes is looked for.
	lockPollInterval = 10 * time.Millisecond
	// uncacheableTTL is how long requests do not wait for an answer that was not kept when
	// it was last made.
	uncacheableTTL = 10 * time.Second
	// maxOutcomes is of how many requests it is remembered how they went.
	maxOutcomes = 10_000
)

// flightGroup makes one of those who need the same answer make it, and the others wait.
type flightGroup struct {
	mu     sync.Mutex
	active map[string]*flight
	// outcomes tell how it went with a request before, of those of one role: another
	// may get an error where they get an answer.
	outcomes *lru.Cache[string, outcome]
}

type flight struct {
	done        chan struct{}
	retryLookup bool // whether it is worth asking again: the answer is kept, or nobody made it
}

// outcome is how an answer was kept when it was last made, or that it was not.
type outcome struct {
	scope         Scope
	uncacheableAt time.Time
}

func newFlightGroup() flightGroup {
	outcomes, err := lru.New[string, outcome](maxOutcomes)
	if err != nil {
		panic(err) // of a size below 1
	}
	return flightGroup{active: map[string]*flight{}, outcomes: outcomes}
}

// predictStorageKey is that of the answer that a request most likely leads to: until it is known
// who shares it, its viewer's own.
func (f *flightGroup) predictStorageKey(k Key, v edu.Viewer) string {
	if m, ok := f.outcomes.Get(k.storageKey(ByRole, v)); ok {
		return k.storageKey(m.scope, v)
	}
	return k.storageKey(ByViewer, v)
}

// knownUncacheable tells whether it is known that the answer will not be kept.
func (f *flightGroup) knownUncacheable(k Key, v edu.Viewer) bool {
	m, ok := f.outcomes.Get(k.storageKey(ByRole, v))
	return ok && !m.uncacheableAt.IsZero() && time.Since(m.uncacheableAt) < uncacheableTTL
}

// joinFlight returns the flight under a name, and whether it is the caller's own, which
// he must end.
func (f *flightGroup) joinFlight(name string) (fl *flight, own bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if fl := f.active[name]; fl != nil {
		return fl, false
	}
	fl = &flight{done: make(chan struct{})}
	f.active[name] = fl
	return fl, true
}

func (f *flightGroup) endFlight(name string, fl *flight, again bool) {
	f.mu.Lock()
	delete(f.active, name)
	f.mu.Unlock()
	fl.retryLookup = again
	close(fl.done)
}

// awaitResult returns once a flight has ended, and whether it is worth asking again.
func (fl *flight) awaitResult(ctx context.Context, until time.Time) bool {
	timeout := time.NewTimer(time.Until(until))
	defer timeout.Stop()
	select {
	case <-fl.done:
		return fl.retryLookup
	case <-timeout.C:
	case <-ctx.Done():
	}
	return false
}

// acquireLock tries to be the one process that makes an answer. Unlock is nil where another
// is at it. In trouble, all may; Redis may still give the lock to one who has gone on
// without its reply, so each gives it up.
func (a *Cache) acquireLock(ctx context.Context, name string) (unlock func()) {
	key, token := a.redis.PrefixedKey(name+lockSuffix), rand.Text()
	var acquired bool
	err := a.redis.RunCommands(ctx, func(ctx context.Context, c redis.UniversalClient) (err error) {
		acquired, err = c.SetNX(ctx, key, token, lockTTL).Result()
		return err
	})
	if err == nil && !acquired {
		return nil
	}
	return func() {
		_ = a.redis.RunCommands(context.WithoutCancel(ctx), func(ctx context.Context, c redis.UniversalClient) error {
			return releaseScript.Run(ctx, c, []string{key}, token).Err()
		})
	}
}

// releaseScript gives up a lock that is still its owner's.
var releaseScript = redis.NewScript(`if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`)
