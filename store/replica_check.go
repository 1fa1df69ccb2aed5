package store

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

const (
	// checkInterval is the time between two checks of a replica, behindInterval while it lacks changes,
	// and waitingInterval while reads wait for them.
	checkInterval   = 250 * time.Millisecond
	behindInterval  = 20 * time.Millisecond
	waitingInterval = time.Millisecond
	// checkTimeout is how long a check may take.
	checkTimeout = 500 * time.Millisecond
	// maxConfirmTime is the age of a missing change from which on a marker is used instead: the row of the
	// change may be deleted.
	maxConfirmTime = 5 * time.Second
)

// runChecks checks the replica until the context ends.
func (x *Replica) runChecks(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	var last time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-x.checkNow:
			if wait := waitingInterval - time.Since(last); wait > 0 {
				time.Sleep(wait)
			}
		}
		last = time.Now()
		x.check(ctx)
		timer.Reset(x.nextCheck())
	}
}

func (x *Replica) nextCheck() time.Duration {
	x.mu.Lock()
	defer x.mu.Unlock()
	switch {
	case x.cause != nil:
		return checkInterval
	case x.waiting > 0:
		return waitingInterval
	case x.missed != nil || x.server.IsZero():
		return behindInterval
	}
	return checkInterval
}

// check finds out whether the replica responds, is a standby, and which changes it has. A replica that
// fails serves no reads until a check succeeds.
func (x *Replica) check(ctx context.Context) {
	checkCtx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	err := x.checkState(checkCtx)
	if ctx.Err() != nil {
		return
	}
	if lag := x.lag(); err == nil && x.set.maxLag > 0 && lag > x.set.maxLag {
		err = &lagError{lag.Round(time.Second), x.set.maxLag}
	}
	if err == nil {
		x.mu.Lock()
		x.passedAt = time.Now()
		x.mu.Unlock()
		if x.isPaused() {
			return
		}
	}
	x.setCause(err)
	if _, lags := errors.AsType[*lagError](err); err != nil && !lags {
		x.abandonReads()
	}
}

// checkState sends the statement Fence, and records what the replica confirms.
func (x *Replica) checkState(ctx context.Context) error {
	log, began := x.set.log, time.Now()
	x.mu.Lock()
	known, confirmed := !x.server.IsZero(), x.confirmed
	x.mu.Unlock()
	to := log.Position()
	required, listed := log.ChangesBetween(confirmed, to)
	var m marker
	var since Position
	isLate := len(required) > 0 && time.Since(required[0].LearnedAt) > maxConfirmTime
	if isLate {
		since = Position{Epoch: to.Epoch, Offset: required[0].Offset}
	}
	if !known || !listed || isLate {
		if m = x.set.markers.current(ctx, since); m != (marker{}) {
			required, listed = log.ChangesBetween(m.position, to)
		}
	}
	if !listed {
		required = nil
	}
	if len(required) > maxCheckFence {
		required = required[:maxCheckFence]
	}
	found, err := x.sendCheck(ctx, required, m)
	if err != nil {
		return err
	}
	if !found.standby {
		return errNotStandby
	}
	if x.recordFence(found, required, listed, m, to) {
		x.mu.Lock()
		x.caughtUpAt = began
		x.mu.Unlock()
	}
	return nil
}

// sendCheck sends the statement Fence on the connection that is reserved for checks. The time to connect does not count
// as a late check: a new connection needs several round trips.
func (x *Replica) sendCheck(ctx context.Context, required []PublishedChange, m marker) (found fence, err error) {
	conn, err := x.checkPool.conns.Acquire(ctx)
	if err != nil {
		return found, err
	}
	defer conn.Release()
	defer x.watchCheck()()
	queries := append(x.checkPool.beginQueries(), found.query(required, m, func() error { return nil }))
	err = sendQueries(ctx, conn.Conn(), queries, nil, nil)
	return found, err
}

// recordFence records what the statement Fence found: required are the changes up to a position after the
// marker or, without one, after the confirmed position. It reports whether the replica has all of them.
func (x *Replica) recordFence(found fence, required []PublishedChange, listed bool, m marker, to Position) bool {
	switch {
	case m == (marker{}) && !x.isServer(found.server):
		x.forgetServer()
		return false
	case m != (marker{}) && !found.isMarked:
		return false
	case m != (marker{}):
		x.confirm(found.server, m.position)
	}
	if !listed {
		return false
	}
	n := found.countVisible(required)
	switch isAll := n == len(required); {
	case isAll && n < maxCheckFence:
		x.confirm(found.server, to)
		return true
	case isAll: // there may be more at the last offset
		x.confirm(found.server, Position{to.Epoch, required[n-1].Offset - 1})
	case n > 0:
		x.confirm(found.server, Position{to.Epoch, required[n].Offset - 1})
	}
	return false
}

// lagError reports that a replica exceeds the maximum lag.
type lagError struct{ lag, limit time.Duration }

// Error returns the lag and the limit.
func (e *lagError) Error() string {
	return fmt.Sprintf("store: the replica lags %s behind, more than REPLICA_MAX_LAG=%s", e.lag, e.limit)
}

// ReplicaCause returns the reason in ReplicaStatcause for readers who may not see the error.
func ReplicaCause(cause error) string {
	pg, isPg := errors.AsType[*pgconn.PgError](cause)
	_, lags := errors.AsType[*lagError](cause)
	network, isNetwork := errors.AsType[net.Error](cause)
	switch {
	case lags:
		return "lags"
	case errors.Is(cause, errNotStandby):
		return "not a standby"
	case errors.Is(cause, errOtherOrigin):
		return "another database"
	case errors.Is(cause, errNotChecked):
		return "nothing confirmed yet"
	case isPg && pg.Code[:2] == "28":
		return "credentials rejected"
	case errors.Is(cause, context.DeadlineExceeded), errors.Is(cause, errReplicaTimeout), isNetwork && network.Timeout():
		return "does not respond"
	}
	return "unreachable"
}
