package store

import (
	"context"
	"sync"
	"time"

	"github.com/7p-education/api/internal/observe"
)

const (
	// replicaTimeout is how long a replica may take to connect, and then to the first result of a read. Then the read
	// runs on the primary.
	replicaTimeout = 50 * time.Millisecond
	// maxReplicaTimeouts is the number of consecutive reads without a result in time that takes a replica out. A single
	// one may have met a busy processor.
	maxReplicaTimeouts = 3
	// maxReplicaDelays is how often the deadline is postponed: the checks end the reads of a replica that hangs earlier.
	maxReplicaDelays = 9
)

// replicaDeadline ends a read on a replica that has no result in time. It is postponed while the read waits for a
// connection of a full pool, or this process for processors: that is no fault of the replica, the primary would be no
// faster, and a canceled read costs its connection.
type replicaDeadline struct {
	x      *Replica
	cancel context.CancelCauseFunc

	mu      sync.Mutex
	timer   *time.Timer
	expires time.Time
	delays  int
	met     bool
}

// startDeadline begins the deadline of a read, which cancel ends.
func (x *Replica) startDeadline(cancel context.CancelCauseFunc) *replicaDeadline {
	d := &replicaDeadline{x: x, cancel: cancel, expires: time.Now().Add(replicaTimeout)}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.timer = time.AfterFunc(replicaTimeout, d.expire)
	return d
}

// restart gives the read all of its time again: it has a connection now.
func (d *replicaDeadline) restart() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.expires = time.Now().Add(replicaTimeout)
	d.timer.Reset(replicaTimeout)
}

// meet ends the deadline: the first result is there.
func (d *replicaDeadline) meet() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.met = true
	d.timer.Stop()
}

func (d *replicaDeadline) expire() {
	d.mu.Lock()
	lateness := time.Since(d.expires)
	d.mu.Unlock()
	isExcused := d.x.isPoolFull() || lateness > replicaTimeout/10 || observe.IsProcessLate()
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.met, time.Now().Before(d.expires): // restarted meanwhile
	case isExcused && d.delays < maxReplicaDelays:
		d.delays++
		d.expires = time.Now().Add(replicaTimeout)
		d.timer.Reset(replicaTimeout)
	default:
		d.cancel(errReplicaTimeout)
	}
}

// isPoolFull reports whether all connections are in use, so that reads wait for one.
func (x *Replica) isPoolFull() bool {
	stat := x.pool.conns.Stat()
	return stat.AcquiredConns() == stat.MaxConns()
}
