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
	// maxReadTime is the time without a result after which a read runs on the primary, although checks succeed: replay may
	// hold a lock that the read needs.
	maxReadTime = 500 * time.Millisecond
	// lateCheckTime is the time without a response to a check after which a replica is out of use.
	lateCheckTime = 250 * time.Millisecond
)

// watchRead has the replica checked when a read is late, and ends the read by cancel after maxReadTime. The caller calls
// stop at the first result.
func (x *Replica) watchRead(cancel context.CancelCauseFunc) (stop func()) {
	late := time.AfterFunc(lateReadTime, x.requestCheck)
	end := time.AfterFunc(maxReadTime, func() { cancel(errReplicaTimeout) })
	return func() { late.Stop(); end.Stop() }
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
