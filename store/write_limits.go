package store

import (
	"context"
	"hash/fnv"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/7p-education/api/edu"
)

const (
	// lockTimeout limits how long a statement waits for a lock. It is longer than the server's own
	// writes hold one, and short enough that a row locked by another client does not use up the
	// connections of the pool.
	lockTimeout = 2 * time.Second
	// slotTimeout limits how long a write waits for its row's queue, and then for a slot.
	slotTimeout = 2 * time.Second
	// maxWritersPerRow limits the writers of one row that occupy a connection: one writes while the
	// next waits for its lock. All others wait in the process.
	maxWritersPerRow = 2
)

// writeLimits limits the connections of a pool that writes occupy:
//
//   - three quarters for writes, so that some are always left for reads
//   - half for idempotent writes, which occupy theirs until their payload is read
//   - maxWritersPerRow for the writers of one row, and one less than the half above: a row that is
//     waited for leaves slots to the writers of other rows
type writeLimits struct {
	writes, idempotent *semaphore.Weighted
	rows               *keyedQueue[rowKey]
	observe            func(delta int) // the writes that wait for a slot or have one; nil for no observer
}

func newWriteLimits(conns int32) *writeLimits {
	share := func(quarters int32) int64 { return int64(max(1, quarters*conns/4)) }
	return &writeLimits{
		writes: semaphore.NewWeighted(share(3)), idempotent: semaphore.NewWeighted(share(2)),
		rows: newKeyedQueue[rowKey](max(1, min(maxWritersPerRow, share(2)-1))),
	}
}

// ObserveWrites calls observe with 1 whenever a write has left the queue of its row, and needs a connection, and with -1
// when it needs none any more. It must be called before the first write.
func (s *Store) ObserveWrites(observe func(delta int)) { s.limits.observe = observe }

// rowKey names the row that a write waits for. The zero rowKey names none: the write has no queue.
type rowKey struct {
	table string
	id    int64
}

func courseRow(id int64) rowKey { return rowKey{"courses", id} }

func userRow(id int64) rowKey { return rowKey{"users", id} }

// textRow returns the rowKey of a row that a text identifies, ignoring case. Two texts that share a
// hash only queue together.
func textRow(table, text string) rowKey {
	h := fnv.New64a()
	_, _ = h.Write([]byte(strings.ToLower(text)))
	return rowKey{table, int64(h.Sum64())}
}

var (
	errNoSlot    = edu.Errorf(edu.Unavailable, "too many concurrent writes: waited %s; try again", slotTimeout)
	errRowQueued = edu.Errorf(edu.Unavailable, "too many concurrent writes of the same data: waited %s; try again", slotTimeout)
	errKeyInUse  = edu.Errorf(edu.Unavailable, "a request with this Idempotency-Key is still in progress: waited %s; send it again", slotTimeout)
)

// acquire acquires a place in the queue of a row, and then a slot of each of some semaphores. It
// returns a function that releases them.
func (l *writeLimits) acquire(ctx context.Context, row rowKey, slots ...*semaphore.Weighted) (release func(), err error) {
	var held []func()
	release = sync.OnceFunc(func() {
		for _, f := range slices.Backward(held) {
			f()
		}
	})
	if row != (rowKey{}) {
		leave, err := l.rows.acquire(ctx, row, errRowQueued)
		if err != nil {
			return nil, err
		}
		held = append(held, leave)
	}
	if l.observe != nil {
		l.observe(1)
		held = append(held, func() { l.observe(-1) })
	}
	for _, s := range slots {
		free, err := acquireSlot(ctx, s, errNoSlot)
		if err != nil {
			release()
			return nil, err
		}
		held = append(held, free)
	}
	return release, nil
}

// acquireSlot acquires a slot and returns a function that releases it. It fails with timeout if no
// slot is free within slotTimeout.
func acquireSlot(ctx context.Context, slots *semaphore.Weighted, timeout error) (release func(), err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, slotTimeout, timeout)
	defer cancel()
	if slots.Acquire(ctx, 1) != nil {
		return nil, context.Cause(ctx)
	}
	return func() { slots.Release(1) }, nil
}

// keyedQueue is a semaphore for each key in use. Callers that wait for a key acquire it in the order
// of their arrival.
type keyedQueue[K comparable] struct {
	slots int64 // of each key

	mu   sync.Mutex
	keys map[K]*queue
}

// queue is the semaphore of one key. The keyedQueue drops it with its last user.
type queue struct {
	slots *semaphore.Weighted
	users int // that hold a slot or wait for one
}

func newKeyedQueue[K comparable](slots int64) *keyedQueue[K] {
	return &keyedQueue[K]{slots: slots, keys: map[K]*queue{}}
}

// acquire acquires a slot of a key as acquireSlot does.
func (q *keyedQueue[K]) acquire(ctx context.Context, key K, timeout error) (release func(), err error) {
	q.mu.Lock()
	entry := q.keys[key]
	if entry == nil {
		entry = &queue{slots: semaphore.NewWeighted(q.slots)}
		q.keys[key] = entry
	}
	entry.users++
	q.mu.Unlock()
	leave := func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		if entry.users--; entry.users == 0 {
			delete(q.keys, key)
		}
	}
	free, err := acquireSlot(ctx, entry.slots, timeout)
	if err != nil {
		leave()
		return nil, err
	}
	return func() { free(); leave() }, nil
}
