package invalidation

import (
	"context"
	"time"
)

const (
	// ReadLease is how long a member may use its index without a read of the log, counted from the time at
	// which it sent the exchange.
	ReadLease = 200 * time.Millisecond
	// writeWait is how long a write waits for a member that does not respond. The difference to ReadLease is
	// for clocks that advance differently, and for short pauses of a virtual machine that its clock omits.
	writeWait = 300 * time.Millisecond
	// maxClockDifference is how much the wall clock and the monotonic clock may differ during a lease. They
	// differ by more after a suspend, during which the monotonic clock stands still.
	maxClockDifference = 10 * time.Millisecond
	// idleAfter is how long after its last use of the log a process stays a member.
	idleAfter = time.Second
	// minMemberPause and maxMemberPause are the pauses of a write that waits for members.
	minMemberPause, maxMemberPause = 250 * time.Microsecond, 2 * time.Millisecond
)

// readLease is the right to use the index without a read of the log.
type readLease struct{ sent time.Time }

// age returns the age of the lease, or false if it has ended.
func (r *readLease) age(now time.Time) (age time.Duration, valid bool) {
	if r == nil {
		return 0, false
	}
	age = now.Sub(r.sent)
	wall := time.Duration(now.UnixNano() - r.sent.UnixNano())
	return age, age < ReadLease && (wall-age).Abs() <= maxClockDifference
}

// holdsReadLease records that the process uses the log, and reports whether it holds a read lease. After half
// of the lease it has it renewed in the background.
func (l *Log) holdsReadLease() bool {
	now := time.Now()
	used := int64(now.Sub(processStart))
	if used-l.lastUse.Load() > int64(idleAfter/10) { // a write per hit would invalidate the cache line of every core
		l.lastUse.Store(used)
	}
	age, valid := l.stream.Load().lease.Load().age(now)
	if valid && age > ReadLease/2 && l.renewing.CompareAndSwap(false, true) {
		go func() {
			defer l.renewing.Store(false)
			_ = l.streamReads.awaitRun(context.Background())
		}()
	}
	return valid
}

// readLeaseHeld reports whether the process holds a read lease.
func (l *Log) readLeaseHeld() bool {
	if l.redis == nil {
		return false
	}
	_, valid := l.stream.Load().lease.Load().age(time.Now())
	return valid
}

// isUsed reports whether the process is to be a member.
func (l *Log) isUsed() bool {
	used := l.lastUse.Load()
	return used != 0 && time.Since(processStart)-time.Duration(used) < idleAfter && !l.left.Load()
}

// leaveMembers ends the read lease for good and removes the process from the members.
func (l *Log) leaveMembers() {
	if l.redis == nil || l.stream.Load().lease.Load() == nil {
		return
	}
	l.left.Store(true)
	ctx, cancel := context.WithTimeout(context.Background(), ReadLease)
	defer cancel()
	_ = l.streamReads.awaitRun(ctx) // writers of other processes wait once if it fails
}

// awaitMembers returns when no member has a read lease from before its index had all that a poll found, and no process
// holds a lease in another epoch. It returns an error if Redis fails, the epoch ends or the context ends before.
func (l *Log) awaitMembers(ctx context.Context, polled *successfulPoll) error {
	if l.redis == nil {
		return nil
	}
	if polled == nil { // another database was reached after the poll
		return errSuperseded
	}
	first, err := l.rosterAfter(ctx, polled.read)
	if err != nil {
		return err
	}
	began, pause := time.Now(), minMemberPause
	for latest := first; latest.epoch == polled.epoch.Name; {
		remaining := max(first.remaining(latest, time.Now()), time.Until(polled.epoch.since.Add(Lease)))
		if remaining <= 0 {
			if latest != first {
				l.awaitedWrites.Add(1)
				l.memberWait.Add(int64(time.Since(began)))
			}
			return nil
		}
		if err := sleep(ctx, min(pause, remaining)); err != nil {
			return err
		}
		pause = min(pause*3/2, maxMemberPause)
		_ = l.streamReads.awaitRun(ctx) // if it fails, the write waits for the ends of the leases
		if r := l.stream.Load().roster.Load(); r != nil {
			latest = r
		}
	}
	return errSuperseded
}

// sleep returns after a time, or with the error of a context that ends before.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// rosterAfter returns a roster of an exchange that was sent after a time since processStart.
func (l *Log) rosterAfter(ctx context.Context, after time.Duration) (*roster, error) {
	for ctx.Err() == nil {
		if r := l.stream.Load().roster.Load(); r != nil && r.sent.Sub(processStart) >= after {
			return r, nil
		}
		if err := l.streamReads.awaitRun(ctx); err != nil {
			return nil, err
		}
	}
	return nil, ctx.Err()
}
