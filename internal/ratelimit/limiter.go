// Package ratelimit limits how many requests a caller may send, and at what cost. Each key has a
// bucket that refills at a constant rate. A request takes its cost from the bucket, or is rejected.
// The buckets are in Redis, shared by all processes, or in memory.
//
// A Limiter works on keys and costs. Limits applies several of them to HTTP requests: it chooses
// the buckets of a caller, sets the response headers, delays requests, and writes rejections as
// GraphQL errors. The package does not parse or execute GraphQL.
package ratelimit

import (
	"context"
	"time"

	"github.com/7p-education/api/internal/cache"
)

// Limiter applies one policy. It is safe for concurrent use.
type Limiter interface {
	// Allow takes cost from the bucket of key, or rejects and takes nothing. A cost counts as at least
	// 1 and at most the policy's limit, because a larger one could never be met.
	Allow(ctx context.Context, key string, cost int) Decision
}

// Decision is the result of one request.
type Decision struct {
	// Policy is the policy applied: the limiter's own, or half of it while Redis is unavailable.
	Policy  Policy
	Allowed bool
	// Remaining is the content of the bucket after the decision; with leased permits, as this process saw it last.
	Remaining int
	// ReplenishAfter is the time until the bucket holds one more.
	ReplenishAfter time.Duration
	// RetryAfter is the time until the bucket holds the rejected cost; 0 if it was allowed.
	RetryAfter time.Duration
}

// refundableLimiter is a Limiter whose costs can be returned.
type refundableLimiter interface {
	Limiter
	// Refund returns one to the bucket of key, unless it is full.
	Refund(ctx context.Context, key string) Decision
}

// newRefundableLimiter returns a Limiter as NewLimiter does.
func newRefundableLimiter(p Policy, r *cache.Redis) refundableLimiter {
	if r == nil {
		return NewMemoryLimiter(p)
	}
	l := NewRedisLimiter(p, r)
	l.ownShadow = true
	return l
}

// NewLimiter returns a Limiter with buckets in r, or in memory if r is nil. p must not be disabled.
func NewLimiter(p Policy, r *cache.Redis) Limiter {
	if r == nil {
		return NewMemoryLimiter(p)
	}
	return NewRedisLimiter(p, r)
}
