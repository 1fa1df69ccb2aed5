package cache

import (
	"context"
	"errors"
	"time"
)

// tiered is a Store of two tiers; see NewTiered.
type tiered struct {
	memory, redis Store
	memoryTTL     time.Duration
}

// NewTiered returns a Store that reads memory first and redis only on a miss, and then stores a copy in
// memory for at most memoryTTL. A changed or deleted value in redis is noticed up to memoryTTL later.
// Long times are therefore only for values that never change, such as those whose key is their hash.
//
// A Get with renew reaches redis once per memoryTTL, not on every call. memoryTTL must be well below
// renew, or entries in use expire in redis.
func NewTiered(memory, redis Store, memoryTTL time.Duration) Store {
	return &tiered{memory, redis, memoryTTL}
}

func (t *tiered) Get(ctx context.Context, key string, renew time.Duration) ([]byte, bool) {
	if value, ok := t.memory.Get(ctx, key, 0); ok {
		return value, true
	}
	value, ok := t.redis.Get(ctx, key, renew)
	if ok {
		t.memory.Set(ctx, key, value, t.memoryTTL)
	}
	return value, ok
}

func (t *tiered) Set(ctx context.Context, key string, value []byte, ttl time.Duration) {
	t.memory.Set(ctx, key, value, min(ttl, t.memoryTTL))
	t.redis.Set(ctx, key, value, ttl)
}

func (t *tiered) Check(ctx context.Context) error { return t.redis.Check(ctx) }

func (t *tiered) Close() error { return errors.Join(t.memory.Close(), t.redis.Close()) }
