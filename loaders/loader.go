package loaders

import (
	"context"
	"sync"
	"time"

	"github.com/graph-gophers/dataloader/v7"

	"github.com/7p-education/api/store"
)

// batchWait is how long a loader that nobody planned for collects keys. The library's
// default of 16 ms is paid at every level of a query; what Round reads ahead
// waits for nothing at all.
const batchWait = time.Millisecond

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
	loaders *Loaders
	plan    plan[K, V]

	mu     sync.RWMutex
	values map[K]V

	once  sync.Once
	timed *dataloader.Loader[K, V]
}

func newLoader[K comparable, V any](loaders *Loaders, p plan[K, V]) *Loader[K, V] {
	l := &Loader[K, V]{loaders: loaders, plan: p}
	loaders.registered = append(loaders.registered, l)
	return l
}

// Load returns the value of a key, at once where it was read before.
func (l *Loader[K, V]) Load(ctx context.Context, key K) (V, error) {
	if v, ok := l.lookupValue(key); ok {
		return v, nil
	}
	l.once.Do(func() {
		l.timed = dataloader.NewBatchedLoader(l.loadBatch, dataloader.WithWait[K, V](batchWait),
			// What was read is kept in ready and errors are not kept at all:
			// a failed read may be tried again.
			dataloader.WithCache[K, V](&dataloader.NoCache[K, V]{}))
	})
	v, err := l.timed.Load(ctx, key)()
	return v, err
}

// Prime gives the value of a key that was read elsewhere, unless there is one.
func (l *Loader[K, V]) Prime(key K, v V) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, ok := l.values[key]; !ok {
		l.growCache(1)
		l.values[key] = v
	}
}

// growCache makes room for values. Most loaders of an operation never need it.
func (l *Loader[K, V]) growCache(n int) {
	if l.values == nil {
		l.values = make(map[K]V, n)
	}
}

// clearCache drops what was read.
func (l *Loader[K, V]) clearCache() {
	l.mu.Lock()
	defer l.mu.Unlock()
	clear(l.values)
}

// CachedValues returns the values of those keys that were read and are known.
func (l *Loader[K, V]) CachedValues(keys []K) []V {
	l.mu.RLock()
	defer l.mu.RUnlock()
	values := make([]V, 0, len(keys))
	for _, k := range keys {
		if v, ok := l.values[k]; ok {
			values = append(values, v)
		}
	}
	return values
}

func (l *Loader[K, V]) lookupValue(key K) (V, bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	v, ok := l.values[key]
	return v, ok
}

// loadBatch reads a batch of keys. It runs on the operation's context and not on
// that of the caller who happened to come first, whose cancellation must not
// fail the others.
func (l *Loader[K, V]) loadBatch(_ context.Context, keys []K) []*dataloader.Result[V] {
	l.loaders.timedBatches.Add(1)
	batch := l.loaders.NewBatch()
	l.AddToBatch(batch, keys)
	err := batch.Send()
	results := make([]*dataloader.Result[V], len(keys))
	for i, k := range keys {
		v, _ := l.lookupValue(k)
		results[i] = &dataloader.Result[V]{Data: v, Error: err}
	}
	return results
}

// AddToBatch adds to a round what is needed for those keys that were not read yet.
func (l *Loader[K, V]) AddToBatch(b *Batch, keys []K) {
	missing := make([]K, 0, len(keys))
	pending, ok := b.pendingKeys[l].(map[K]struct{})
	if !ok {
		pending = make(map[K]struct{}, len(keys))
		b.pendingKeys[l] = pending
	}
	l.mu.RLock()
	for _, k := range keys {
		if _, ok := l.values[k]; ok {
			continue
		}
		if _, ok := pending[k]; !ok {
			pending[k] = struct{}{}
			missing = append(missing, k)
		}
	}
	l.mu.RUnlock()
	if len(missing) == 0 {
		return
	}
	queries, deliver := l.plan(missing)
	b.queries = append(b.queries, queries...)
	b.deliveries = append(b.deliveries, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.growCache(len(missing))
		deliver(func(k K, v V) { l.values[k] = v })
		var none V
		for _, k := range missing {
			if _, ok := l.values[k]; !ok {
				l.values[k] = none
			}
		}
	})
}

// Batch gathers what several loaders want and reads it in one round trip to the
// database. It is not safe for concurrent use.
type Batch struct {
	loaders     *Loaders
	queries     []store.Query
	deliveries  []func()
	pendingKeys map[any]any // by loader, the set of keys that the round reads already
}

// NewBatch starts a round.
func (l *Loaders) NewBatch() *Batch { return &Batch{loaders: l, pendingKeys: map[any]any{}} }

// AddQuery puts a statement of no loader into the round.
func (r *Batch) AddQuery(q store.Query) { r.queries = append(r.queries, q) }

// IsEmpty tells whether nothing is wanted.
func (r *Batch) IsEmpty() bool { return len(r.queries) == 0 }

// Send reads what is wanted and hands it to the loaders. The round is empty
// afterwards.
func (r *Batch) Send() error {
	queries, done := r.queries, r.deliveries
	r.queries, r.deliveries = nil, nil
	clear(r.pendingKeys)
	if err := r.loaders.Store.RunQueries(r.loaders.ctx, queries...); err != nil {
		return err
	}
	for _, deliver := range done {
		deliver()
	}
	return nil
}
