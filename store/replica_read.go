package store

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/7p-education/api/edu"
)

// errReplicaTimeout reports that a replica did not respond within maxReadTime, or lateCheckTime.
var errReplicaTimeout = errors.New("store: the replica did not respond in time")

// finalError is an error of a read that the primary would return too.
type finalError struct{ error }

// Unwrap returns the error.
func (e finalError) Unwrap() error { return e.error }

// runQueries runs queries on the replica of the operation. It returns false if they have to run on the
// primary; then none of their rows was scanned.
func (r *operationReads) runQueries(ctx context.Context, queries []Query, tags *edu.Tags, meter ReadMeter) (done bool, err error) {
	x, position := r.start(ctx)
	if x == nil {
		return false, nil
	}
	err = x.read(ctx, position, &replicaRead{queries: queries, tags: tags, meter: meter})
	if err == nil {
		x.reads.Add(1)
		return true, nil
	}
	if final, ok := errors.AsType[finalError](err); ok {
		return true, final.error
	}
	if ctx.Err() != nil {
		return true, err
	}
	r.usePrimary(err)
	return false, nil
}

// replicaRead is one round trip to a replica.
type replicaRead struct {
	queries []Query
	tags    *edu.Tags
	meter   ReadMeter // nil for none

	failure error // of the meter
}

// CountRows implements ReadMeter.
func (r *replicaRead) CountRows(rows, bytes int) error {
	if r.meter == nil {
		return nil
	}
	r.failure = r.meter.CountRows(rows, bytes)
	return r.failure
}

// read sends a read with a fence. If the replica lacks a change that the read has to see, read waits for it
// and sends the read again.
func (x *Replica) read(ctx context.Context, p Position, r *replicaRead) error {
	if ready, _ := x.isReady(p); !ready {
		return errReplicaUnavailable
	}
	err := x.sendFenced(ctx, p, r)
	if !errors.Is(err, errFenceMissed) {
		return err
	}
	x.fenceMisses.Add(1)
	if !x.awaitConfirmed(ctx, p) {
		return err
	}
	return x.sendFenced(ctx, p, r)
}

// sendFenced sends a read behind a fence of the changes that the replica has not confirmed yet.
func (x *Replica) sendFenced(ctx context.Context, p Position, r *replicaRead) error {
	x.mu.Lock()
	server, confirmed, life := x.server, x.confirmed, x.life
	x.mu.Unlock()
	required, listed := x.set.log.ChangesBetween(confirmed, p)
	if server.IsZero() || !listed || len(required) > maxReadFence {
		return errFenceMissed
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(life, func() { cancel(errReplicaUnavailable) })()
	watch := x.watchRead(cancel)
	defer watch.stop()
	conn, err := x.pool.conns.Acquire(ctx)
	switch {
	case errors.Is(context.Cause(ctx), errReplicaTimeout): // the pool connects nevertheless, for later reads
		if err == nil {
			conn.Release()
		}
		return errReplicaTimeout
	case err != nil:
		return x.judge(ctx, err, r)
	}
	defer conn.Release()
	watch.restart()
	var found fence
	fenceQuery := found.query(required, marker{}, func() error {
		watch.stop()
		return x.checkFence(found, required, server, p)
	})
	buffers := make([]bufferedRows, len(r.queries))
	queries := append(x.pool.beginQueries(), fenceQuery)
	for i, q := range r.queries {
		queries = append(queries, Query{sql: q.sql, args: q.args, scan: buffers[i].copyRow})
	}
	if err := sendQueries(ctx, conn.Conn(), queries, nil, r); err != nil {
		return x.judge(ctx, err, r)
	}
	x.timeouts.Store(0)
	for i := range buffers {
		if err := scanRows(&buffers[i], r.queries[i], r.tags, &rowCounter{}); err != nil {
			return finalError{err}
		}
	}
	return nil
}

// checkFence returns an error unless a replica is a standby, and has every change that a read at a position
// requires.
func (x *Replica) checkFence(found fence, required []PublishedChange, server time.Time, p Position) error {
	switch {
	case !found.standby:
		return errNotStandby
	case !found.server.Equal(server):
		x.forgetServer()
		return errFenceMissed
	case found.countVisible(required) < len(required):
		return errFenceMissed
	}
	if len(required) > 0 {
		x.confirm(server, p)
	}
	return nil
}

// judge returns the error of a failed read, and takes the replica out if the error is one of the replica
// itself.
func (x *Replica) judge(ctx context.Context, err error, r *replicaRead) error {
	cause := context.Cause(ctx)
	pg, isPg := errors.AsType[*pgconn.PgError](err)
	switch {
	case errors.Is(err, errFenceMissed):
		return errFenceMissed
	case r.failure != nil:
		return finalError{r.failure}
	case isPg && pg.Code == "57014": // query_canceled: the statement timeout expired, as it would on the primary
		return finalError{err}
	case errors.Is(cause, errReplicaTimeout):
		if x.timeouts.Add(1) >= maxReadTimeouts {
			x.suspect(fmt.Errorf("%w: %d reads took more than %s", errReplicaTimeout, maxReadTimeouts, maxReadTime))
		}
		return errReplicaTimeout
	case errors.Is(cause, errReplicaUnavailable):
		return errReplicaUnavailable
	case cause != nil: // the context of the caller has ended
		return err
	case errors.Is(err, errNotStandby) || isUnreachable(err):
		x.suspect(err)
	}
	return err
}

// readCounts counts round trips of reads on the primary.
type readCounts struct{ primary atomic.Uint64 }

// PrimaryReads returns how many round trips of reads ran on the primary.
func (s *Store) PrimaryReads() uint64 { return s.readCounts.primary.Load() }

// ReplicaFallbacks returns how many operations, whose reads a replica could have served, went to the primary.
func (s *Store) ReplicaFallbacks(reason FallbackReason) uint64 {
	if s.replicas == nil {
		return 0
	}
	return s.replicas.fallbacks[reason].Load()
}

// Replicas returns the replicas in the order of Config.ReplicaURLs.
func (s *Store) Replicas() []*Replica {
	if s.replicas == nil {
		return nil
	}
	return s.replicas.list
}
