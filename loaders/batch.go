package loaders

import (
	"math"

	"github.com/7p-education/api/internal/observe"
	"github.com/7p-education/api/store"
)

// Batch collects the queries of several loaders and sends them in one database round trip. It is
// not safe for concurrent use.
type Batch struct {
	loaders     *Loaders
	queries     []store.Query
	deliveries  []func()
	pendingKeys map[any]any    // by loader, the set of keys that the batch already reads
	loads       []observe.Load // what the loaders read
	timed       bool           // a loader has waited for the keys
	field       Field          // whose keys are added
}

// Field is a field of a type, the zero value if it is not known.
type Field struct{ Type, Name string }

// SetField names the field whose keys are added next.
func (b *Batch) SetField(f Field) { b.field = f }

// NewBatch returns an empty batch.
func (l *Loaders) NewBatch() *Batch { return &Batch{loaders: l, pendingKeys: map[any]any{}} }

// AddQuery adds a query that belongs to no loader.
func (b *Batch) AddQuery(q store.Query) { b.queries = append(b.queries, q) }

// IsEmpty reports whether the batch has no queries.
func (b *Batch) IsEmpty() bool { return len(b.queries) == 0 }

// Send runs the queries and delivers their values to the loaders. The batch is empty afterwards.
func (b *Batch) Send() error {
	queries, deliveries := b.queries, b.deliveries
	for i := range b.loads { // FromEnd counts from the beginning until now
		b.loads[i].FromEnd = int16(min(len(queries)-int(b.loads[i].FromEnd), math.MaxInt16))
	}
	ctx := observe.WithLoads(b.loaders.ctx, b.loads)
	b.queries, b.deliveries, b.loads = nil, nil, nil
	clear(b.pendingKeys)
	if err := b.loaders.Store.RunQueries(ctx, queries...); err != nil {
		return err
	}
	for _, deliver := range deliveries {
		deliver()
	}
	return nil
}

// AddToBatch adds the queries for the keys that are neither cached nor already in the batch.
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
	b.loads = append(b.loads, observe.Load{
		Loader: loaderName(l.index), Keys: len(missing), Type: b.field.Type, Field: b.field.Name, Timed: b.timed,
		Statements: int16(min(len(queries), math.MaxInt16)), FromEnd: int16(min(len(b.queries), math.MaxInt16)),
	})
	b.queries = append(b.queries, queries...)
	b.deliveries = append(b.deliveries, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.growCache(len(missing))
		deliver(func(k K, v V) { l.values[k] = v })
		var zero V
		for _, k := range missing {
			if _, ok := l.values[k]; !ok {
				l.values[k] = zero
			}
		}
	})
}
