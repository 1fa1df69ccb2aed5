package store

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/7p-education/api/internal/observe"
)

const (
	// lateReadTime is the time without a result after which a read has its replica checked. It says nothing by itself:
	// the read may be a slow one, wait for a connection of a full pool, or be the first one of its connection.
	lateReadTime = 50 * time.Millisecond
	// maxReadTime is the time without a connection, and then without a result, after which a read runs on the primary
	// although checks succeed: replay may hold a lock that the read needs.
	maxReadTime = 500 * time.Millisecond
	// maxReadTimeouts is the number of consecutive reads without a result in time after which a replica is out of use.
	maxReadTimeouts = 3
	// lateCheckTime is the time without a response to a check after which a replica is out of use.
	lateCheckTime = 250 * time.Millisecond
)

// readWatch has the replica checked when a read is late, and ends the read after maxReadTime.
type readWatch struct{ late, end *time.Timer }

// watchRead begins to watch a read, which cancel ends.
func (x *Replica) watchRead(cancel context.CancelCauseFunc) readWatch {
	began := time.Now()
	return readWatch{
		late: time.AfterFunc(lateReadTime, func() { x.requestCheckSince(began) }),
		end:  time.AfterFunc(maxReadTime, func() { cancel(errReplicaTimeout) }),
	}
}

// restart gives the read all of its time again: it has a connection now.
func (w readWatch) restart() { w.end.Reset(maxReadTime) }

// stop ends the watch: the first result is there.
func (w readWatch) stop() {
	w.late.Stop()
	w.end.Stop()
}

// requestCheckSince has the replica checked at once, unless it has passed a check since a time.
func (x *Replica) requestCheckSince(began time.Time) {
	x.mu.Lock()
	passed := x.passedAt.After(began)
	x.mu.Unlock()
	if !passed {
		x.requestCheck()
	}
}

// watchCheck takes the replica out if a check is late, and ends the reads in progress on it, unless this process waits
// for processors: then other programs are late too, and each read that ends costs its connection. The caller calls stop
// at the response.
func (x *Replica) watchCheck() (stop func()) {
	ended := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		late := time.NewTicker(lateCheckTime)
		defer late.Stop()
		for {
			select {
			case <-ended:
				return
			case <-late.C:
				if !observe.IsProcessLate() {
					x.suspect(fmt.Errorf("%w: a check took more than %s", errReplicaTimeout, lateCheckTime))
					x.abandonReads()
					return
				}
			}
		}
	})
	return func() { close(ended); watching.Wait() }
}
