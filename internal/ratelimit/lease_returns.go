package ratelimit

import (
	"context"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"
)

// returnBatch is the number of leases that return their permits with one pipeline.
const returnBatch = 100

// leaseReturn is a change that returns the permits of a lease.
type leaseReturn struct {
	key    string
	lease  *lease
	change bucketChange
}

// startSweeper has the leases swept twice in the lifetime of permits, while there are any.
func (l *leasedLimiter) startSweeper() {
	if l.sweeper == nil {
		l.sweeper = time.AfterFunc(time.Duration(l.lifetime/2)*time.Microsecond, func() { l.sweep(context.Background()) })
	}
}

// sweep returns the permits that are no longer valid, and forgets the leases of callers that sent no request
// for as long.
func (l *leasedLimiter) sweep(ctx context.Context) {
	l.mu.Lock()
	now := l.clock()
	var returns []leaseReturn
	for key, c := range l.leases {
		switch {
		case c.changing != nil || now-c.changed < l.lifetime:
		case c.permits.left(now+c.offset) > 0:
			if !c.parked {
				returns = append(returns, l.beginReturn(key, c))
			}
		case now-c.counted >= l.lifetime:
			delete(l.leases, key)
		}
	}
	l.sweeper = nil
	if len(l.leases) > 0 {
		l.startSweeper()
	}
	l.mu.Unlock()
	l.returnPermits(ctx, returns)
}

// close returns all permits, and leases no further ones. Permits that are not returned when the context ends
// are lost.
func (l *leasedLimiter) close(ctx context.Context) {
	l.mu.Lock()
	now := l.clock()
	var returns []leaseReturn
	for key, c := range l.leases {
		if c.changing == nil && c.permits.left(now+c.offset) > 0 {
			returns = append(returns, l.beginReturn(key, c))
		}
	}
	l.closed = true
	clear(l.leases)
	l.mu.Unlock()
	l.returnPermits(ctx, returns)
}

func (l *leasedLimiter) beginReturn(key string, c *lease) leaseReturn {
	change := bucketChange{seen: l.shadow.arrivalTime(key), held: c.permits}
	c.permits, c.changing = permits{}, make(chan struct{})
	return leaseReturn{key, c, change}
}

// returnPermits returns permits to their buckets, a batch of them with each round trip. A return whose
// result is unknown is not repeated, because another process may have taken the permits since.
func (l *leasedLimiter) returnPermits(ctx context.Context, returns []leaseReturn) {
	for batch := range slices.Chunk(returns, returnBatch) {
		began := l.clock()
		states := l.returnBatch(ctx, batch)
		l.mu.Lock()
		for i, r := range batch {
			changed := r.lease.changed // a return does not make what is left valid again
			l.endChange(r.key, r.lease, r.change, states[i], began)
			r.lease.changed, r.lease.parked = changed, true
		}
		l.mu.Unlock()
	}
}

// returnBatch sends a batch and returns the states of the buckets; the zero state for a failure.
func (l *leasedLimiter) returnBatch(ctx context.Context, batch []leaseReturn) []bucketState {
	states := make([]bucketState, len(batch))
	_ = l.redis.RunCommands(ctx, func(ctx context.Context, client redis.UniversalClient) error {
		commands, err := client.Pipelined(ctx, func(p redis.Pipeliner) error {
			for _, r := range batch {
				l.script.EvalSha(ctx, p, []string{l.redisKey(r.key)}, l.scriptArgs(r.change)...)
			}
			return nil
		})
		for i, command := range commands {
			states[i], _ = parseBucketState(command.(*redis.Cmd))
		}
		return err
	})
	return states
}
