package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	// fenceTimeout is how long a read waits for a replica to replay the changes that it has to see.
	fenceTimeout = 20 * time.Millisecond
	// replicaConnectTimeout is how long a connection may take in all. A read that needs one does not wait
	// for it longer than maxReadTime.
	replicaConnectTimeout = 2 * time.Second
)

// errReplicaUnavailable reports that a replica may not serve a read now.
var errReplicaUnavailable = errors.New("store: the replica is not available")

// Replica is a streaming replica that serves reads while it passes its checks. It is safe for concurrent
// use.
type Replica struct {
	name        string
	set         *replicaSet
	pool        *pool
	checkPool   *pool         // one connection, reserved for checks
	checkNow    chan struct{} // has room for one
	reads       atomic.Uint64
	fenceMisses atomic.Uint64
	timeouts    atomic.Int32 // of reads since the last one that succeeded

	mu    sync.Mutex
	cause error // why the replica serves no reads; nil while it does
	// server is the start of the server that confirmed is of; zero if nothing is confirmed. confirmed is
	// the position of the log up to which the replica has every change.
	server     time.Time
	confirmed  Position
	caughtUpAt time.Time // begin of the last check that found every change
	passedAt   time.Time // end of the last check that succeeded
	missed     *Position // that a read has waited for in vain, and that is not confirmed yet; nil for none
	waiting    int       // reads that wait for confirmed to advance
	advanced   chan struct{}
	pause      replicaPause
	life       context.Context // of the reads in progress: ends when a check fails
	endReads   context.CancelCauseFunc
}

// errNotChecked is the cause of a replica until a check has found out what it has replayed.
var errNotChecked = errors.New("store: the replica has not confirmed a change yet")

func newReplica(name string, set *replicaSet) *Replica {
	x := &Replica{name: name, set: set, checkNow: make(chan struct{}, 1), cause: errNotChecked, caughtUpAt: time.Now(), advanced: make(chan struct{})}
	x.life, x.endReads = context.WithCancelCause(context.Background())
	return x
}

// openReplica opens the pools of a replica, which need not be reachable yet.
func openReplica(ctx context.Context, c Config, url string, x *Replica) (err error) {
	pooler, accept := newPoolerState(c.Pooler), x.set.identity.acceptReplica
	c.connectTimeout = replicaConnectTimeout
	if x.pool, err = openPool(ctx, c.traced(x.name), url, pooler, accept); err != nil {
		return fmt.Errorf("store: %s: %w", x.name, err)
	}
	c.MaxConns = 1
	if x.checkPool, err = openPool(ctx, c, url, pooler, accept); err != nil {
		x.pool.conns.Close()
		return fmt.Errorf("store: %s: %w", x.name, err)
	}
	x.set.identity.addPool(x.pool.conns)
	x.set.identity.addPool(x.checkPool.conns)
	return nil
}

func (x *Replica) close() {
	x.endReads(errReplicaUnavailable)
	x.pool.conns.Close()
	x.checkPool.conns.Close()
}

// Name returns replica_1 for the first one of Config.ReplicaURLs, and so on.
func (x *Replica) Name() string { return x.name }

// Pool returns the pool of the reads.
func (x *Replica) Pool() *pgxpool.Pool { return x.pool.conns }

// ReplicaStats are counts since the start of the process, and the state of a replica.
type ReplicaStats struct {
	// Reads counts round trips that the replica served, FenceMisses reads that it could not serve at once
	// because it lacked a change.
	Reads, FenceMisses uint64
	// Lag is the age of the oldest change that the replica has not confirmed.
	Lag time.Duration
	// Cause is why the replica serves no reads; nil while it does.
	Cause error
}

// Stats returns the current counts and the state.
func (x *Replica) Stats() ReplicaStats {
	x.mu.Lock()
	cause := x.cause
	if cause == nil && x.server.IsZero() {
		cause = errNotChecked
	}
	x.mu.Unlock()
	return ReplicaStats{Reads: x.reads.Load(), FenceMisses: x.fenceMisses.Load(), Lag: x.lag(), Cause: cause}
}

// lag returns the age of the oldest change that the replica has not confirmed, 0 for none.
func (x *Replica) lag() time.Duration {
	x.mu.Lock()
	known, confirmed, caughtUpAt := !x.server.IsZero(), x.confirmed, x.caughtUpAt
	x.mu.Unlock()
	missing, listed := x.set.log.ChangesBetween(confirmed, x.set.log.Position())
	switch {
	case !known || !listed:
		return time.Since(caughtUpAt)
	case len(missing) == 0:
		return 0
	}
	return time.Since(missing[0].LearnedAt)
}

// hasConfirmed reports whether the replica has every change up to a position. The caller must hold mu.
func (x *Replica) hasConfirmed(p Position) bool {
	return !x.server.IsZero() && x.confirmed.Epoch == p.Epoch && x.confirmed.Offset >= p.Offset
}

// isReady reports whether the replica may serve a read at a position, before the read is sent.
func (x *Replica) isReady(p Position) (ready, confirmed bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	confirmed = x.hasConfirmed(p)
	return x.cause == nil && (confirmed || x.missed == nil && !x.server.IsZero() && x.confirmed.Epoch == p.Epoch), confirmed
}

// confirm records that a server of the replica has every change up to a position.
func (x *Replica) confirm(server time.Time, p Position) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if server.Equal(x.server) && x.hasConfirmed(p) {
		return
	}
	x.server, x.confirmed = server, p
	if x.missed != nil && (x.missed.Epoch != p.Epoch || x.hasConfirmed(*x.missed)) {
		x.missed = nil
	}
	close(x.advanced)
	x.advanced = make(chan struct{})
}

// forgetServer records that nothing is confirmed, because another server has responded.
func (x *Replica) forgetServer() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.server = time.Time{}
}

// isServer reports whether a server is the one that confirmed is of.
func (x *Replica) isServer(server time.Time) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return server.Equal(x.server)
}

// awaitConfirmed waits until the replica has every change up to a position, for fenceTimeout at most. If it
// does not, reads that require more than is confirmed do not try the replica until it has that position.
func (x *Replica) awaitConfirmed(ctx context.Context, p Position) bool {
	timer := time.NewTimer(fenceTimeout)
	defer timer.Stop()
	x.mu.Lock()
	defer x.mu.Unlock()
	x.waiting++
	defer func() { x.waiting-- }()
	for {
		if x.hasConfirmed(p) {
			return true
		}
		advanced := x.advanced
		x.mu.Unlock()
		x.requestCheck()
		late := false
		select {
		case <-advanced:
		case <-timer.C:
			late = true
		case <-ctx.Done():
		}
		x.mu.Lock()
		if late && x.missed == nil && !x.hasConfirmed(p) {
			x.missed = &p
		}
		if late || ctx.Err() != nil || x.cause != nil {
			return x.hasConfirmed(p)
		}
	}
}

// requestCheck has the replica checked at once.
func (x *Replica) requestCheck() {
	select {
	case x.checkNow <- struct{}{}:
	default:
	}
}

// suspect takes the replica out after a failed read, until a check succeeds.
func (x *Replica) suspect(err error) {
	x.mu.Lock()
	if x.cause == nil {
		x.pause.begin(time.Now())
	}
	x.mu.Unlock()
	x.setCause(err)
	x.requestCheck()
}

// setCause takes the replica out, or back in if the cause is nil, and logs changes.
func (x *Replica) setCause(cause error) {
	x.mu.Lock()
	former := x.cause
	x.cause = cause
	x.mu.Unlock()
	switch log := x.set.logger; {
	case cause == nil && former != nil:
		log.Info("replica in use", "replica", x.name)
	case cause != nil && (former == nil || errors.Is(former, errNotChecked)):
		log.Warn("replica out of use; its reads go to the primary", "replica", x.name, "error", cause)
	}
}

// abandonReads ends the reads in progress, which then run on the primary.
func (x *Replica) abandonReads() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.endReads(errReplicaUnavailable)
	x.life, x.endReads = context.WithCancelCause(context.Background())
}
