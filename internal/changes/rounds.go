package changes

import (
	"context"
	"sync"
)

// rounds runs one thing at a time for all who ask. Who comes while it runs waits for
// the next run: the one under way may have begun before what he must see. So the
// runs that many ask for at once are few, and each answer is as fresh as if he had
// asked alone (the read index of Ongaro's Raft, section 6.4).
type rounds struct {
	run func() error

	mu   sync.Mutex
	busy bool
	next *round
}

type round struct {
	done chan struct{}
	err  error
}

// wait returns after a run that began after it was called.
func (r *rounds) wait(ctx context.Context) error {
	r.mu.Lock()
	if !r.busy {
		r.busy = true
		r.mu.Unlock()
		defer r.pass()
		return r.run()
	}
	if r.next == nil {
		r.next = &round{done: make(chan struct{})}
	}
	mine := r.next
	r.mu.Unlock()
	select {
	case <-mine.done:
		return mine.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// pass has others make the runs that are waited for: one goroutine makes them all, as
// the stack of a new one would have to grow for each.
func (r *rounds) pass() {
	next := r.take()
	if next == nil {
		return
	}
	go func() {
		for ; next != nil; next = r.take() {
			next.err = r.run()
			close(next.done)
		}
	}()
}

// take returns the next run, or nil where nobody waits for one.
func (r *rounds) take() *round {
	r.mu.Lock()
	defer r.mu.Unlock()
	next := r.next
	r.next = nil
	r.busy = next != nil
	return next
}
