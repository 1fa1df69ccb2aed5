package cache

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// maxQueuedBytes limits the memory of writes that wait for Redis; further ones are dropped.
	maxQueuedBytes = 8 << 20
	// writeOverhead counts for each queued write, beside its size.
	writeOverhead = 1 << 10
	// drainTimeout is how long Close waits for queued writes.
	drainTimeout = time.Second
)

// backgroundWrite is a write that no request waits for.
type backgroundWrite struct {
	size int
	run  func(context.Context, redis.UniversalClient) error
	done func()
}

// writeQueue runs writes in the background, one after the other. Its goroutine exists only while there
// are writes.
type writeQueue struct {
	runWrite func(backgroundWrite)
	dropped  atomic.Uint64

	mu      sync.Mutex
	waiting []backgroundWrite
	bytes   int           // of the waiting writes and the running one
	idle    chan struct{} // closed when no write is left; nil while there is none
}

// addWrite queues a write, or drops it and returns false if the queue is full.
func (q *writeQueue) addWrite(w backgroundWrite) bool {
	w.size += writeOverhead
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.bytes+w.size > maxQueuedBytes {
		q.dropped.Add(1)
		return false
	}
	q.bytes += w.size
	q.waiting = append(q.waiting, w)
	if q.idle == nil {
		q.idle = make(chan struct{})
		go q.runWrites()
	}
	return true
}

// awaitIdle returns when no write is left. Writes may be added meanwhile.
func (q *writeQueue) awaitIdle() {
	q.mu.Lock()
	idle := q.idle
	q.mu.Unlock()
	if idle != nil {
		<-idle
	}
}

func (q *writeQueue) runWrites() {
	for {
		q.mu.Lock()
		if len(q.waiting) == 0 {
			close(q.idle)
			q.idle, q.waiting = nil, nil
			q.mu.Unlock()
			return
		}
		w := q.waiting[0]
		q.waiting[0], q.waiting = backgroundWrite{}, q.waiting[1:]
		q.mu.Unlock()
		q.runWrite(w)
		q.mu.Lock()
		q.bytes -= w.size
		q.mu.Unlock()
	}
}

// RunInBackground queues a write of about size bytes and calls done after it has succeeded, failed or was
// skipped. If too many bytes are queued already, the write is dropped: RunInBackground returns false and
// does not call done. Writes run one after the other, under the rules of RunLarge.
func (r *Redis) RunInBackground(size int, run func(context.Context, redis.UniversalClient) error, done func()) bool {
	return r.writes.addWrite(backgroundWrite{size, run, done})
}

// AwaitWrites returns when no write is queued.
func (r *Redis) AwaitWrites() { r.writes.awaitIdle() }

func (r *Redis) runWrite(w backgroundWrite) {
	if r.draining.Err() != nil {
		r.writes.dropped.Add(1)
	} else {
		_ = r.RunLarge(r.draining, w.size, w.run)
	}
	w.done()
}

// drainWrites waits for queued writes, and drops the rest after drainTimeout.
func (r *Redis) drainWrites() {
	defer time.AfterFunc(drainTimeout, r.endDraining).Stop()
	r.writes.awaitIdle()
}
