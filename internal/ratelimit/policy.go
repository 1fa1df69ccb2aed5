package ratelimit

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Policy is a rate: Limit requests, or units of cost, per Window. The zero Policy means no limit.
type Policy struct {
	// Name identifies the policy to clients in response headers; New sets it. Policies with
	// different names have separate buckets.
	Name   string
	Limit  int
	Window time.Duration
}

const (
	// minInterval is the minimum interval between two requests. Intervals are rounded up to whole
	// microseconds, which must not change the rate by more than one percent.
	minInterval = 100 * time.Microsecond
	// maxWindow limits all times to less than 2^53 microseconds, the largest integer in Lua.
	maxWindow = 31 * 24 * time.Hour
)

// Disabled reports whether there is no limit.
func (p Policy) Disabled() bool { return p.Limit == 0 }

// ParsePolicy parses "off" or "N/duration", such as "100/15m": 100 requests at once, and then one
// every 9 seconds. The error says what is invalid and gives an example.
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
		return 0, 0, errors.New("no \"/\"")
	}
	if n, err = strconv.Atoi(number); err != nil || n < 1 {
		return 0, 0, fmt.Errorf("%q is not a number of requests of at least 1", number)
	}
	window, err = time.ParseDuration(duration)
	switch {
	case err != nil:
		return 0, 0, fmt.Errorf("%q is not a duration", duration)
	case window < time.Second || window > maxWindow || window%time.Second != 0:
		return 0, 0, fmt.Errorf("the duration must be whole seconds, from 1s to %dh", maxWindow/time.Hour)
	case window/time.Duration(n) < minInterval:
		return 0, 0, fmt.Errorf("more than %d requests a second", time.Second/minInterval)
	}
	return n, window, nil
}

// String returns the form that ParsePolicy parses.
func (p Policy) String() string {
	if p.Disabled() {
		return "off"
	}
	return fmt.Sprintf("%d/%s", p.Limit, p.Window)
}

// halveLimit returns the policy of one process while Redis is unavailable: half the limit. Two
// processes then allow as much together as before, and any number of processes each allow some.
func (p Policy) halveLimit() Policy {
	p.Limit = (p.Limit + 1) / 2
	return p
}
