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
	// callerDivisor is the ratio of the whole pool to the share of one caller if all is free. The share
	// falls with the square of what is free. With 3, a single caller gets a fifth of the pool, ten
	// greedy callers leave a quarter free, and the next one still gets a fiftieth (TestPoolShares).
	callerDivisor = 3
	// addressDivisor is the same for all callers of one address together. With 2 they get a quarter of the
	// pool, however many accounts they have.
	addressDivisor = 2
)

// Caller is who a request counts for.
type Caller struct {
	// ID identifies the caller: an account, or an address without one.
	ID string
	// Address is the address of the request. It may have requests of many accounts.
	Address string
}

// errBusy rejects a request whose caller holds its share of the pool.
var errBusy = &edu.Error{
	Code: edu.Unavailable, RetryAfter: 1,
	Message: "the server has no memory left for large responses to this caller: read the responses in progress first, or request fewer rows at a time",
}

// Pool is the memory that the responses in progress may take together. Each caller may hold a share, and
// so may each address, which are smaller the less is free. It is safe for concurrent use.
type Pool struct {
	capacity int64

	mu       sync.Mutex
	used     int64
	shares   map[shareKey]*share
	waits    uint64
	rejected uint64
}

// shareKey identifies the share of a caller or of an address.
type shareKey struct {
	divisor int64
	id      string
}

// share is the memory that the requests of a caller, or of an address, hold.
type share struct {
	divisor  int64
	held     int64
	waiting  int
	released chan struct{} // closed by the next release; nil unless a request waits
}

// claim is the two shares that a request counts for.
type claim [2]*share

// NewPool returns a Pool of capacity bytes.
func NewPool(capacity int64) *Pool {
	return &Pool{capacity: capacity, shares: map[shareKey]*share{}}
}

// Stats are the figures of a Pool.
type Stats struct {
	// Capacity and Used are in bytes. Used may exceed Capacity by MinReservation for each request.
	Capacity, Used int64
	// Shares is the number of callers and addresses that hold memory.
	Shares int
	// Waits counts the requests that waited, Rejected the requests that were rejected.
	Waits, Rejected uint64
}

// Stats returns the figures of the pool.
func (p *Pool) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	return Stats{Capacity: p.capacity, Used: p.used, Shares: len(p.shares), Waits: p.waits, Rejected: p.rejected}
}

// admit reserves MinReservation for a new request. If the caller or its address holds more than half of its
// share, the request waits for the earlier ones, after beforeWait, and then goes on: a small response fits in
// any case. Requests in progress never wait, so none waits while it holds memory, a connection or a lock.
func (p *Pool) admit(ctx context.Context, caller Caller, beforeWait func()) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.findClaim(caller)
	if p.mustWait(c) {
		beforeWait()
		if err := p.awaitRelease(ctx, c); err != nil {
			p.forgetIdle(caller, c)
			return err
		}
	}
	p.add(c, MinReservation)
	return nil
}

// keys returns the keys of the caller's claim.
func (c Caller) keys() [2]shareKey {
	return [2]shareKey{{callerDivisor, c.ID}, {addressDivisor, c.Address}}
}

// findClaim returns the shares of a caller. It is called with the lock.
func (p *Pool) findClaim(caller Caller) (c claim) {
	for i, key := range caller.keys() {
		if c[i] = p.shares[key]; c[i] == nil {
			c[i] = &share{divisor: key.divisor}
			p.shares[key] = c[i]
		}
	}
	return c
}

// exceeds reports whether a share must not be of n bytes. It is called with the lock.
func (p *Pool) exceeds(s *share, n int64) bool {
	free := float64(max(p.capacity-p.used, 0)) // squared, it may exceed an int64
	return n > 0 && float64(n)*float64(s.divisor)*float64(p.capacity) > free*free
}

// mustWait reports whether one of the shares is more than half full. It is called with the lock.
func (p *Pool) mustWait(c claim) bool {
	return p.exceeds(c[0], 2*c[0].held) || p.exceeds(c[1], 2*c[1].held)
}

// add adds n bytes to the shares, below 0 to remove them. It is called with the lock.
func (p *Pool) add(c claim, n int64) {
	p.used += n
	for _, s := range c {
		s.held += n
	}
}

// awaitRelease waits until a request must not wait any more, for maxWait at most. It is called with the lock, and
// releases it while it waits.
func (p *Pool) awaitRelease(ctx context.Context, c claim) error {
	p.waits++
	for _, s := range c {
		s.waiting++
		defer func() { s.waiting-- }()
	}
	waiting, cancel := context.WithTimeout(ctx, maxWait)
	defer cancel()
	for p.mustWait(c) {
		ofCaller, ofAddress := c[0].nextRelease(), c[1].nextRelease()
		p.mu.Unlock()
		select {
		case <-ofCaller:
		case <-ofAddress:
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

// nextRelease returns a channel that the next release closes. It is called with the lock.
func (s *share) nextRelease() <-chan struct{} {
	if s.released == nil {
		s.released = make(chan struct{})
	}
	return s.released
}

// grow reserves n more bytes for a caller, unless it or its address would hold more than its share.
func (p *Pool) grow(caller Caller, n int64) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.findClaim(caller)
	p.add(c, n)
	if p.exceeds(c[0], c[0].held) || p.exceeds(c[1], c[1].held) {
		p.add(c, -n)
		p.rejected++
		p.forgetIdle(caller, c)
		return false
	}
	return true
}

// release returns n bytes of a caller.
func (p *Pool) release(caller Caller, n int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.findClaim(caller)
	p.add(c, -n)
	for _, s := range c {
		if s.released != nil {
			close(s.released)
			s.released = nil
		}
	}
	p.forgetIdle(caller, c)
}

// forgetIdle removes the shares that hold nothing. It is called with the lock.
func (p *Pool) forgetIdle(caller Caller, c claim) {
	for i, key := range caller.keys() {
		if c[i].held == 0 && c[i].waiting == 0 {
			delete(p.shares, key)
		}
	}
}
