package invalidation

import (
	"context"
	"sync"
)

// coalescer runs one thing at a time for all who ask. Who comes while it runs waits for
// the next run: the one under way may have begun before what he must see. So the
// runs that many ask for at once are few, and each answer is as fresh as if he had
// asked alone (the read index of Ongaro's Raft, section 6.4).
type coalescer struct {
	run func() error

	mu   sync.Mutex
	busy bool
	next *pendingRun
}

type pendingRun struct {
	done chan struct{}
	err  error
}

// awaitRun returns after a run that began after it was called.
func (r *coalescer) awaitRun(ctx context.Context) error {
	r.mu.Lock()
	if !r.busy {
		r.busy = true
		r.mu.Unlock()
		defer r.runPending()
		return r.run()
	}
	if r.next == nil {
		r.next = &pendingRun{done: make(chan struct{})}
	}
	pending := r.next
	r.mu.Unlock()
	select {
	case <-pending.done:
		return pending.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// runPending has others make the runs that are waited for: one goroutine makes them all, as
// the stack of a new one would have to grow for each.
func (r *coalescer) runPending() {
	next := r.takePending()
	if next == nil {
		return
	}
	go func() {
		for ; next != nil; next = r.takePending() {
			next.err = r.run()
			close(next.done)
		}
	}()
}

// takePending returns the next run, or nil where nobody waits for one.
func (r *coalescer) takePending() *pendingRun {
	r.mu.Lock()
	defer r.mu.Unlock()
	next := r.next
	r.next = nil
	r.busy = next != nil
	return next
}
