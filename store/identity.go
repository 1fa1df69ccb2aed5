package store

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Identity identifies a database, so that what belongs to one is not used with another. The zero
// Identity is unknown, for example before the migration that creates identify_database.
type Identity struct {
	// Origin identifies the database: its cluster, its oid and a random id. A restart and a failover
	// leave it unchanged.
	Origin string
	// History identifies the sequence of its commits. It changes when committed rows may have been
	// lost or replaced without a Change: by a restore, a failover, a restart or DDL on triggers.
	History string
}

// IsKnown reports whether the identity was read.
func (i Identity) IsKnown() bool { return i != Identity{} }

var (
	errStandby = errors.New("store: the primary of DATABASE_URL is a standby: promote it, or name the primary")
	// errOtherOrigin is the error of connections to a replica of another database.
	errOtherOrigin = errors.New("store: the database of READ_REPLICA_URL is not a replica of the primary")
	// errDirectOrigin is the error of direct connections to another database than the primary's.
	errDirectOrigin = errors.New("store: DIRECT_DATABASE_URL and DATABASE_URL lead to different databases")
	// errDatabaseReplaced is the error of a statement during which a connection reached another
	// database: its result may be that of the former one.
	errDatabaseReplaced = errors.New("store: the database was replaced meanwhile")
)

// identityWatch has the identity of the database that the primary's connections reached last. It is
// safe for concurrent use.
type identityWatch struct {
	current atomic.Pointer[observedIdentity]

	mu        sync.Mutex
	pools     []*pgxpool.Pool
	listeners []func()
}

// observedIdentity is an identity and the time at which it was first read.
type observedIdentity struct {
	Identity
	since time.Time
}

func newIdentityWatch() *identityWatch {
	w := &identityWatch{}
	w.current.Store(&observedIdentity{})
	return w
}

// addPool adds a pool whose connections are replaced when the identity changes.
func (w *identityWatch) addPool(p *pgxpool.Pool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pools = append(w.pools, p)
}

// recordIdentity records an identity that was read. If it differs from the one before, connections
// that may still reach the former database are closed before any of them is used again.
func (w *identityWatch) recordIdentity(found Identity) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.replaceIdentity(found)
}

// recordResult records the identity in the result of a statement. It returns false if another one
// was recorded since the statement began, when the current one was began.
func (w *identityWatch) recordResult(found Identity, began *observedIdentity) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.current.Load() != began {
		return found == w.current.Load().Identity
	}
	w.replaceIdentity(found)
	return true
}

// replaceIdentity requires that the caller holds mu.
func (w *identityWatch) replaceIdentity(found Identity) {
	former := w.current.Load()
	if former.Identity == found {
		return
	}
	w.current.Store(&observedIdentity{found, time.Now()})
	if !former.since.IsZero() { // the first identity is of connections that were just made
		for _, pool := range w.pools {
			pool.Reset()
		}
	}
	for _, notify := range w.listeners {
		notify()
	}
}

// acceptPrimary records the identity of the database that a connection to the primary reached.
func (w *identityWatch) acceptPrimary(found Identity) error {
	w.recordIdentity(found)
	return nil
}

// acceptReplica returns an error if a connection to the replica reached another database than
// the primary's. The history is not compared: a replica is a standby, with a history of its own.
func (w *identityWatch) acceptReplica(found Identity) error {
	if current := w.current.Load(); current.IsKnown() && found.Origin != current.Origin {
		return errOtherOrigin
	}
	return nil
}

// acceptDirect returns an error if a direct connection reached another database than the primary's.
func (w *identityWatch) acceptDirect(found Identity) error {
	if current := w.current.Load(); current.IsKnown() && found.IsKnown() && found.Origin != current.Origin {
		return errDirectOrigin
	}
	return nil
}

// CurrentIdentity returns the identity of the database that the primary's connections reached last,
// and when it was first read. Each new connection and each poll of ChangesSince reads it.
func (s *Store) CurrentIdentity() (Identity, time.Time) {
	current := s.identity.current.Load()
	return current.Identity, current.since
}

// ReadIdentity reads the identity of the primary's database for CurrentIdentity.
func (s *Store) ReadIdentity(ctx context.Context) error {
	return convertError(s.primary.conns.AcquireFunc(ctx, func(conn *pgxpool.Conn) error {
		return s.primary.verifyConn(ctx, conn.Conn())
	}))
}

// NotifyIdentityChange registers a function that is called after each change of CurrentIdentity,
// before a connection to the new database is used. It must not run statements.
func (s *Store) NotifyIdentityChange(notify func()) {
	s.identity.mu.Lock()
	defer s.identity.mu.Unlock()
	s.identity.listeners = append(s.identity.listeners, notify)
}
