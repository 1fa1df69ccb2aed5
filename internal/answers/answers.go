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

// find returns the answer that is kept for a viewer, nil for none, and whether it was
// far, in Redis. It must be given how far the log goes, read after the request came.
func (a *Answers) find(ctx context.Context, k Key, v edu.Viewer, now changes.Position) (answer *Answer, far bool) {
	var names [ByViewer + 1]string
	for s := range names {
		names[s] = k.name(Scope(s), v)
		if answer, ok := a.near.GetIfPresent(names[s]); ok && a.good(answer, now) {
			return answer, false
		}
	}
	if a.redis == nil {
		return nil, false
	}
	for i, text := range a.fetch(ctx, names[:]) {
		answer, err := unmarshal(text)
		if err != nil || time.Now().After(answer.expires()) || !a.good(answer, now) {
			continue
		}
		a.near.Set(names[i], answer)
		return answer, true
	}
	return nil, false
}

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

// fetch returns what Redis has under names.
func (a *Answers) fetch(ctx context.Context, names []string) [][]byte {
	keys := make([]string, len(names))
	for i, name := range names {
		keys[i] = a.redis.Key(name)
	}
	var got []any
	err := a.redis.Do(ctx, func(ctx context.Context, c redis.UniversalClient) (err error) {
		got, err = c.MGet(ctx, keys...).Result()
		return err
	})
	if err != nil { // counted and logged by cache.Redis
		return nil
	}
	texts := make([][]byte, len(got))
	for i, v := range got {
		if text, ok := v.(string); ok {
			texts[i] = []byte(text)
		}
	}
	return texts
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
	answer = &Answer{Body: d.Body, Made: time.Now(), MaxAge: d.Policy.MaxAge, Scope: scopeOf(d.Saw), Private: d.Policy.Private}
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
