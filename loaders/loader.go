package loaders

import (
	"context"
	"sync"
	"time"

	"github.com/graph-gophers/dataloader/v7"

	"github.com/7p-education/api/store"
)

// wait is how long a loader that nobody planned for collects keys. The library's
// default of 16 ms is paid at every level of a query; what Round reads ahead
// waits for nothing at all.
const wait = time.Millisecond

// plan is how the values of some keys are read: the statements to send, and what
// hands over each key's value once their rows are in.
type plan[K comparable, V any] func(keys []K) (queries []store.Query, deliver func(set func(K, V)))

// Loader batches the reads of one kind of thing and remembers them for the
// length of one operation. A key that the database does not know has the zero
// value.
//
// Keys that are known together go through Round.Want; a single key, met by
// surprise, goes through Load, where the dataloader gathers those that are asked
// for within a moment.
type Loader[K comparable, V any] struct {
	all  *Loaders
	plan plan[K, V]

	mu    sync.RWMutex
	ready map[K]V

	once  sync.Once
	batch *dataloader.Loader[K, V]
}

func newLoader[K comparable, V any](all *Loaders, p plan[K, V]) *Loader[K, V] {
	l := &Loader[K, V]{all: all, plan: p}
	all.made = append(all.made, l)
	return l
}

// Load returns the value of a key, at once where it was read before.
func (l *Loader[K, V]) Load(ctx context.Context, key K) (V, error) {
	if v, ok := l.get(key); ok {
		return v, nil
	}
	l.once.Do(func() {
		l.batch = dataloader.NewBatchedLoader(l.fetch, dataloader.WithWait[K, V](wait),
			// What was read is kept in ready and errors are not kept at all:
			// a failed read may be tried again.
			dataloader.WithCache[K, V](&dataloader.NoCache[K, V]{}))
	})
	v, err := l.batch.Load(ctx, key)()
	return v, err
}

// Prime gives the value of a key that was read elsewhere, unless there is one.
func (l *Loader[K, V]) Prime(key K, v V) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, ok := l.ready[key]; !ok {
		l.expect(1)
		l.ready[key] = v
	}
}

// expect makes room for values. Most loaders of an operation never need it.
func (l *Loader[K, V]) expect(n int) {
	if l.ready == nil {
		l.ready = make(map[K]V, n)
	}
}

// forget drops what was read.
func (l *Loader[K, V]) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	clear(l.ready)
}

// Ready returns the values of those keys that were read and are known.
func (l *Loader[K, V]) Ready(keys []K) []V {
	l.mu.RLock()
	defer l.mu.RUnlock()
	values := make([]V, 0, len(keys))
	for _, k := range keys {
		if v, ok := l.ready[k]; ok {
			values = append(values, v)
		}
	}
	return values
}

func (l *Loader[K, V]) get(key K) (V, bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	v, ok := l.ready[key]
	return v, ok
}

// fetch reads a batch of keys. It runs on the operation's context and not on
// that of the caller who happened to come first, whose cancellation must not
// fail the others.
func (l *Loader[K, V]) fetch(_ context.Context, keys []K) []*dataloader.Result[V] {
	l.all.windows.Add(1)
	round := l.all.Round()
	l.Want(round, keys)
	err := round.Send()
	results := make([]*dataloader.Result[V], len(keys))
	for i, k := range keys {
		v, _ := l.get(k)
		results[i] = &dataloader.Result[V]{Data: v, Error: err}
	}
	return results
}

// Want adds to a round what is needed for those keys that were not read yet.
func (l *Loader[K, V]) Want(r *Round, keys []K) {
	missing := make([]K, 0, len(keys))
	wanted, ok := r.wanted[l].(map[K]struct{})
	if !ok {
		wanted = make(map[K]struct{}, len(keys))
		r.wanted[l] = wanted
	}
	l.mu.RLock()
	for _, k := range keys {
		if _, ok := l.ready[k]; ok {
			continue
		}
		if _, ok := wanted[k]; !ok {
			wanted[k] = struct{}{}
			missing = append(missing, k)
		}
	}
	l.mu.RUnlock()
	if len(missing) == 0 {
		return
	}
	queries, deliver := l.plan(missing)
	r.queries = append(r.queries, queries...)
	r.done = append(r.done, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.expect(len(missing))
		deliver(func(k K, v V) { l.ready[k] = v })
		var none V
		for _, k := range missing {
			if _, ok := l.ready[k]; !ok {
				l.ready[k] = none
			}
		}
	})
}

// Round gathers what several loaders want and reads it in one round trip to the
// database. It is not safe for concurrent use.
type Round struct {
	all     *Loaders
	queries []store.Query
	done    []func()
	wanted  map[any]any // by loader, the set of keys that the round reads already
}

// Round starts a round.
func (l *Loaders) Round() *Round { return &Round{all: l, wanted: map[any]any{}} }

// Add puts a statement of no loader into the round.
func (r *Round) Add(q store.Query) { r.queries = append(r.queries, q) }

// Empty tells whether nothing is wanted.
func (r *Round) Empty() bool { return len(r.queries) == 0 }

// Send reads what is wanted and hands it to the loaders. The round is empty
// afterwards.
func (r *Round) Send() error {
	queries, done := r.queries, r.done
	r.queries, r.done = nil, nil
	clear(r.wanted)
	if err := r.all.Store.Run(r.all.ctx, queries...); err != nil {
		return err
	}
	for _, deliver := range done {
		deliver()
	}
	return nil
}
