package cache

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
)

const (
	// DefaultPrefix is the prefix of this application's keys, because the Redis server may be shared.
	DefaultPrefix = "7p:"

	// defaultDeadline is generous: a command on the same network takes 0.1 ms, and a hit saves a few
	// milliseconds.
	defaultDeadline = 50 * time.Millisecond

	// dialTimeout may exceed the deadline, because no caller waits for a connection longer than its
	// deadline. The dial completes in the background, and the next caller uses the connection.
	dialTimeout = time.Second

	// largeRate is the rate, in bytes a second, at which the deadline of a large value grows: 64 Mbit/s.
	largeRate = 8 << 20

	// smallValueBytes is the size up to which Set treats a value as any other command.
	smallValueBytes = 16 << 10
)

// ErrCircuitOpen is returned by Redis.RunCommands if the circuit breaker admits no call.
var ErrCircuitOpen = errors.New("circuit breaker open after consecutive Redis failures")

// Redis is a Store in a Redis server of version 6.2 or later or a Redis Cluster, shared by all
// processes. While Redis fails, each use costs up to its deadline, until a circuit breaker opens; then a
// use costs almost nothing.
//
// The breaker follows Check. It opens if a check fails, or after five consecutive errors of the connection,
// and closes when a check succeeds; checks run every five seconds, and every half second while it is open.
// A use that Redis rejects starts a check. A use that times out may be the fault of this process: the
// breaker opens if three checks in a row are not completed in time either.
type Redis struct {
	client      redis.UniversalClient
	large       redis.UniversalClient // for RunLarge, so that large values hold no connection of others
	probe       redis.UniversalClient // for checks
	name        string                // for Name
	prefix      string
	minDeadline time.Duration
	roundTrip   RoundTrip
	log         *slog.Logger
	breaker     breaker
	probing     atomic.Bool // whether a probe is running
	writes      writeQueue

	opened             chan struct{}         // the circuit breaker has opened
	recoveryInterval   atomic.Int64          // in nanoseconds
	subscriptionDenied atomic.Pointer[error] // why Redis rejects the subscription; nil if it does not

	background              sync.WaitGroup  // checks
	closing, draining       context.Context // end probes, and queued writes
	endClosing, endDraining context.CancelFunc

	namespaceMutex sync.Mutex // held while namespace is replaced
	namespace      atomic.Pointer[namespace]

	errorCount, shortCircuited, connections atomic.Uint64
}

var _ Store = (*Redis)(nil)

// RedisOptions configure OpenRedis.
type RedisOptions struct {
	// URL is redis://user:password@host:6379/0, rediss:// for TLS, or unix:///path/of/socket?db=0.
	// Several hosts, separated by commas, are nodes of a cluster. The hosts of
	// redis+sentinel://host:26379/master/0 are Sentinels.
	URL string
	// TLS has the files of rediss://.
	TLS TLSFiles
	// Prefix is the prefix of every key, without braces; "" means DefaultPrefix.
	Prefix string
	// Deadline is the least time limit of one use, including the connection that it may need; 0 means 50 ms.
	// The limit grows with the round trip, up to 250 ms.
	Deadline time.Duration
	// Log receives a line when the circuit breaker opens and when it closes.
	Log *slog.Logger
}

// OpenRedis returns a Redis that connects on first use. The error concerns the URL and does not
// contain it, because it may hold a password.
func OpenRedis(o RedisOptions) (*Redis, error) {
	if o.Deadline == 0 {
		o.Deadline = defaultDeadline
	}
	tlsConfig, err := o.TLS.load()
	if err != nil {
		return nil, err
	}
	a, err := parseAddress(o.URL)
	if err != nil {
		return nil, err
	}
	r := &Redis{prefix: cmp.Or(o.Prefix, DefaultPrefix), minDeadline: o.Deadline, log: o.Log, opened: make(chan struct{}, 1)}
	r.name = hashName(a.describe() + " " + r.prefix)
	r.recoveryInterval.Store(int64(recoveryInterval))
	r.namespace.Store(&namespace{prefix: r.prefix, historyPrefix: r.prefix, replaced: make(chan struct{})})
	r.writes.runWrite = r.runWrite
	r.closing, r.endClosing = context.WithCancel(context.Background())
	r.draining, r.endDraining = context.WithCancel(context.Background())
	for _, c := range []struct {
		client    *redis.UniversalClient
		deadline  time.Duration
		onConnect func()
	}{
		{&r.client, r.maxDeadline(), func() { r.connections.Add(1) }},
		{&r.large, largeDeadline(r.maxDeadline(), maxLargeBytes), func() {}},
		{&r.probe, 2 * r.maxDeadline(), func() {}},
	} {
		if *c.client, err = newRedisClient(o.URL, clientOptions{tlsConfig, c.deadline, c.onConnect}); err != nil {
			return nil, err
		}
	}
	// go-redis writes a line in its own format for each failure of the process. All relevant failures go
	// to o.Log.
	logging.Disable()
	r.background.Go(r.monitor)
	return r, nil
}

// Name returns a text that is the same in all processes with the same prefix whose URLs have the same hosts and the same
// database. It has no secret.
func (r *Redis) Name() string { return r.name }

// Get returns the value of key.
func (r *Redis) Get(ctx context.Context, key string, renew time.Duration) (value []byte, ok bool) {
	err := r.RunCommands(ctx, func(ctx context.Context, c redis.UniversalClient) (err error) {
		if renew > 0 {
			value, err = c.GetEx(ctx, r.PrefixedKey(key), renew).Bytes()
		} else {
			value, err = c.Get(ctx, r.PrefixedKey(key)).Bytes()
		}
		return err
	})
	return value, err == nil
}

// Set stores value for ttl.
func (r *Redis) Set(ctx context.Context, key string, value []byte, ttl time.Duration) {
	if ttl <= 0 { // Redis would store it without expiry
		return
	}
	set := func(ctx context.Context, c redis.UniversalClient) error {
		return c.Set(ctx, r.PrefixedKey(key), value, ttl).Err()
	}
	if len(value) > smallValueBytes {
		_ = r.RunLarge(ctx, len(value), set)
		return
	}
	_ = r.RunCommands(ctx, set)
}

// RunCommands runs other commands under the same deadline and circuit breaker. Their keys must come
// from PrefixedKey or HistoryKey. It returns the error of run, of which redis.Nil is no failure, or ErrCircuitOpen.
func (r *Redis) RunCommands(ctx context.Context, run func(context.Context, redis.UniversalClient) error) error {
	if r.breaker.isOpen() {
		r.shortCircuited.Add(1)
		return ErrCircuitOpen
	}
	timeout := r.deadline()
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	err := run(limited, r.client)
	// The deadline says when the use began; only failures need the time.
	deadline, _ := limited.Deadline()
	r.recordResult(ctx, int64(deadline.Add(-timeout).Sub(processStart)), err)
	return err
}

// RunLarge runs a command that sends or receives up to size bytes, under a deadline that follows the size.
// The open circuit breaker skips it, but its result does not count for the breaker: a large value that
// takes long says nothing about other commands.
func (r *Redis) RunLarge(ctx context.Context, size int, run func(context.Context, redis.UniversalClient) error) error {
	if r.breaker.isOpen() {
		r.shortCircuited.Add(1)
		return ErrCircuitOpen
	}
	limited, cancel := context.WithTimeout(ctx, largeDeadline(r.deadline(), size))
	defer cancel()
	err := run(limited, r.large)
	if err != nil && !errors.Is(err, redis.Nil) && ctx.Err() == nil {
		r.errorCount.Add(1)
		r.reloadTopology()
	}
	return err
}

// maxLargeBytes is the size above which the deadline of RunLarge grows no further.
const maxLargeBytes = 16 << 20

func largeDeadline(deadline time.Duration, size int) time.Duration {
	return deadline + time.Duration(min(size, maxLargeBytes))*time.Second/largeRate
}

// ConnectionsMade returns the number of connections made since the start. A connection is counted
// before it is used. While the number is unchanged, all replies came from the same Redis processes, and
// none of them has lost data by a restart.
func (r *Redis) ConnectionsMade() uint64 { return r.connections.Load() }

// recordResult counts the result of a use of Redis that began at a time. The error of a cancelled caller
// says nothing about Redis.
func (r *Redis) recordResult(ctx context.Context, began int64, err error) {
	switch {
	case err == nil, errors.Is(err, redis.Nil):
		r.breaker.recordSuccess()
	case ctx.Err() != nil:
	case redis.HasErrorPrefix(err, "WRONGTYPE"): // another application's key with this name: Redis itself works
	default:
		r.errorCount.Add(1)
		r.reloadTopology()
		switch {
		case r.breaker.isOpen():
		case isTimeout(err), isReply(err):
			r.startProbe(err)
		case r.breaker.recordFailure(began):
			r.openBreaker(ctx, err)
		}
	}
}

// Close writes what is queued, for a second at most, and closes the connections.
func (r *Redis) Close() error {
	r.drainWrites()
	r.endDraining()
	r.endClosing()
	r.background.Wait()
	if err := errors.Join(r.client.Close(), r.large.Close(), r.probe.Close()); err != nil {
		return fmt.Errorf("close Redis: %w", err)
	}
	return nil
}

// RedisStats are counts since the start of the process.
type RedisStats struct {
	// Errors is the number of failed uses of Redis, ShortCircuited the number of uses that the open
	// circuit breaker rejected.
	Errors, ShortCircuited uint64
	// DroppedWrites is the number of writes in the background that were dropped, because too many were queued.
	DroppedWrites uint64
	// CircuitOpen reports whether the circuit breaker is open.
	CircuitOpen bool
}

// Stats returns the counts.
func (r *Redis) Stats() RedisStats {
	return RedisStats{
		Errors: r.errorCount.Load(), ShortCircuited: r.shortCircuited.Load(), DroppedWrites: r.writes.dropped.Load(),
		CircuitOpen: r.breaker.isOpen(),
	}
}
