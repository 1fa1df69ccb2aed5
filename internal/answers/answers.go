package answers

import (
	"context"
	"time"

	"github.com/maypok86/otter/v2"
	"github.com/redis/go-redis/v9"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/cache"
	"github.com/7p-education/api/internal/changes"
)

const (
	// staleFor is for how long after its maxAge an answer is still given while it is
	// made anew. Its tags have not changed, so only the clock could tell it from a new
	// one.
	staleFor = time.Minute
	// clockAge is the most that an answer may be behind the clock that it looked at.
	clockAge = 10 * time.Second
	// maxAnswer is the largest body, in bytes, that is kept.
	maxAnswer = 4 << 20
)

// Options are what Answers are made with.
type Options struct {
	// Changes tells whether an answer is as good as new.
	Changes *changes.Log
	// Redis shares answers between processes; nil is none.
	Redis *cache.Redis
	// MaxBytes is about how much is kept in this process.
	MaxBytes int
}

// Answers keeps finished answers, in this process and in Redis. It is safe for
// concurrent use.
type Answers struct {
	changes *changes.Log
	redis   *cache.Redis
	near    *otter.Cache[string, *Answer]
	flights flights
	counts  counts
}

// New returns Answers that keep nothing yet.
func New(o Options) *Answers {
	a := &Answers{changes: o.Changes, redis: o.Redis, flights: newFlights()}
	a.near = otter.Must(&otter.Options[string, *Answer]{
		MaximumWeight: uint64(max(o.MaxBytes, 0)),
		Weigher:       func(name string, answer *Answer) uint32 { return uint32(len(name)) + answer.weight() },
		ExpiryCalculator: otter.ExpiryWritingFunc(func(e otter.Entry[string, *Answer]) time.Duration {
			return max(time.Until(e.Value.expires()), time.Nanosecond)
		}),
	})
	return a
}

// Close ends the goroutine that removes expired answers.
func (a *Answers) Close() { a.near.StopAllGoroutines() }

func (a *Answer) expires() time.Time { return a.Made.Add(a.MaxAge + staleFor) }

// good tells whether an answer is what the database would give now.
func (a *Answers) good(answer *Answer, now changes.Position) bool {
	if answer.since.Lineage == now.Lineage && answer.good.Load() == now.At {
		return true
	}
	if !a.changes.Unchanged(answer.tags, answer.since) {
		return false
	}
	answer.good.Store(now.At)
	return true
}

// Draft is an answer that was just made, and what it was made from.
type Draft struct {
	Body     []byte
	Policy   Policy
	Saw      edu.Sights
	SignedIn bool // whether its viewer is
}

// Finish returns the answer that a draft makes, or why nobody may keep it.
func (d Draft) Finish() (answer *Answer, why string) {
	answer = &Answer{Body: d.Body, Made: time.Now(), MaxAge: d.Policy.MaxAge, Scope: scopeOf(d.Saw)}
	if d.Policy.Private {
		answer.Scope = ByViewer
	}
	if d.Saw&edu.SawClock != 0 {
		answer.MaxAge = min(answer.MaxAge, clockAge)
	}
	switch {
	case d.Policy.MaxAge == 0:
		return nil, "max-age-0"
	case d.Policy.Private && !d.SignedIn:
		return nil, "private-anonymous"
	}
	answer.ETag = etag(d.Body)
	return answer, ""
}

// keep keeps an answer, for all processes, or says why not.
func (a *Answers) keep(ctx context.Context, q *Question, answer *Answer, tags *edu.Tags) (why string) {
	switch {
	case !tags.Known():
		return "untracked-read"
	case len(answer.Body) > maxAnswer:
		return "too-large"
	}
	answer.tags, answer.since = tags.Hashes(), q.since
	name := q.key.name(answer.Scope, q.viewer)
	a.near.Set(name, answer)
	a.counts.kept.Add(1)
	if a.redis != nil {
		_ = a.redis.Do(ctx, func(ctx context.Context, c redis.UniversalClient) error {
			return c.Set(ctx, a.redis.Key(name), answer.marshal(), time.Until(answer.expires())).Err()
		})
	}
	return ""
}
