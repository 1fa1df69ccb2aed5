package cache

import (
	"context"
	"time"

	"github.com/maypok86/otter/v2"
)

// Memory is a Store in the memory of this process.
type Memory struct {
	entries *otter.Cache[string, memoryEntry]
}

var _ Store = (*Memory)(nil)

type memoryEntry struct {
	value []byte
	ttl   time.Duration
}

// entryOverhead is about what an entry takes besides its key and its value, in bytes.
const entryOverhead = 160

// NewMemory returns a Local of about maxBytes, keys included. Once it is full, the
// entries that are least likely to be asked for again make room.
func NewMemory(maxBytes int) *Memory {
	return &Memory{otter.Must(&otter.Options[string, memoryEntry]{
		MaximumWeight:    uint64(max(maxBytes, 0)),
		Weigher:          func(key string, e memoryEntry) uint32 { return uint32(len(key) + len(e.value) + entryOverhead) },
		ExpiryCalculator: otter.ExpiryWritingFunc(func(e otter.Entry[string, memoryEntry]) time.Duration { return e.Value.ttl }),
	})}
}

// Get returns the value of key.
func (l *Memory) Get(_ context.Context, key string, renew time.Duration) ([]byte, bool) {
	e, ok := l.entries.GetIfPresent(key)
	if ok && renew > 0 {
		l.entries.SetExpiresAfter(key, renew)
	}
	return e.value, ok
}

// Set keeps value for ttl.
func (l *Memory) Set(_ context.Context, key string, value []byte, ttl time.Duration) {
	if ttl > 0 {
		l.entries.Set(key, memoryEntry{value, ttl})
	}
}

// Ping returns nil: memory always answers.
func (l *Memory) Ping(context.Context) error { return nil }

// Close ends the goroutine that removes expired entries.
func (l *Memory) Close() error {
	l.entries.StopAllGoroutines()
	return nil
}
