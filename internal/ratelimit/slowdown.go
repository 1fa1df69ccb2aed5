package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"
)

const (
	// maxDelay leaves a request most of the 15 s within which it must be read.
	maxDelay = 5 * time.Second
	// maxAfter limits the arithmetic to 64 bits.
	maxAfter = 1_000_000
	// maxDelayed is the maximum number of requests that this process delays at a time. Each holds a
	// goroutine and its connection, about 10 kB.
	maxDelayed = 1000
)

// Slowdown is a growing delay: each request of a window after the first After waits one Step longer
// than the one before, up to MaxDelay. The zero Slowdown delays nothing.
type Slowdown struct {
	After          int
	Step, MaxDelay time.Duration
}

// Disabled reports whether no request is delayed.
func (s Slowdown) Disabled() bool { return s.Step == 0 }

// ParseSlowdown parses "off" or "after:step:most", such as "50:100ms:2s". The error says what is
// invalid and gives an example.
func ParseSlowdown(s string) (Slowdown, error) {
	if s == "off" {
		return Slowdown{}, nil
	}
	slow, err := parseSlowdown(s)
	if err != nil {
		return Slowdown{}, fmt.Errorf("slow-down %q: %w; write \"off\" or \"after:step:most\", such as \"50:100ms:2s\"", s, err)
	}
	return slow, nil
}

func parseSlowdown(s string) (Slowdown, error) {
	parts := strings.Split(s, ":")
	if len(parts) != 3 {
		return Slowdown{}, errors.New("not three parts")
	}
	after, err := strconv.Atoi(parts[0])
	if err != nil || after < 0 || after > maxAfter {
		return Slowdown{}, fmt.Errorf("%q is not a number of requests from 0 to %d", parts[0], maxAfter)
	}
	step, stepErr := time.ParseDuration(parts[1])
	maximum, maximumErr := time.ParseDuration(parts[2])
	switch {
	case stepErr != nil:
		return Slowdown{}, fmt.Errorf("%q is not a duration", parts[1])
	case maximumErr != nil:
		return Slowdown{}, fmt.Errorf("%q is not a duration", parts[2])
	case step < time.Millisecond || maximum < step || maximum > maxDelay:
		return Slowdown{}, fmt.Errorf("the step must be 1ms or more, and the maximum between the step and %v", maxDelay)
	}
	return Slowdown{After: after, Step: step, MaxDelay: maximum}, nil
}

// String returns the form that ParseSlowdown parses.
func (s Slowdown) String() string {
	if s.Disabled() {
		return "off"
	}
	return fmt.Sprintf("%d:%s:%s", s.After, s.Step, s.MaxDelay)
}

// scaleToLimit returns the Slowdown for another limit, which begins at the same share of it.
func (s Slowdown) scaleToLimit(limit, base int) Slowdown {
	if base > 0 {
		s.After = s.After * limit / base
	}
	return s
}

// requestDelay returns the delay of the request that is number used in the window.
func (s Slowdown) requestDelay(used int) time.Duration {
	excess := time.Duration(used - s.After)
	if s.Disabled() || excess <= 0 {
		return 0
	}
	if excess >= s.MaxDelay/s.Step {
		return s.MaxDelay
	}
	return excess * s.Step
}

// delayQueue delays at most maxDelayed requests at a time, and counts them.
type delayQueue struct {
	delayedKind         string // what it delays, for a message
	slots               *semaphore.Weighted
	delayed, overflowed atomic.Uint64
}

func newDelayQueue(delayedKind string) *delayQueue {
	return &delayQueue{delayedKind: delayedKind, slots: semaphore.NewWeighted(maxDelayed)}
}

// delayRequest returns after a delay, or earlier with the context's error. If maxDelayed requests wait
// already, it rejects the request at once. d is the decision that the request is delayed by.
func (q *delayQueue) delayRequest(ctx context.Context, limited *limitedRequest, d Decision, delay time.Duration) error {
	if delay == 0 {
		return nil
	}
	if !q.slots.TryAcquire(1) {
		q.overflowed.Add(1)
		d.RetryAfter = delay
		return limited.rejectRequest(d, fmt.Sprintf("the maximum of %d delayed %s is reached", maxDelayed, q.delayedKind))
	}
	defer q.slots.Release(1)
	q.delayed.Add(1)
	limited.addDelay(delay)
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// awaitSignal returns true once signal is closed, and false if the context ends before. If maxDelayed
// requests wait already, it returns false at once.
func (q *delayQueue) awaitSignal(ctx context.Context, limited *limitedRequest, signal <-chan struct{}) bool {
	if !q.slots.TryAcquire(1) {
		q.overflowed.Add(1)
		return false
	}
	defer q.slots.Release(1)
	q.delayed.Add(1)
	start := time.Now()
	defer func() { limited.addDelay(time.Since(start)) }()
	select {
	case <-signal:
		return true
	case <-ctx.Done():
		return false
	}
}
