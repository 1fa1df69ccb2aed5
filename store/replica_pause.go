package store

import "time"

const (
	// minReplicaPause is the time without reads after a second failed read within replicaCalmTime. It doubles with each
	// further one, up to maxReplicaPause.
	minReplicaPause = 250 * time.Millisecond
	maxReplicaPause = 4 * time.Second
	replicaCalmTime = 10 * time.Second
)

// replicaPause leaves a replica without reads whose checks succeed while its reads fail. Otherwise a replica that is
// too slow for its reads would get them back at each check, and waste the work of all that it does not finish in time.
type replicaPause struct {
	length       time.Duration
	began, until time.Time
}

// begin begins a pause after a failed read.
func (p *replicaPause) begin(now time.Time) {
	if now.Sub(p.began) > p.length+replicaCalmTime {
		p.length = 0
	} else {
		p.length = min(max(2*p.length, minReplicaPause), maxReplicaPause)
	}
	p.began, p.until = now, now.Add(p.length)
}

// isPaused reports whether the replica serves no reads although its checks succeed.
func (x *Replica) isPaused() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.cause != nil && time.Now().Before(x.pause.until)
}
