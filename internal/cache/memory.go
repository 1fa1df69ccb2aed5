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

// entryOverhead is the approximate size of an entry beyond its key and value, in bytes.
const entryOverhead = 160

// NewMemory returns a Memory of about maxBytes, including keys. When it is full, it evicts the entries
// that are least likely to be requested again.
func NewMemory(maxBytes int) *Memory {
	return &Memory{otter.Must(&otter.Options[string, memoryEntry]{
		MaximumWeight:    uint64(max(maxBytes, 0)),
		Weigher:          func(key string, e memoryEntry) uint32 { return uint32(len(key) + len(e.value) + entryOverhead) },
		ExpiryCalculator: otter.ExpiryWritingFunc(func(e otter.Entry[string, memoryEntry]) time.Duration { return e.Value.ttl }),
	})}
}

// Get returns the value of key.
func (m *Memory) Get(_ context.Context, key string, renew time.Duration) ([]byte, bool) {
	e, ok := m.entries.GetIfPresent(key)
	if ok && renew > 0 {
		m.entries.SetExpiresAfter(key, renew)
	}
	return e.value, ok
}

// Set stores value for ttl.
func (m *Memory) Set(_ context.Context, key string, value []byte, ttl time.Duration) {
	if ttl > 0 {
		m.entries.Set(key, memoryEntry{value, ttl})
	}
}

// Check returns nil: memory is always available.
func (m *Memory) Check(context.Context) error { return nil }

// Close stops the goroutine that removes expired entries.
func (m *Memory) Close() error {
	m.entries.StopAllGoroutines()
	return nil
}
