package ratelimit

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Policy is a rate: Limit requests, or units of cost, in a Window. The zero Policy
// is no limit.
type Policy struct {
	// Name is what clients know it by, from the headers of answers; New gives it.
	// Buckets of policies of different names have nothing to do with each other.
	Name   string
	Limit  int
	Window time.Duration
}

const (
	// minInterval is the shortest time for one request: it is rounded up to whole
	// microseconds, and that must not change the rate by more than a hundredth.
	minInterval = 100 * time.Microsecond
	// maxWindow keeps all times below the 2^53 microseconds that Lua can count.
	maxWindow = 31 * 24 * time.Hour
)

// Disabled tells whether there is no limit.
func (p Policy) Disabled() bool { return p.Limit == 0 }

// ParsePolicy reads "off" or "N/duration", such as "100/15m": 100 requests at
// once, and then one every 9 seconds. The error says what is wrong with s and
// what would do.
func ParsePolicy(s string) (Policy, error) {
	if s == "off" {
		return Policy{}, nil
	}
	n, window, err := parseRate(s)
	if err != nil {
		return Policy{}, fmt.Errorf("rate limit %q: %w; write \"off\" or \"N/duration\", such as \"100/15m\"", s, err)
	}
	return Policy{Limit: n, Window: window}, nil
}

func parseRate(s string) (n int, window time.Duration, err error) {
	number, duration, ok := strings.Cut(s, "/")
	if !ok {
		return 0, 0, errors.New("there is no \"/\"")
	}
	if n, err = strconv.Atoi(number); err != nil || n < 1 {
		return 0, 0, fmt.Errorf("%q is not a number of requests of at least 1", number)
	}
	window, err = time.ParseDuration(duration)
	switch {
	case err != nil:
		return 0, 0, fmt.Errorf("%q is not a duration", duration)
	case window < time.Second || window > maxWindow || window%time.Second != 0:
		return 0, 0, fmt.Errorf("the duration must be of whole seconds, from 1s to %dh", maxWindow/time.Hour)
	case window/time.Duration(n) < minInterval:
		return 0, 0, fmt.Errorf("it allows more than %d requests a second", time.Second/minInterval)
	}
	return n, window, nil
}

// String returns what ParsePolicy reads.
func (p Policy) String() string {
	if p.Disabled() {
		return "off"
	}
	return fmt.Sprintf("%d/%s", p.Limit, p.Window)
}

// halveLimit is the policy of one process while it does not know what the others allow:
// half as much, so that two processes together allow what they did before, and
// however many there are, each allows something.
func (p Policy) halveLimit() Policy {
	p.Limit = (p.Limit + 1) / 2
	return p
}
