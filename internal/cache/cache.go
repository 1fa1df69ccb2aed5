// Package cache keeps bytes for a while: in this process, in Redis, or in both.
// It is there to be lost. Whatever goes wrong is a miss, is counted, and costs
// no more than a short deadline, so no caller has an error to handle.
//
// It must never know what the bytes mean.
package cache

import (
	"context"
	"time"
)

// Store keeps values under keys. It is safe for concurrent use, and nobody may
// write into a value that was given to it or came from it.
type Store interface {
	// Get returns the value of key, or false where there is none or none can be
	// had in time. A renew above 0 makes the entry live that much longer from now
	// on, which keeps what is in use.
	Get(ctx context.Context, key string, renew time.Duration) ([]byte, bool)
	// Set keeps value for ttl, which is at least a millisecond; a ttl of 0 or less
	// keeps nothing. It may be dropped, now or at any later time.
	Set(ctx context.Context, key string, value []byte, ttl time.Duration)
	// Ping returns an error where the store does not answer for now. The server
	// works without it, so readiness should call that degraded.
	Ping(ctx context.Context) error
	// Close gives up connections and goroutines. The store must not be used after.
	Close() error
}
