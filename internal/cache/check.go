package cache

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/7p-education/api/internal/observe"
)

const (
	// checkInterval is the time between two checks while Redis works. Each also measures the round trip.
	checkInterval = 5 * time.Second
	// recoveryInterval is the time between two checks while the circuit breaker is open.
	recoveryInterval = 500 * time.Millisecond
	// checkExpiry is how long the keys of an interrupted check remain.
	checkExpiry = time.Minute
	// maxKeyAttempts is how many keys are tried to find one of a master of a cluster.
	maxKeyAttempts = 10_000
)

// checkScript does what the scripts of the server do: it reads the clock, and reads, writes and deletes a key and
// a field of a hash.
const checkScript = `redis.call('TIME')
redis.call('GET', KEYS[1])
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'field', ARGV[1])
redis.call('HGET', KEYS[1], 'field')
redis.call('HGETALL', KEYS[1])
return redis.call('HDEL', KEYS[1], 'field')`

// checkScriptSHA is the name by which Redis knows checkScript once it has run.
var checkScriptSHA = redis.NewScript(checkScript).Hash()

// Check does all that the server does with Redis: it writes a key with an expiry, runs a script, appends
// to a stream and reads it, publishes a message, and reads the run id. The circuit breaker follows the
// result. The error is a Problem.
func (r *Redis) Check(ctx context.Context) error {
	err := r.runCheck(ctx, 2*r.maxDeadline())
	r.recordCheck(ctx, err)
	if err != nil {
		return newProblem(err)
	}
	return nil
}

// recordCheck opens or closes the circuit breaker after a check. A timeout may be the fault of this
// process, so it only starts probes.
func (r *Redis) recordCheck(ctx context.Context, err error) {
	switch {
	case err == nil:
		r.reconnectCluster(ctx)
		if r.breaker.close() {
			r.log.InfoContext(ctx, "Redis available again", "round_trip", r.RoundTrip().String())
		}
	case ctx.Err() != nil:
	case isTimeout(err):
		if !r.breaker.isOpen() {
			r.startProbe(err)
		}
	default:
		r.openBreaker(ctx, err)
	}
}

// openBreaker opens the circuit breaker and checks Redis in the background until it works again.
func (r *Redis) openBreaker(ctx context.Context, cause error) {
	if !r.breaker.open() {
		return
	}
	r.log.WarnContext(ctx, "Redis unavailable: persisted queries and rate limits are per process, and the response cache is bypassed, until it returns",
		"cause", newProblem(cause).cause, "error", cause)
	select {
	case r.opened <- struct{}{}:
	default:
	}
}

// monitor checks Redis until Close: regularly, and more often while the circuit breaker is open.
func (r *Redis) monitor() {
	timer := time.NewTimer(checkInterval)
	defer timer.Stop()
	for {
		select {
		case <-r.closing.Done():
			return
		case <-r.opened:
		case <-timer.C:
			_ = r.Check(r.closing)
		}
		if r.breaker.isOpen() {
			timer.Reset(time.Duration(r.recoveryInterval.Load()))
		} else {
			timer.Reset(checkInterval)
		}
	}
}

// runCheck checks the server, or all masters of a cluster, and records the round trip.
func (r *Redis) runCheck(ctx context.Context, timeout time.Duration) error {
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if denied := r.subscriptionDenied.Load(); denied != nil {
		return *denied
	}
	var mu sync.Mutex
	var slowest time.Duration
	err := forEachMaster(limited, r.probe, func(ctx context.Context, node *redis.Client) error {
		key, err := r.checkKey(ctx, node)
		if err != nil {
			return err
		}
		roundTrip, err := checkNode(ctx, node, key, r.PrefixedKey("health"))
		mu.Lock()
		defer mu.Unlock()
		slowest = max(slowest, roundTrip)
		return err
	})
	if err == nil && !observe.IsProcessLate() {
		if r.roundTrip.Record(slowest); r.RoundTrip() > r.maxDeadline() {
			return newSlowProblem(r.RoundTrip(), r.maxDeadline())
		}
	}
	return err
}

// checkKey returns a key that is on a node.
func (r *Redis) checkKey(ctx context.Context, node *redis.Client) (string, error) {
	cluster, ok := r.probe.(*redis.ClusterClient)
	for i := range maxKeyAttempts {
		key := r.PrefixedKey("health:{" + strconv.Itoa(i) + "}")
		if !ok {
			return key, nil
		}
		master, err := cluster.MasterForKey(ctx, key)
		if err != nil {
			return "", err
		}
		if master.Options().Addr == node.Options().Addr {
			return key, nil
		}
	}
	return "", errors.New("no key belongs to a master of the cluster")
}

// checkNode runs all commands of the server on one node and returns the time of one round trip.
func checkNode(ctx context.Context, node *redis.Client, key, channel string) (time.Duration, error) {
	began := time.Now()
	if err := node.Ping(ctx).Err(); err != nil { // also connects
		return 0, err
	}
	ping, stream := time.Since(began), key+":stream"
	began = time.Now()
	cmds, _ := node.Pipelined(ctx, func(p redis.Pipeliner) error {
		p.Set(ctx, key, "1", checkExpiry)
		p.Get(ctx, key)
		p.GetEx(ctx, key, checkExpiry)
		p.MGet(ctx, key)
		p.Eval(ctx, checkScript, []string{key}, "1", checkExpiry.Milliseconds())
		p.EvalSha(ctx, checkScriptSHA, []string{key}, "1", checkExpiry.Milliseconds())
		p.XAdd(ctx, &redis.XAddArgs{Stream: stream, MaxLen: 1, Approx: true, Values: []string{"t", ""}})
		p.Expire(ctx, stream, checkExpiry)
		p.XRangeN(ctx, stream, "-", "+", 1)
		p.XRead(ctx, &redis.XReadArgs{Streams: []string{stream, "0"}, Count: 1, Block: -1})
		p.Del(ctx, key, stream)
		p.Publish(ctx, channel, "")
		p.InfoMap(ctx, "server")
		return nil
	})
	roundTrip := min(ping, time.Since(began)) // the shorter one: either may have waited for a processor
	for _, cmd := range cmds {
		if err := cmd.Err(); err != nil && !errors.Is(err, redis.Nil) { // Nil: evicted meanwhile
			return 0, err
		}
	}
	if info, ok := cmds[len(cmds)-1].(*redis.InfoCmd); !ok || info.Val()["Server"]["run_id"] == "" {
		return 0, &Problem{cause: "INFO reports no run_id", err: errors.New("connect to Redis itself, not to a proxy")}
	}
	return roundTrip, nil
}
