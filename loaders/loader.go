package loaders

import (
	"context"
	"sync"
	"time"

	"github.com/graph-gophers/dataloader/v7"

	"github.com/7p-education/api/store"
)

// batchWait is how long Load collects keys for a timed batch. The dataloader library waits 16 ms by
// default, at every level of a query. Keys that are prefetched through a Batch do not wait at all.
const batchWait = time.Millisecond

// plan returns how to read the values of keys: the queries to send, and a function that delivers
// the value of each key once the queries have returned their rows.
type plan[K comparable, V any] func(keys []K) (queries []store.Query, deliver func(set func(K, V)))

// Loader batches and caches the reads of one kind of value for the duration of one operation. Keys
// without rows have the zero value.
//
// Keys that are known in advance are read through a Batch (see AddToBatch). A key that is not is
// read through Load, where the dataloader collects the keys of concurrent calls.
type Loader[K comparable, V any] struct {
	loaders *Loaders
	plan    plan[K, V]
	index   int // among Loaders.registered

	mu     sync.RWMutex
	values map[K]V

	once  sync.Once
	timed *dataloader.Loader[K, V]
}

func newLoader[K comparable, V any](loaders *Loaders, p plan[K, V]) *Loader[K, V] {
	l := &Loader[K, V]{loaders: loaders, plan: p, index: len(loaders.registered)}
	loaders.registered = append(loaders.registered, l)
	return l
}

// Load returns the value of a key. It reads the value unless it is cached.
func (l *Loader[K, V]) Load(ctx context.Context, key K) (V, error) {
	if v, ok := l.lookupValue(key); ok {
		return v, nil
	}
	l.once.Do(func() {
		l.timed = dataloader.NewBatchedLoader(l.loadBatch, dataloader.WithWait[K, V](batchWait),
			// Values are cached in l.values. Errors are not cached, so a failed read may be
			// retried.
			dataloader.WithCache[K, V](&dataloader.NoCache[K, V]{}))
	})
	v, err := l.timed.Load(ctx, key)()
	return v, err
}

// Prime caches the value of a key that another query read, unless the key has a value.
func (l *Loader[K, V]) Prime(key K, v V) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, ok := l.values[key]; !ok {
		l.growCache(1)
		l.values[key] = v
	}
}

// growCache allocates the cache for n values, unless it exists. Most loaders of an operation never
// need it.
func (l *Loader[K, V]) growCache(n int) {
	if l.values == nil {
		l.values = make(map[K]V, n)
	}
}

// clearCache drops all cached values.
func (l *Loader[K, V]) clearCache() {
	l.mu.Lock()
	defer l.mu.Unlock()
	clear(l.values)
}

// CachedValues returns the values of the keys that are cached.
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

// loadBatch reads a timed batch of keys. It runs on the context of the operation and not on that of
// the first caller, whose cancellation must not fail the other callers.
func (l *Loader[K, V]) loadBatch(_ context.Context, keys []K) []*dataloader.Result[V] {
	l.loaders.timedBatches.Add(1)
	batch := l.loaders.NewBatch()
	batch.timed = true
	l.AddToBatch(batch, keys)
	err := batch.Send()
	results := make([]*dataloader.Result[V], len(keys))
	for i, k := range keys {
		v, _ := l.lookupValue(k)
		results[i] = &dataloader.Result[V]{Data: v, Error: err}
	}
	return results
}
