package cache

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
)

const (
	// DefaultPrefix begins the keys of this application in a Redis it may share.
	DefaultPrefix = "7p:"

	// defaultDeadline leaves room: a command on the same network takes 0.1 ms, and
	// what it saves a few.
	defaultDeadline = 50 * time.Millisecond

	// dialTimeout may be longer, as nobody waits for a connection past deadline:
	// it is finished in the background and then there for the next caller.
	dialTimeout = time.Second

	// breakerCooldown is how long the circuit breaker keeps calls away from Redis.
	breakerCooldown = 2 * time.Second
)

// ErrCircuitOpen is returned by Redis.RunCommands where its circuit breaker lets no call through.
var ErrCircuitOpen = errors.New("circuit breaker is open: Redis failed several times in a row a moment ago")

// Redis is a Store in a Redis server of at least version 6.2 or a Redis Cluster,
// shared by all processes. In trouble each use costs up to its deadline, until
// five in a row have failed. That opens a circuit breaker: then a use costs next
// to nothing, but for one in every two seconds, which tries again.
type Redis struct {
	client   redis.UniversalClient
	prefix   string
	deadline time.Duration
	log      *slog.Logger
	breaker  breaker

	errorCount, shortCircuited, connections atomic.Uint64
}

var _ Store = (*Redis)(nil)

// RedisOptions are what a Redis is opened with.
type RedisOptions struct {
	// URL is redis://user:password@host:6379/0, rediss:// for TLS, or
	// unix:///path/of/socket?db=0. Several hosts, separated by commas, are nodes
	// of a cluster.
	URL string
	// Prefix begins every key; "" is the constant Prefix.
	Prefix string
	// Deadline is how long one use may take, with the connection it may need; 0 is
	// 50 ms.
	Deadline time.Duration
	// Log is told when the circuit breaker opens and when it closes.
	Log *slog.Logger
}

// OpenRedis returns a Redis, which connects when it is first used. The error is
// about the URL, and does not repeat it, for the password it may hold.
func OpenRedis(o RedisOptions) (*Redis, error) {
	if o.Deadline == 0 {
		o.Deadline = defaultDeadline
	}
	r := &Redis{deadline: o.Deadline, log: o.Log, breaker: breaker{cooldown: breakerCooldown}}
	var err error
	if r.client, err = newRedisClient(o.URL, o.Deadline, func() { r.connections.Add(1) }); err != nil {
		return nil, err
	}
	// go-redis writes a line of its own format for each failure, for the whole
	// process; all that matters goes to o.Log.
	logging.Disable()
	r.prefix = cmp.Or(o.Prefix, DefaultPrefix)
	return r, nil
}

// Get returns the value of key.
func (r *Redis) Get(ctx context.Context, key string, renew time.Duration) (value []byte, ok bool) {
	err := r.RunCommands(ctx, func(ctx context.Context, c redis.UniversalClient) (err error) {
		if renew > 0 {
			value, err = c.GetEx(ctx, r.prefix+key, renew).Bytes()
		} else {
			value, err = c.Get(ctx, r.prefix+key).Bytes()
		}
		return err
	})
	return value, err == nil
}

// Set keeps value for ttl.
func (r *Redis) Set(ctx context.Context, key string, value []byte, ttl time.Duration) {
	if ttl <= 0 { // to Redis that means forever
		return
	}
	_ = r.RunCommands(ctx, func(ctx context.Context, c redis.UniversalClient) error {
		return c.Set(ctx, r.prefix+key, value, ttl).Err()
	})
}

// RunCommands runs other commands under the same deadline and the same count of failures.
// Their keys have to begin with r.Key. It returns the error of run, of which
// redis.Nil is no failure, or ErrCircuitOpen.
func (r *Redis) RunCommands(ctx context.Context, run func(context.Context, redis.UniversalClient) error) error {
	if !r.breaker.allowCall() {
		r.shortCircuited.Add(1)
		return ErrCircuitOpen
	}
	limited, cancel := context.WithTimeout(ctx, r.deadline)
	defer cancel()
	err := run(limited, r.client)
	r.recordResult(ctx, err)
	return err
}

// ConnectionsMade returns how many connections were made so far. One is counted before
// it is used: while the number stays the same, all answers came from the same
// processes, which have forgotten nothing by dying.
func (r *Redis) ConnectionsMade() uint64 { return r.connections.Load() }

// PrefixedKey returns key with the prefix of this application.
func (r *Redis) PrefixedKey(key string) string { return r.prefix + key }

// recordResult counts what came of a use of Redis. A caller who left says nothing about
// Redis.
func (r *Redis) recordResult(ctx context.Context, err error) {
	switch {
	case err == nil, errors.Is(err, redis.Nil):
		if r.breaker.recordSuccess() {
			r.log.InfoContext(ctx, "Redis is back")
		}
	case ctx.Err() != nil:
	case redis.HasErrorPrefix(err, "WRONGTYPE"): // somebody else's key under a name of ours: Redis itself is well
	default:
		r.errorCount.Add(1)
		if r.breaker.recordFailure() {
			r.log.WarnContext(ctx, "Redis is in trouble: until it is back, each process caches and limits for itself", "error", err)
		}
	}
}

// Ping asks Redis past the circuit breaker; an answer closes it.
func (r *Redis) Ping(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, r.deadline)
	defer cancel()
	err := r.client.Ping(limited).Err()
	r.recordResult(ctx, err)
	if err != nil {
		return fmt.Errorf("ping Redis: %w", err)
	}
	return nil
}

// Close closes the connections.
func (r *Redis) Close() error {
	if err := r.client.Close(); err != nil {
		return fmt.Errorf("close Redis: %w", err)
	}
	return nil
}

// RedisStats are counts since the start.
type RedisStats struct {
	// Errors is how many uses of Redis failed, Skipped how many were not tried
	// because of that.
	Errors, ShortCircuited uint64
	// CircuitOpen tells whether the circuit breaker is open.
	CircuitOpen bool
}

// Stats returns the counts.
func (r *Redis) Stats() RedisStats {
	return RedisStats{Errors: r.errorCount.Load(), ShortCircuited: r.shortCircuited.Load(), CircuitOpen: r.breaker.isOpen()}
}
