package cache

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"
)

// AwaitStreamEntry waits until a stream has an entry after an id, and returns the id of the last such entry, or
// "" if there was none for the given time. The id "$" is that of the last entry at the time of the call. It uses
// a connection of its own, and its failures do not count for the circuit breaker.
func (r *Redis) AwaitStreamEntry(ctx context.Context, key, after string, timeout time.Duration) (last string, err error) {
	if r.breaker.isOpen() {
		return "", ErrCircuitOpen
	}
	limited, cancel := context.WithTimeout(ctx, timeout+pingAfter)
	defer cancel()
	streams, err := r.large.XRead(limited, &redis.XReadArgs{Streams: []string{key, after}, Block: timeout}).Result()
	if errors.Is(err, redis.Nil) || err == nil && len(streams) == 0 {
		return "", nil
	}
	if err != nil {
		if ctx.Err() == nil {
			r.reloadTopology()
		}
		return "", err
	}
	entries := streams[0].Messages
	return entries[len(entries)-1].ID, nil
}
