package limit

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
	// maxWaiting is how many requests of this process may be slowed down at a time.
	// Each holds a goroutine and its connection, some 10 kB.
	maxWaiting = 1000
)

// Slowdown is a delay that grows: each request of a window after the first After
// waits one Step longer than the one before, and at most Most. The zero Slowdown
// is none.
type Slowdown struct {
	After      int
	Step, Most time.Duration
}

// Off tells whether nothing is slowed down.
func (s Slowdown) Off() bool { return s.Step == 0 }

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
	return Slowdown{After: after, Step: step, Most: most}, nil
}

// String returns what ParseSlowdown reads.
func (s Slowdown) String() string {
	if s.Off() {
		return "off"
	}
	return fmt.Sprintf("%d:%s:%s", s.After, s.Step, s.Most)
}

// of returns the same slow-down of a limit of another size, from the same share of
// it on.
func (s Slowdown) of(limit, base int) Slowdown {
	if base > 0 {
		s.After = s.After * limit / base
	}
	return s
}

// delay returns how long the request waits that used the last of used.
func (s Slowdown) delay(used int) time.Duration {
	over := time.Duration(used - s.After)
	if s.Off() || over <= 0 {
		return 0
	}
	if over >= s.Most/s.Step {
		return s.Most
	}
	return over * s.Step
}

// errCrowded is returned by room.wait where it is full.
var errCrowded = errors.New("too many requests wait already")

// room is where slowed requests wait.
type room struct {
	inside       atomic.Int64
	slowed, full atomic.Uint64
}

// wait returns after d, or with the context's error when that is done before. Of
// all that comes when maxWaiting wait already, none has to: that is errCrowded.
func (r *room) wait(ctx context.Context, d time.Duration) error {
	defer r.inside.Add(-1)
	if r.inside.Add(1) > maxWaiting {
		r.full.Add(1)
		return errCrowded
	}
	r.slowed.Add(1)
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
