package admission

import (
	"container/list"
	"context"
	"errors"
	"sync"
	"time"
)

// Priority orders the queries that wait for a slot. The first constants are served first, and rejected last.
type Priority uint8

// The priorities, the highest first.
const (
	Trusted   Priority = iota // trusted documents
	SignedIn                  // other queries of signed-in viewers, and executions of streams
	Anonymous                 // other queries of anonymous viewers, and work that no client waits for
	Expensive                 // queries that take 10 ms of a processor or more, of any viewer
	priorities
)

// Priorities are all priorities, the highest first.
var Priorities = [...]Priority{Trusted, SignedIn, Anonymous, Expensive}

// String returns the priority as metrics have it.
func (p Priority) String() string {
	return [...]string{"trusted", "signed_in", "anonymous", "expensive"}[p]
}

const (
	// maxQueued is the maximum number of queries that wait.
	maxQueued = 1000
	// burstInterval is how long the queue may be in use before the server counts as overloaded. Until then queries wait
	// for up to their burstWaits, so that a burst of requests is served as a whole.
	burstInterval = 200 * time.Millisecond
	// calmInterval is how long the server counts as overloaded after the queue was last in use for burstInterval. Short
	// waits empty the queue: without it, each further query of an overload would begin a burst.
	calmInterval = time.Second
	// minOverloadWait is the minimum wait of a query while the server is overloaded. It is the mean time that queries
	// take: a longer queue delays all of them, and lets the server execute no more of them.
	minOverloadWait = 5 * time.Millisecond
)

// burstWaits are the maximum waits in a burst. Those of the lower priorities are shorter: in an overload they wait
// longest, until others have gone before them, and a gap in the queue begins a burst.
var burstWaits = [priorities]time.Duration{
	Trusted: 500 * time.Millisecond, SignedIn: 500 * time.Millisecond, Anonymous: 150 * time.Millisecond, Expensive: 100 * time.Millisecond,
}

// ErrOverloaded is the error of a query that got no slot in time.
var ErrOverloaded = errors.New("the server is overloaded")

// Options configure a Limiter.
type Options struct {
	// Limit is the fixed number of slots; 0 for one that adapts between Min and Max.
	Limit int
	// Min and Max are the bounds of a limit that adapts, at least 1. It begins with twice the minimum.
	Min, Max int
}

// Limiter limits the queries that are executed at a time. It is safe for concurrent use.
type Limiter struct {
	mu         sync.Mutex
	estimate   limitEstimate
	inProgress int
	writes     int                   // that occupy a slot without a wait
	queues     [priorities]list.List // of *waiter, in the order of their arrival
	queued     int
	queuedFrom time.Time // since when the queue has not been empty; valid while it is not
	lastLong   time.Time // when the queue was last found in use for burstInterval
	rejected   [priorities]uint64
}

// waiter is a query that waits for a slot.
type waiter struct {
	outcome chan error // receives nil with a slot, or ErrOverloaded if the query had to leave its place in a full queue
	place   *list.Element
}

// New returns a Limiter.
func New(o Options) *Limiter { return &Limiter{estimate: newLimitEstimate(o)} }

// Slot is the right of one query to be executed.
type Slot struct {
	limiter *Limiter
	start   time.Time
}

// Acquire returns a slot, after a wait if none is free. It returns ErrOverloaded if the query waited too long or the queue
// is full, and the cause of the context if that ends earlier. Release must be called on the slot.
func (l *Limiter) Acquire(ctx context.Context, p Priority) (*Slot, error) {
	l.mu.Lock()
	if l.inProgress < l.slots() {
		l.beginQuery()
		l.mu.Unlock()
		return &Slot{l, time.Now()}, nil
	}
	if !l.makeRoom(p) {
		l.rejected[p]++
		l.mu.Unlock()
		return nil, ErrOverloaded
	}
	w, patience := l.enqueue(p), l.patience(p)
	l.mu.Unlock()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	err := ErrOverloaded
	select {
	case err = <-w.outcome:
		return l.newSlot(err)
	case <-timer.C:
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case granted := <-w.outcome: // between the end of the wait and the lock
		return l.newSlot(granted)
	default:
	}
	l.dequeue(w, p)
	if ctx.Err() == nil {
		l.rejected[p]++
	}
	return nil, err
}

func (l *Limiter) newSlot(err error) (*Slot, error) {
	if err != nil {
		return nil, err
	}
	return &Slot{l, time.Now()}, nil
}

// Release ends the query of a slot. connWait is how much of its time the query waited for connections to databases.
func (s *Slot) Release(connWait time.Duration) {
	now := time.Now()
	l := s.limiter
	l.mu.Lock()
	defer l.mu.Unlock()
	l.inProgress--
	l.estimate.addSample(now, now.Sub(s.start), connWait)
	l.grantSlots()
}

// AddWrites adds to the number of writes in progress, which occupy slots without a wait for them. Of a limit that
// adapts, one slot remains for queries.
func (l *Limiter) AddWrites(delta int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.writes += delta
	l.estimate.observeUse(l.inProgress + l.writes)
	l.grantSlots()
}

// slots returns the number of slots for queries.
func (l *Limiter) slots() int { return max(1, l.estimate.slots()-l.writes) }

// grantSlots gives the free slots to queries that wait.
func (l *Limiter) grantSlots() {
	for l.queued > 0 && l.inProgress < l.slots() {
		l.grantSlot()
	}
}

// grantSlot gives a slot to the first query of the highest priority that waits.
func (l *Limiter) grantSlot() {
	for p := range l.queues {
		if front := l.queues[p].Front(); front != nil {
			w := front.Value.(*waiter) //nolint:forcetypeassert // of enqueue
			l.dequeue(w, Priority(p))
			l.beginQuery()
			w.outcome <- nil
			return
		}
	}
}

func (l *Limiter) beginQuery() {
	l.inProgress++
	l.estimate.observeUse(l.inProgress + l.writes)
}

// makeRoom reports whether the queue has a place for a query. If it is full, the last query of the lowest priority
// leaves it for one of a higher priority.
func (l *Limiter) makeRoom(p Priority) bool {
	if l.queued < maxQueued {
		return true
	}
	for lowest := Expensive; lowest > p; lowest-- {
		if back := l.queues[lowest].Back(); back != nil {
			w := back.Value.(*waiter) //nolint:forcetypeassert // of enqueue
			l.dequeue(w, lowest)
			l.rejected[lowest]++
			w.outcome <- ErrOverloaded
			return true
		}
	}
	return false
}

func (l *Limiter) enqueue(p Priority) *waiter {
	if l.queued == 0 {
		l.queuedFrom = time.Now()
	}
	l.queued++
	w := &waiter{outcome: make(chan error, 1)}
	w.place = l.queues[p].PushBack(w)
	return w
}

func (l *Limiter) dequeue(w *waiter, p Priority) {
	l.queues[p].Remove(w.place)
	l.queued--
}

// RejectIfOverloaded returns ErrOverloaded, as Acquire after its wait, if the server is overloaded: for a query of the
// lowest priorities that would wait for something else before its slot.
func (l *Limiter) RejectIfOverloaded(p Priority) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.isOverloaded() {
		return nil
	}
	l.rejected[p]++
	return ErrOverloaded
}

// patience returns how long a query of a priority waits that arrives now. While the queue does not become empty, the wait
// is short (controlled delay: https://queue.acm.org/detail.cfm?id=2839461).
func (l *Limiter) patience(p Priority) time.Duration {
	if !l.isOverloaded() {
		return burstWaits[p]
	}
	return min(max(l.estimate.recent, minOverloadWait), burstWaits[p])
}

// isOverloaded reports whether the queue has been in use for burstInterval, now or within calmInterval.
func (l *Limiter) isOverloaded() bool {
	now := time.Now()
	if l.queued > 0 && now.Sub(l.queuedFrom) >= burstInterval {
		l.lastLong = now
	}
	return now.Sub(l.lastLong) < calmInterval
}

// Stats are the current sizes, and counts since the start of the process.
type Stats struct {
	Limit, InProgress, Queued int
	// Rejected are the queries that got no slot, by priority.
	Rejected [len(Priorities)]uint64
}

// Stats returns the current sizes and counts.
func (l *Limiter) Stats() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	return Stats{Limit: l.slots(), InProgress: l.inProgress, Queued: l.queued, Rejected: l.rejected}
}
