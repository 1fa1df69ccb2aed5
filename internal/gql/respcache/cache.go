package respcache

import (
	"context"
	"time"

	"github.com/maypok86/otter/v2"
	"github.com/redis/go-redis/v9"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/cache"
	"github.com/7p-education/api/internal/invalidation"
)

const (
	// staleWhileRevalidate is for how long after its maxAge an answer is still given while it is
	// made anew. Its tags have not changed, so only the clock could tell it from a new
	// one.
	staleWhileRevalidate = time.Minute
	// maxClockAge is the most that an answer may be behind the clock that it looked at.
	maxClockAge = 10 * time.Second
	// maxBodyBytes is the largest body, in bytes, that is kept.
	maxBodyBytes = 4 << 20
)

// Options are what Answers are made with.
type Options struct {
	// InvalidationLog tells whether an answer is as good as new.
	InvalidationLog *invalidation.Log
	// Redis shares answers between processes; nil is none.
	Redis *cache.Redis
	// MaxBytes is about how much is kept in this process.
	MaxBytes int
}

// Cache keeps finished answers, in this process and in Redis. It is safe for
// concurrent use.
type Cache struct {
	invalidationLog *invalidation.Log
	redis           *cache.Redis
	memory          *otter.Cache[string, *Entry]
	flights         flightGroup
	counters        lookupCounters
}

// New returns Answers that keep nothing yet.
func New(o Options) *Cache {
	a := &Cache{invalidationLog: o.InvalidationLog, redis: o.Redis, flights: newFlightGroup()}
	a.memory = otter.Must(&otter.Options[string, *Entry]{
		MaximumWeight: uint64(max(o.MaxBytes, 0)),
		Weigher:       func(name string, answer *Entry) uint32 { return uint32(len(name)) + answer.estimateSize() },
		ExpiryCalculator: otter.ExpiryWritingFunc(func(e otter.Entry[string, *Entry]) time.Duration {
			return max(time.Until(e.Value.expiresAt()), time.Nanosecond)
		}),
	})
	return a
}

// Close ends the goroutine that removes expired answers.
func (a *Cache) Close() { a.memory.StopAllGoroutines() }

func (a *Entry) expiresAt() time.Time { return a.CreatedAt.Add(a.MaxAge + staleWhileRevalidate) }

// isEntryValid tells whether an answer is what the database would give now.
func (a *Cache) isEntryValid(answer *Entry, now invalidation.Position) bool {
	if answer.position.Epoch == now.Epoch && answer.validatedAt.Load() == now.Offset {
		return true
	}
	if !a.invalidationLog.ValidSince(answer.tags, answer.position) {
		return false
	}
	answer.validatedAt.Store(now.Offset)
	return true
}

// Candidate is an answer that was just made, and what it was made from.
type Candidate struct {
	Body     []byte
	Policy   Policy
	VaryBy   edu.VaryBy
	SignedIn bool // whether its viewer is
}

// BuildEntry returns the answer that a draft makes, or why nobody may keep it.
func (d Candidate) BuildEntry() (answer *Entry, why string) {
	answer = &Entry{Body: d.Body, CreatedAt: time.Now(), MaxAge: d.Policy.MaxAge, Scope: widestScope(d.VaryBy)}
	if d.Policy.Private {
		answer.Scope = ByViewer
	}
	if d.VaryBy&edu.VaryByClock != 0 {
		answer.MaxAge = min(answer.MaxAge, maxClockAge)
	}
	switch {
	case d.Policy.MaxAge == 0:
		return nil, "max-age-0"
	case d.Policy.Private && !d.SignedIn:
		return nil, "private-anonymous"
	}
	answer.ETag = computeETag(d.Body)
	return answer, ""
}

// storeEntry keeps an answer, for all processes, or says why not.
func (a *Cache) storeEntry(ctx context.Context, q *Lookup, answer *Entry, tags *edu.Tags) (why string) {
	switch {
	case !tags.Complete():
		return "untracked-read"
	case len(answer.Body) > maxBodyBytes:
		return "too-large"
	}
	answer.tags, answer.position = tags.SortedHashes(), q.position
	name := q.key.storageKey(answer.Scope, q.viewer)
	a.memory.Set(name, answer)
	a.counters.stores.Add(1)
	if a.redis != nil {
		_ = a.redis.RunCommands(ctx, func(ctx context.Context, c redis.UniversalClient) error {
			return c.Set(ctx, a.redis.PrefixedKey(name), answer.marshalEntry(), time.Until(answer.expiresAt())).Err()
		})
	}
	return ""
}
