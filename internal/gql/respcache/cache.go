package respcache

import (
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/cache"
	"github.com/7p-education/api/internal/dense"
	"github.com/7p-education/api/internal/invalidation"
)

const (
	// StaleWhileRevalidate is how long after its MaxAge an entry is still served while it is
	// revalidated. None of its tags have changed, so a new response could differ only by the
	// clock.
	StaleWhileRevalidate = time.Minute
	// maxBodyBytes is the largest body, in bytes, that is stored.
	maxBodyBytes = 4 << 20
)

// Options configure a Cache.
type Options struct {
	// InvalidationLog decides whether an entry is still valid.
	InvalidationLog *invalidation.Log
	// Redis shares entries between processes; nil for none.
	Redis *cache.Redis
	// MaxBytes is about how many bytes of entries this process holds.
	MaxBytes int
	// MaxRedisBytes is the largest body, in bytes, that is stored in Redis.
	MaxRedisBytes int
	// ShareFirst stores entries in Redis when they are first requested, not only when they are requested
	// again.
	ShareFirst bool
	// SurrogateKeys returns the surrogate keys of a response for anonymous viewers that depends on tags, as the value of a header,
	// or "" if a CDN must not store it; nil without a CDN.
	SurrogateKeys func(tags []edu.Tag) string
}

// Cache stores finished responses, in memory and in Redis. It is safe for concurrent use.
type Cache struct {
	invalidationLog *invalidation.Log
	redis           *cache.Redis
	maxRedisBytes   int
	shareFirst      bool
	surrogateKeys   func([]edu.Tag) string
	memory          *otter.Cache[string, *Entry]
	flights         flightGroup
	counters        lookupCounters
	dense           dense.Encoder[*Entry]
}

// New returns an empty Cache.
func New(o Options) *Cache {
	c := &Cache{invalidationLog: o.InvalidationLog, redis: o.Redis, maxRedisBytes: o.MaxRedisBytes, shareFirst: o.ShareFirst, surrogateKeys: o.SurrogateKeys, flights: newFlightGroup()}
	c.memory = otter.Must(&otter.Options[string, *Entry]{
		MaximumWeight: uint64(max(o.MaxBytes, 0)),
		Weigher:       func(key string, e *Entry) uint32 { return uint32(len(key)) + e.estimateSize() },
		ExpiryCalculator: otter.ExpiryWritingFunc(func(e otter.Entry[string, *Entry]) time.Duration {
			return max(time.Until(e.Value.expiresAt()), time.Nanosecond)
		}),
	})
	c.dense.IsValid = func(e *Entry) bool {
		return time.Now().Before(e.expiresAt()) && c.invalidationLog.ValidSince(e.tags, e.position)
	}
	return c
}

// holdEntry stores an entry in memory.
func (c *Cache) holdEntry(key string, e *Entry) {
	e.encoder = &c.dense
	c.memory.Set(key, e)
}

// Close ends the goroutine that removes expired entries.
func (c *Cache) Close() { c.memory.StopAllGoroutines() }

// isEntryValid reports whether the database would still lead to the same response. The caller
// must have read the position now after its request arrived.
func (c *Cache) isEntryValid(e *Entry, now invalidation.Position) bool {
	if e.position.Epoch == now.Epoch && e.validatedAt.Load() == now.Offset {
		return true
	}
	if !c.invalidationLog.ValidSince(e.tags, e.position) {
		return false
	}
	e.validatedAt.Store(now.Offset)
	return true
}

// storeEntry stores an entry, or returns the reason why not.
func (c *Cache) storeEntry(l *Lookup, e *Entry, tags *edu.Tags) (reason string) {
	switch {
	case !tags.Complete():
		return detailUntracked
	case len(e.Body) > maxBodyBytes:
		return detailTooLarge
	}
	e.tags, e.position = tags.SortedHashes(), l.position
	if c.surrogateKeys != nil && (e.Scope == Public || !l.viewer.SignedIn()) {
		e.SurrogateKeys = c.surrogateKeys(tags.ListTags())
	}
	stored := &storedEntry{l.key.storageKey(e.Scope, l.viewer), e}
	c.holdEntry(stored.key, e)
	c.counters.stores.Add(1)
	switch {
	case c.redis == nil || len(e.Body) > c.maxRedisBytes:
	case l.isRequestedAgain():
		c.storeInRedis(stored, l.lock)
		l.lock = nil
	default:
		l.unshared = stored
	}
	return ""
}
