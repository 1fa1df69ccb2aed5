package cache

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/7p-education/api/internal/observe"
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

// startProbe checks Redis in the background after a use has timed out or was rejected, unless a probe is
// running.
func (r *Redis) startProbe(cause error) {
	r.breaker.suspectFailure()
	if r.probing.CompareAndSwap(false, true) {
		r.background.Go(func() {
			defer r.probing.Store(false)
			r.confirmOutage(cause)
		})
	}
}

// pingMasters pings the server, or all masters of a cluster.
func (r *Redis) pingMasters(ctx context.Context, timeout time.Duration) error {
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return forEachMaster(limited, r.probe, func(ctx context.Context, node *redis.Client) error { return node.Ping(ctx).Err() })
}

// confirmOutage checks Redis, on connections of its own and with twice the deadline of a use. It opens the
// circuit breaker if a check fails, or none is completed in time, and ends as soon as one succeeds or a use
// does. A check whose timeout was noticed late says that this process was not scheduled in time, and is
// repeated. After a timeout a ping is enough for a process that waits for processors, which completes no more in time.
func (r *Redis) confirmOutage(cause error) {
	end := time.Now().Add(maxProbing)
	for unanswered := 0; unanswered < probesToOpen; {
		check := r.runCheck
		if isTimeout(cause) && observe.IsProcessLate() {
			check = r.pingMasters
		}
		began, timeout := time.Now(), 2*r.deadline()
		err := check(r.closing, timeout)
		if r.closing.Err() != nil {
			return
		}
		if err == nil || !isTimeout(err) {
			r.recordCheck(r.closing, err)
			return
		}
		if !isReply(cause) && !r.breaker.isSuspected() {
			return
		}
		if late := time.Since(began) > timeout*5/4; !late || time.Now().After(end) {
			unanswered++
		}
	}
	r.openBreaker(r.closing, cause)
}
