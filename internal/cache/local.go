package cache

import (
	"context"
	"time"

	"github.com/maypok86/otter/v2"
)

// Local is a Store in the memory of this process.
type Local struct {
	entries *otter.Cache[string, entry]
}

var _ Store = (*Local)(nil)

type entry struct {
	value []byte
	ttl   time.Duration
}

// entryCost is about what an entry takes besides its key and its value, in bytes.
const entryCost = 160

// NewLocal returns a Local of about maxBytes, keys included. Once it is full, the
// entries that are least likely to be asked for again make room.
func NewLocal(maxBytes int) *Local {
	return &Local{otter.Must(&otter.Options[string, entry]{
		MaximumWeight:    uint64(max(maxBytes, 0)),
		Weigher:          func(key string, e entry) uint32 { return uint32(len(key) + len(e.value) + entryCost) },
		ExpiryCalculator: otter.ExpiryWritingFunc(func(e otter.Entry[string, entry]) time.Duration { return e.Value.ttl }),
	})}
}

// Get returns the value of key.
func (l *Local) Get(_ context.Context, key string, renew time.Duration) ([]byte, bool) {
	e, ok := l.entries.GetIfPresent(key)
	if ok && renew > 0 {
		l.entries.SetExpiresAfter(key, renew)
	}
	return e.value, ok
}

// Set keeps value for ttl.
func (l *Local) Set(_ context.Context, key string, value []byte, ttl time.Duration) {
	if ttl > 0 {
		l.entries.Set(key, entry{value, ttl})
	}
}

// Ping returns nil: memory always answers.
func (l *Local) Ping(context.Context) error { return nil }

// Close ends the goroutine that removes expired entries.
func (l *Local) Close() error {
	l.entries.StopAllGoroutines()
	return nil
}
