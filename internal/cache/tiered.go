package cache

import (
	"context"
	"errors"
	"time"
)

type tiered struct {
	memory, redis Store
	memoryTTL     time.Duration
}

// NewTiered returns a Store that asks local first and remote only for what local does
// not have, and then keeps a copy in local for keep at most. That remote has another
// value, or none any more, is seen up to keep later, so keep is long only for
// values that never change, such as those whose key is their hash.
//
// A Get with renew reaches remote once in every keep, not at every call: keep has
// to be well below renew, or entries in use expire in remote.
func NewTiered(memory, redis Store, memoryTTL time.Duration) Store {
	return &tiered{memory, redis, memoryTTL}
}

func (n *tiered) Get(ctx context.Context, key string, renew time.Duration) ([]byte, bool) {
	if value, ok := n.memory.Get(ctx, key, 0); ok {
		return value, true
	}
	value, ok := n.redis.Get(ctx, key, renew)
	if ok {
		n.memory.Set(ctx, key, value, n.memoryTTL)
	}
	return value, ok
}

func (n *tiered) Set(ctx context.Context, key string, value []byte, ttl time.Duration) {
	n.memory.Set(ctx, key, value, min(ttl, n.memoryTTL))
	n.redis.Set(ctx, key, value, ttl)
}

func (n *tiered) Ping(ctx context.Context) error { return n.redis.Ping(ctx) }

func (n *tiered) Close() error { return errors.Join(n.memory.Close(), n.redis.Close()) }
