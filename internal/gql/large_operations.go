package gql

import (
	"context"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/7p-education/api/edu"
)

const (
	// maxLargeWait is how long a large operation waits for earlier ones.
	maxLargeWait = 5 * time.Second
	// maxLargeWaits is how many large operations of one address wait at a time: with all their variables in
	// memory.
	maxLargeWaits = 32
)

var (
	errLargeWait = &edu.Error{
		Code: edu.Unavailable, RetryAfter: 1,
		Message: "too many large operations at a time: waited " + maxLargeWait.String() + "; try again, or request fewer rows at a time",
	}
	errLargeWaits = &edu.Error{
		Code: edu.Unavailable, RetryAfter: 1,
		Message: "too many large operations at a time: " + strconv.Itoa(maxLargeWaits) + " of this address are waiting; try again, or request fewer rows at a time",
	}
)

// largeOperations limits the large operations that are computed at a time to half of the processors, so that
// all smaller operations find a free one. The others wait. Addresses take turns, so that an address waits for
// one operation of each of the others and not for all of them. It is safe for concurrent use.
type largeOperations struct {
	mu              sync.Mutex
	free            int                        // operations that may begin
	waiting         map[string][]chan struct{} // of each address that waits, in the order of their arrival; closed when one may begin
	turns           []string                   // the addresses that wait, the next one first
	waits, rejected uint64
}

func newLargeOperations() *largeOperations {
	return &largeOperations{free: max(1, runtime.GOMAXPROCS(0)/2), waiting: map[string][]chan struct{}{}}
}

// LargeOperationStats returns how many large operations waited for earlier ones, and how many were rejected:
// they waited too long, too many of their address waited, or their client left.
func (s *Server) LargeOperationStats() (waits, rejected uint64) {
	s.large.mu.Lock()
	defer s.large.mu.Unlock()
	return s.large.waits, s.large.rejected
}

// acquire waits until an operation of an address may begin, for maxLargeWait at most. The operation ends with
// release.
func (l *largeOperations) acquire(ctx context.Context, address string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.free > 0 {
		l.free--
		return nil
	}
	if len(l.waiting[address]) >= maxLargeWaits {
		l.rejected++
		return errLargeWaits
	}
	if l.waiting[address] == nil {
		l.turns = append(l.turns, address)
	}
	turn := make(chan struct{})
	l.waiting[address] = append(l.waiting[address], turn)
	l.waits++
	l.mu.Unlock()
	ctx, cancel := context.WithTimeoutCause(ctx, maxLargeWait, errLargeWait)
	defer cancel()
	select {
	case <-turn:
	case <-ctx.Done():
	}
	l.mu.Lock()
	if l.leaveQueue(address, turn) {
		l.rejected++
		return context.Cause(ctx)
	}
	return nil
}

// leaveQueue removes an operation that waits, and reports whether it did: otherwise it may begin. It is called
// with the lock.
func (l *largeOperations) leaveQueue(address string, turn chan struct{}) bool {
	i := slices.Index(l.waiting[address], turn)
	if i < 0 {
		return false
	}
	l.waiting[address] = slices.Delete(l.waiting[address], i, i+1)
	if len(l.waiting[address]) == 0 {
		delete(l.waiting, address)
		l.turns = slices.DeleteFunc(l.turns, func(a string) bool { return a == address })
	}
	return true
}

// release ends an operation, and lets the first one of the next address begin.
func (l *largeOperations) release() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.turns) == 0 {
		l.free++
		return
	}
	address := l.turns[0]
	l.turns = append(l.turns[1:], address)
	turn := l.waiting[address][0]
	l.leaveQueue(address, turn)
	close(turn)
}
