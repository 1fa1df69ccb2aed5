// Package limit says how often somebody may ask. Each key has a bucket of
// requests that fills up again evenly; a request takes its cost out or is
// refused. Buckets are in Redis, one for all processes, or in this process.
//
// It must never know who or what a key stands for.
package limit

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/7p-education/api/internal/cache"
)

// Limiter decides about requests. It is safe for concurrent use.
type Limiter interface {
	// Allow takes cost out of the bucket of key, or refuses and takes nothing. A
	// cost counts as at least 1 and at most the policy's limit, as one above it
	// could never be met.
	Allow(ctx context.Context, key string, cost int) Decision
	// Policy returns the rule that it decides by.
	Policy() Policy
}

// Decision is the answer to one request.
type Decision struct {
	Allowed bool
	// Limit is what a full bucket holds, Remaining what is in it now.
	Limit, Remaining int
	// Reset is how long it takes until the bucket is full again.
	Reset time.Duration
	// RetryAfter is how long it takes until the bucket holds the cost that was
	// refused; 0 where it was allowed.
	RetryAfter time.Duration
}

// New returns a Limiter over buckets in r, or in this process where r is nil.
func New(p Policy, r *cache.Redis) Limiter {
	if r == nil {
		return NewLocal(p)
	}
	return NewShared(p, r)
}

// Policy is a rate: Limit requests in a Window. The zero Policy is no limit.
type Policy struct {
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

// Off tells whether there is no limit.
func (p Policy) Off() bool { return p.Limit == 0 }

// ParsePolicy reads "off" or "N/duration", such as "100/15m": 100 requests at
// once, and then one every 9 seconds. The error says what is wrong with s and
// what would do.
func ParsePolicy(s string) (Policy, error) {
	if s == "off" {
		return Policy{}, nil
	}
	p, err := parse(s)
	if err != nil {
		return Policy{}, fmt.Errorf("rate limit %q: %w; write \"off\" or \"N/duration\", such as \"100/15m\"", s, err)
	}
	return p, nil
}

func parse(s string) (Policy, error) {
	number, duration, ok := strings.Cut(s, "/")
	if !ok {
		return Policy{}, errors.New("there is no \"/\"")
	}
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 {
		return Policy{}, fmt.Errorf("%q is not a number of requests of at least 1", number)
	}
	window, err := time.ParseDuration(duration)
	switch {
	case err != nil:
		return Policy{}, fmt.Errorf("%q is not a duration", duration)
	case window < time.Second || window > maxWindow || window%time.Second != 0:
		return Policy{}, fmt.Errorf("the duration must be of whole seconds, from 1s to %dh", maxWindow/time.Hour)
	case window/time.Duration(n) < minInterval:
		return Policy{}, fmt.Errorf("it allows more than %d requests a second", time.Second/minInterval)
	}
	return Policy{Limit: n, Window: window}, nil
}

// String returns what ParsePolicy reads.
func (p Policy) String() string {
	if p.Off() {
		return "off"
	}
	return fmt.Sprintf("%d/%s", p.Limit, p.Window)
}
