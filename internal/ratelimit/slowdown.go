package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

const (
	// maxDelay leaves a request most of the 15 s within which it must have been read.
	maxDelay = 5 * time.Second
	// maxAfter keeps the arithmetic within 64 bits.
	maxAfter = 1_000_000
	// maxDelayed is how many requests of this process may be slowed down at a time.
	// Each holds a goroutine and its connection, some 10 kB.
	maxDelayed = 1000
)

// Slowdown is a delay that grows: each request of a window after the first After
// waits one Step longer than the one before, and at most Most. The zero Slowdown
// is none.
type Slowdown struct {
	After          int
	Step, MaxDelay time.Duration
}

// Disabled tells whether nothing is slowed down.
func (s Slowdown) Disabled() bool { return s.Step == 0 }

// ParseSlowdown reads "off" or "after:step:most", such as "50:100ms:2s". The error
// says what is wrong with s and what would do.
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
		return Slowdown{}, errors.New("there are not three parts")
	}
	after, err := strconv.Atoi(parts[0])
	if err != nil || after < 0 || after > maxAfter {
		return Slowdown{}, fmt.Errorf("%q is not a number of requests from 0 to %d", parts[0], maxAfter)
	}
	step, stepErr := time.ParseDuration(parts[1])
	most, mostErr := time.ParseDuration(parts[2])
	switch {
	case stepErr != nil:
		return Slowdown{}, fmt.Errorf("%q is not a duration", parts[1])
	case mostErr != nil:
		return Slowdown{}, fmt.Errorf("%q is not a duration", parts[2])
	case step < time.Millisecond || most < step || most > maxDelay:
		return Slowdown{}, fmt.Errorf("the step must be 1ms or more, and the most from there to %v", maxDelay)
	}
	return Slowdown{After: after, Step: step, MaxDelay: most}, nil
}

// String returns what ParseSlowdown reads.
func (s Slowdown) String() string {
	if s.Disabled() {
		return "off"
	}
	return fmt.Sprintf("%d:%s:%s", s.After, s.Step, s.MaxDelay)
}

// scaleToLimit returns the same slow-down of a limit of another size, from the same share of
// it on.
func (s Slowdown) scaleToLimit(limit, base int) Slowdown {
	if base > 0 {
		s.After = s.After * limit / base
	}
	return s
}

// requestDelay returns how long the request waits that used the last of used.
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

// errDelayQueueFull is returned by room.delayRequest where it is full.
var errDelayQueueFull = errors.New("too many requests wait already")

// delayQueue is where slowed requests wait.
type delayQueue struct {
	length              atomic.Int64
	delayed, overflowed atomic.Uint64
}

// delayRequest returns after d, or with the context's error when that is done before. Of
// all that comes when maxDelayed wait already, none has to: that is errDelayQueueFull.
func (r *delayQueue) delayRequest(ctx context.Context, d time.Duration) error {
	defer r.length.Add(-1)
	if r.length.Add(1) > maxDelayed {
		r.overflowed.Add(1)
		return errDelayQueueFull
	}
	r.delayed.Add(1)
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
