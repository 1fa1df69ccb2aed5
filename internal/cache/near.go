package cache

import (
	"context"
	"errors"
	"time"
)

type near struct {
	local, remote Store
	keep          time.Duration
}

// Near returns a Store that asks local first and remote only for what local does
// not have, and then keeps a copy in local for keep at most. That remote has another
// value, or none any more, is seen up to keep later, so keep is long only for
// values that never change, such as those whose key is their hash.
//
// A Get with renew reaches remote once in every keep, not at every call: keep has
// to be well below renew, or entries in use expire in remote.
func Near(local, remote Store, keep time.Duration) Store { return &near{local, remote, keep} }

func (n *near) Get(ctx context.Context, key string, renew time.Duration) ([]byte, bool) {
	if value, ok := n.local.Get(ctx, key, 0); ok {
		return value, true
	}
	value, ok := n.remote.Get(ctx, key, renew)
	if ok {
		n.local.Set(ctx, key, value, n.keep)
	}
	return value, ok
}

func (n *near) Set(ctx context.Context, key string, value []byte, ttl time.Duration) {
	n.local.Set(ctx, key, value, min(ttl, n.keep))
	n.remote.Set(ctx, key, value, ttl)
}

func (n *near) Ping(ctx context.Context) error { return n.remote.Ping(ctx) }

func (n *near) Close() error { return errors.Join(n.local.Close(), n.remote.Close()) }
