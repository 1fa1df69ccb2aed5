package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// replicaSet has the replicas of a store, and checks them.
type replicaSet struct {
	list     []*Replica
	log      ChangeLog
	markers  *markers
	identity *identityWatch
	maxLag   time.Duration
	logger   *slog.Logger

	next      atomic.Uint32 // of a round robin
	fallbacks [fallbackReasons]atomic.Uint64
	stop      context.CancelFunc
	checks    sync.WaitGroup
}

// FallbackReason is why a read that a replica could have served ran on the primary.
type FallbackReason uint8

// The reasons.
const (
	FallbackLog         FallbackReason = iota // the log of changes is not available
	FallbackUnavailable                       // no replica passes its checks and is up to date, or it failed one during the read
	FallbackFence                             // the replica lacked a change for too long
	FallbackError                             // the read failed, or had no result in time
	fallbackReasons
)

// String returns the name of the reason in metrics.
func (r FallbackReason) String() string {
	return [...]string{"log", "unavailable", "fence", "error"}[r]
}

// FallbackReasons are all reasons.
var FallbackReasons = []FallbackReason{FallbackLog, FallbackUnavailable, FallbackFence, FallbackError}

// openReplicas opens the replicas of a configuration and begins to check them. It returns nil for none.
func openReplicas(ctx context.Context, c Config, s *Store) (*replicaSet, error) {
	if len(c.ReplicaURLs) == 0 || c.ChangeLog == nil {
		return nil, nil
	}
	set := &replicaSet{log: c.ChangeLog, markers: &markers{primary: s.primary, log: c.ChangeLog}, identity: s.identity, maxLag: c.ReplicaMaxLag, logger: c.Logger, stop: func() {}}
	if set.logger == nil {
		set.logger = slog.New(slog.DiscardHandler)
	}
	for i, url := range c.ReplicaURLs {
		x := newReplica(fmt.Sprintf("replica_%d", i+1), set)
		if err := openReplica(ctx, c, url, x); err != nil {
			set.close()
			return nil, err
		}
		set.list = append(set.list, x)
	}
	checking, stop := context.WithCancel(context.Background())
	set.stop = stop
	for _, x := range set.list {
		set.checks.Go(func() { x.runChecks(checking) })
	}
	return set, nil
}

func (set *replicaSet) close() {
	set.stop()
	set.checks.Wait()
	for _, x := range set.list {
		x.close()
	}
}

// choose returns a replica for the reads of an operation at a position, if possible one that has
// confirmed it; nil if there is none.
func (set *replicaSet) choose(p Position) (chosen *Replica) {
	first := int(set.next.Add(1))
	for i := range set.list {
		x := set.list[(first+i)%len(set.list)]
		switch ready, confirmed := x.isReady(p); {
		case ready && confirmed:
			return x
		case ready && chosen == nil:
			chosen = x
		}
	}
	return chosen
}

// operationReads are the reads of one operation on replicas. All of them run on one replica, until one
// fails; from then on they run on the primary. So none sees an older state than the one before. It is safe
// for concurrent use.
type operationReads struct {
	set *replicaSet

	mu       sync.Mutex
	position Position
	started  bool     // position and replica are set
	located  bool     // position is set
	replica  *Replica // nil for the primary
}

// AtPosition returns the store for one operation whose reads see every change up to a position of the log:
// on a replica, if one has them, or else on the primary.
func (s *Store) AtPosition(p Position) *Store {
	return s.withReads(&operationReads{position: p, located: true})
}

// AtCurrentPosition is AtPosition for the position of the log at the first read. The reads see every write
// that was acknowledged before.
func (s *Store) AtCurrentPosition() *Store { return s.withReads(&operationReads{}) }

// withReads returns the store itself if it has no replicas, or if there is none: introspection needs no store.
func (s *Store) withReads(r *operationReads) *Store {
	if s == nil || s.replicas == nil {
		return s
	}
	r.set = s.replicas
	reading := *s
	reading.reads = r
	return &reading
}

// start returns the replica of the operation, nil for the primary.
func (r *operationReads) start(ctx context.Context) (*Replica, Position) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.started {
		return r.replica, r.position
	}
	r.started = true
	if !r.located {
		var available bool
		if r.position, available = r.set.log.CurrentPosition(ctx); !available {
			r.set.fallbacks[FallbackLog].Add(1)
			return nil, Position{}
		}
	}
	if r.replica = r.set.choose(r.position); r.replica == nil {
		r.set.fallbacks[FallbackUnavailable].Add(1)
	}
	return r.replica, r.position
}

// usePrimary has all later reads of the operation run on the primary.
func (r *operationReads) usePrimary(err error) {
	reason := FallbackError
	switch {
	case errors.Is(err, errFenceMissed):
		reason = FallbackFence
	case errors.Is(err, errReplicaUnavailable):
		reason = FallbackUnavailable
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.replica != nil {
		r.replica = nil
		r.set.fallbacks[reason].Add(1)
	}
}
