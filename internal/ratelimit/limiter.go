// Package limit says how often somebody may ask, and for how much. Each key has a
// bucket that fills up again evenly; what is asked takes its cost out or is
// refused. Buckets are in Redis, one for all processes, or in this process.
//
// Limiters know of keys and costs alone; Limits knows who asks and what for, and
// tells them by HTTP. None of it knows of GraphQL.
package ratelimit

import (
	"context"
	"time"

	"github.com/7p-education/api/internal/cache"
)

// Limiter decides by one policy. It is safe for concurrent use.
type Limiter interface {
	// Allow takes cost out of the bucket of key, or refuses and takes nothing. A
	// cost counts as at least 1 and at most the policy's limit, as one above it
	// could never be met.
	Allow(ctx context.Context, key string, cost int) Decision
}

// Decision is the answer to one request.
type Decision struct {
	// Policy is what was decided by: half of the limiter's own while its Redis is in
	// trouble.
	Policy  Policy
	Allowed bool
	// Remaining is what is in the bucket now.
	Remaining int
	// ReplenishAfter is how long it takes until the bucket holds one more.
	ReplenishAfter time.Duration
	// RetryAfter is how long it takes until the bucket holds the cost that was
	// refused; 0 where it was allowed.
	RetryAfter time.Duration
}

// NewLimiter returns a Limiter over buckets in r, or in this process where r is
// nil. p must not be off.
func NewLimiter(p Policy, r *cache.Redis) Limiter {
	if r == nil {
		return NewMemoryLimiter(p)
	}
	return NewRedisLimiter(p, r)
}
