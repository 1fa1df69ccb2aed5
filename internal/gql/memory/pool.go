package memory

import (
	"context"
	"sync"
	"time"

	"github.com/7p-education/api/edu"
)

const (
	// MinReservation is the memory that every request gets in any case. A response of up to this size
	// never waits for other requests, and is never rejected because of them.
	MinReservation = 64 << 10
	// maxWait is how long a new request waits for the memory of earlier requests of its caller.
	maxWait = time.Second
	// shareDivisor is the ratio of the whole pool to the share of one caller if all is free. The share
	// falls with the square of what is free. With 3, a single caller gets a fifth of the pool, ten
	// greedy callers leave a quarter free, and the next one still gets a fiftieth (TestPoolShares).
	shareDivisor = 3
)

// errBusy rejects a request whose caller holds its share of the pool.
var errBusy = &edu.Error{
	Code: edu.Unavailable, RetryAfter: 1,
	Message: "the server has no memory left for large responses to this caller: read the responses in progress first, or request fewer rows at a time",
}

// Pool is the memory that the responses in progress may take together. Each caller may hold a share,
// which is smaller the less is free. It is safe for concurrent use.
type Pool struct {
	capacity int64

	mu       sync.Mutex
	used     int64
	callers  map[string]*callerMemory
	waits    uint64
	rejected uint64
}

// callerMemory is the memory that the requests of one caller hold.
type callerMemory struct {
	held     int64
	waiting  int
	released chan struct{} // closed by the next release; nil unless a request waits
}

// NewPool returns a Pool of capacity bytes.
func NewPool(capacity int64) *Pool {
	return &Pool{capacity: capacity, callers: map[string]*callerMemory{}}
}

// Stats are the figures of a Pool.
type Stats struct {
	// Capacity and Used are in bytes. Used may exceed Capacity by MinReservation for each request.
	Capacity, Used int64
	// Callers is the number of callers that hold memory.
	Callers int
	// Waits counts the requests that waited, Rejected the requests that were rejected.
	Waits, Rejected uint64
}

// Stats returns the figures of the pool.
func (p *Pool) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	return Stats{Capacity: p.capacity, Used: p.used, Callers: len(p.callers), Waits: p.waits, Rejected: p.rejected}
}

// admit reserves MinReservation for a new request. If the caller holds more than half of its share, the
// request waits for the earlier ones, after beforeWait, and then goes on: a small response fits in any
// case. Requests in progress never wait, so none waits while it holds memory, a connection or a lock.
func (p *Pool) admit(ctx context.Context, caller string, beforeWait func()) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.findCaller(caller)
	if p.exceedsShare(2 * c.held) {
		beforeWait()
		if err := p.awaitRelease(ctx, c); err != nil {
			p.forgetIdle(caller, c)
			return err
		}
	}
	c.held += MinReservation
	p.used += MinReservation
	return nil
}

// findCaller returns the memory of a caller. It is called with the lock.
func (p *Pool) findCaller(caller string) *callerMemory {
	c := p.callers[caller]
	if c == nil {
		c = &callerMemory{}
		p.callers[caller] = c
	}
	return c
}

// exceedsShare reports whether a caller must not hold n bytes.
func (p *Pool) exceedsShare(n int64) bool {
	free := float64(max(p.capacity-p.used, 0)) // squared, it may exceed an int64
	return n > 0 && float64(n)*shareDivisor*float64(p.capacity) > free*free
}

// awaitRelease waits until a caller holds at most half of its share, for maxWait at most. It is called with the lock, and
// releases it while it waits.
func (p *Pool) awaitRelease(ctx context.Context, c *callerMemory) error {
	p.waits++
	c.waiting++
	defer func() { c.waiting-- }()
	waiting, cancel := context.WithTimeout(ctx, maxWait)
	defer cancel()
	for p.exceedsShare(2 * c.held) {
		if c.released == nil {
			c.released = make(chan struct{})
		}
		released := c.released
		p.mu.Unlock()
		select {
		case <-released:
		case <-waiting.Done():
		}
		p.mu.Lock()
		switch {
		case ctx.Err() != nil:
			p.rejected++
			return context.Cause(ctx)
		case waiting.Err() != nil:
			return nil
		}
	}
	return nil
}

// grow reserves n more bytes for a caller, unless it would hold more than its share.
func (p *Pool) grow(caller string, n int64) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.findCaller(caller)
	p.used += n
	if p.exceedsShare(c.held + n) {
		p.used -= n
		p.rejected++
		p.forgetIdle(caller, c)
		return false
	}
	c.held += n
	return true
}

// release returns n bytes of a caller.
func (p *Pool) release(caller string, n int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.callers[caller]
	c.held -= n
	p.used -= n
	if c.released != nil {
		close(c.released)
		c.released = nil
	}
	p.forgetIdle(caller, c)
}

// forgetIdle removes a caller that holds nothing.
func (p *Pool) forgetIdle(caller string, c *callerMemory) {
	if c.held == 0 && c.waiting == 0 {
		delete(p.callers, caller)
	}
}
