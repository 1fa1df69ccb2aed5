package invalidation

import (
	"context"
	"sync"
)

// coalescer runs a function, one run at a time, for all callers. A caller that arrives during
// a run waits for the next one, because the current run may have begun before the state that
// the caller must see. So many concurrent callers cost few runs, and each gets a result as
// fresh as that of a run of its own (the read index of Ongaro's Raft, section 6.4).
type coalescer struct {
	run func() error

	mu   sync.Mutex
	busy bool
	next *pendingRun
}

// pendingRun is the next run, for the callers that wait for it.
type pendingRun struct {
	done chan struct{}
	err  error
}

// awaitRun returns the result of a run that began after awaitRun was called.
func (c *coalescer) awaitRun(ctx context.Context) error {
	c.mu.Lock()
	if !c.busy {
		c.busy = true
		c.mu.Unlock()
		defer c.runPending()
		return c.run()
	}
	if c.next == nil {
		c.next = &pendingRun{done: make(chan struct{})}
	}
	pending := c.next
	c.mu.Unlock()
	select {
	case <-pending.done:
		return pending.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// runPending starts the runs that callers wait for. A single goroutine makes them all: the
// stack of a new one would have to grow for each run.
func (c *coalescer) runPending() {
	next := c.takePending()
	if next == nil {
		return
	}
	go func() {
		for ; next != nil; next = c.takePending() {
			next.err = c.run()
			close(next.done)
		}
	}()
}

// takePending returns the next run, or nil if no caller waits for one.
func (c *coalescer) takePending() *pendingRun {
	c.mu.Lock()
	defer c.mu.Unlock()
	next := c.next
	c.next = nil
	c.busy = next != nil
	return next
}
