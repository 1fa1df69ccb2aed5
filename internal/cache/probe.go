package cache

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// probesToOpen is the number of consecutive probes without a reply that opens the circuit breaker.
	// With the default deadline that is 300 ms after the use that timed out.
	probesToOpen = 3
	// maxProbing is how long probes that were late themselves are repeated. A process that gets no reply
	// in this time cannot use Redis, even if it is the cause itself.
	maxProbing = 2 * time.Second
)

// isTimeout reports whether an error says only that a reply did not arrive in time. This process may have
// been late, not Redis.
func isTimeout(err error) bool {
	if netErr, ok := errors.AsType[net.Error](err); ok && netErr.Timeout() {
		return true
	}
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, redis.ErrPoolTimeout)
}

// startProbe probes Redis in the background after a use has timed out, unless a probe is running.
func (r *Redis) startProbe(cause error) {
	r.breaker.suspectFailure()
	if r.probing.CompareAndSwap(false, true) {
		r.background.Go(func() {
			defer r.probing.Store(false)
			if r.confirmOutage() && r.breaker.open() {
				r.logUnavailable(context.Background(), cause)
			}
		})
	}
}

// confirmOutage pings Redis, on a connection of its own and with twice the deadline of a use. It returns
// true if no ping succeeds, and false as soon as one does or a use succeeds. A ping whose timeout was
// noticed late says that this process was not scheduled in time, and is repeated.
func (r *Redis) confirmOutage() bool {
	end := time.Now().Add(maxProbing)
	for unanswered := 0; unanswered < probesToOpen; {
		began := time.Now()
		limited, cancel := context.WithTimeout(r.closing, probeDeadline(r.deadline))
		err := pingMasters(limited, r.probe)
		cancel()
		late := isTimeout(err) && time.Since(began) > probeDeadline(r.deadline)*5/4
		switch {
		case err == nil:
			r.recordResult(context.Background(), 0, nil)
			return false
		case r.closing.Err() != nil || !r.breaker.isSuspected():
			return false
		case !late || time.Now().After(end):
			unanswered++
		}
	}
	return true
}

func probeDeadline(deadline time.Duration) time.Duration { return 2 * deadline }

// pingMasters pings the server, or all masters of a cluster.
func pingMasters(ctx context.Context, client redis.UniversalClient) error {
	if cluster, ok := client.(*redis.ClusterClient); ok {
		return cluster.ForEachMaster(ctx, func(ctx context.Context, c *redis.Client) error { return c.Ping(ctx).Err() })
	}
	return client.Ping(ctx).Err()
}
