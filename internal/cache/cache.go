// Package cache stores bytes for a limited time: in memory, in Redis, or in both. An entry may be lost
// at any time. Every failure is a miss, is counted and costs at most a short deadline, so callers of
// a Store handle no errors.
//
// The package treats values as opaque bytes. It also has the Redis client for other commands, and for
// publish and subscribe.
package cache

import (
	"context"
	"time"
)

// Store stores values under keys. It is safe for concurrent use. Callers must not modify a value
// passed to Set or returned by Get.
type Store interface {
	// Get returns the value of key, or false if there is none or it did not arrive in time. A renew
	// above 0 sets the remaining lifetime of the entry to renew, which retains entries in use.
	Get(ctx context.Context, key string, renew time.Duration) ([]byte, bool)
	// Set stores value for ttl, which is at least a millisecond; a ttl of 0 or less stores nothing.
	// The entry may be dropped, now or at any later time.
	Set(ctx context.Context, key string, value []byte, ttl time.Duration)
	// Check returns an error if the store cannot be used. The server works without it, so readiness
	// should report that as degraded.
	Check(ctx context.Context) error
	// Close releases connections and goroutines. The store must not be used afterwards.
	Close() error
}
