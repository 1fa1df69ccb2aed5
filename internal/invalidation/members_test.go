package invalidation

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/7p-education/api/internal/cache/redistest"
	"github.com/7p-education/api/store"
)

// openOldLog opens a log that has used its database and its epoch for long, so that writes wait for members
// only. It does not follow the log.
func openOldLog(t *testing.T, url, prefix string) *Log {
	t.Helper()
	from := &replaceableSource{}
	from.replaceDatabase("1", "course:0", true)
	from.since = time.Now().Add(-time.Hour)
	l := openLog(t, openRedis(t, url, prefix), from)
	l.mustPoll(t)
	l.registered.since = time.Now().Add(-time.Hour)
	l.mustPoll(t)
	return l
}

// publishChange publishes a change.
func (l *Log) publishChange(t *testing.T, id int64) {
	t.Helper()
	l.Publish(t.Context(), []store.Change{{ID: id, Tags: []string{"course:1"}}})
	if n := l.Stats().DelayedWrites; n > 0 {
		t.Errorf("%d delayed writes", n)
	}
}

// mustHoldLease makes a log a member with a new read lease.
func (l *Log) mustHoldLease(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; {
		if _, ok := l.CurrentPosition(t.Context()); ok && l.readLeaseHeld() {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("there is no read lease")
		}
		l.mustPoll(t)
	}
}

// isStale reports whether a hit would miss a change.
func (l *Log) isStale(id int64) bool { return l.readLeaseHeld() && !l.index.containsChange(id) }

// listMembers returns the registrations in Redis.
func listMembers(t *testing.T, s *stream) (members map[string]string) {
	t.Helper()
	if err := s.redis.RunCommands(t.Context(), func(ctx context.Context, c redis.UniversalClient) (err error) {
		members, err = c.HGetAll(ctx, s.membersKey).Result()
		return err
	}); err != nil {
		t.Fatal(err)
	}
	delete(members, epochField)
	delete(members, logField)
	return members
}

// TestHitsSendNoCommands counts the commands of hits under read leases: there are none but the renewals.
func TestHitsSendNoCommands(t *testing.T) {
	t.Parallel()
	url, prefix := redistest.NewKeyspace(t)
	var commands atomic.Int64
	r := openRedis(t, url, prefix)
	r.ObserveCommands(func(string, time.Duration) { commands.Add(1) })
	from := &replaceableSource{}
	from.replaceDatabase("1", "course:0", true)
	l := openLog(t, r, from)
	l.mustPoll(t)
	l.mustHoldLease(t)
	const hits = 100_000
	before, began := commands.Load(), time.Now()
	for range hits {
		if _, ok := l.CurrentPosition(t.Context()); !ok {
			l.mustPoll(t)
		}
	}
	// One renewal for each half of a lease, a read if it came too late, and a poll for each lease of polls.
	renewals := 4 * (int64(time.Since(began)/(ReadLease/2)) + 1)
	if sent := commands.Load() - before; sent > renewals {
		t.Errorf("%d hits sent %d commands, want %d at most", hits, sent, renewals)
	}
}

// TestWritesWaitForStoppedMember stops a member that holds a read lease. A write is acknowledged when the lease has
// ended, and the member is removed.
func TestWritesWaitForStoppedMember(t *testing.T) {
	t.Parallel()
	url, prefix := redistest.NewKeyspace(t)
	stopped, writer := openOldLog(t, url, prefix), openOldLog(t, url, prefix)
	for id := range int64(3) {
		stopped.mustHoldLease(t)
		writer.publishChange(t, 10+id)
		if stopped.isStale(10 + id) {
			t.Fatal("acknowledged, and a member may serve what it had before")
		}
	}
	for deadline := time.Now().Add(patience); len(listMembers(t, writer.stream.Load())) > 0; {
		if writer.mustPoll(t); time.Now().After(deadline) {
			t.Fatalf("the stopped member remains: %v", listMembers(t, writer.stream.Load()))
		}
		writer.stream.Load().isWanted = func() bool { return false } // mustPoll uses the log
	}
}

// TestWritesAwaitAcknowledgements checks that members that follow the log have each write before it is acknowledged,
// with two of them and two writers at a time.
func TestWritesAwaitAcknowledgements(t *testing.T) {
	t.Parallel()
	url, prefix := redistest.NewKeyspace(t)
	members := []*Log{openOldLog(t, url, prefix), openOldLog(t, url, prefix)}
	following, stop := context.WithCancel(t.Context())
	var background sync.WaitGroup
	for _, m := range members {
		background.Go(func() { m.follow(following) })
		background.Go(func() {
			for following.Err() == nil {
				if _, ok := m.CurrentPosition(following); !ok {
					_ = m.awaitPoll(following)
				}
				time.Sleep(time.Millisecond)
			}
		})
	}
	var writers sync.WaitGroup
	for i := range 2 {
		writer := openOldLog(t, url, prefix)
		writers.Go(func() {
			for n := range 100 {
				id := int64(1000*(i+1) + n)
				writer.publishChange(t, id)
				for _, m := range members {
					if m.isStale(id) {
						t.Errorf("a member with a lease misses the change %d", id)
					}
				}
			}
		})
	}
	writers.Wait()
	stop()
	background.Wait()
}

// TestUnreadAcknowledgementIsFound checks that the tests above notice a member that acknowledges what it has not
// applied.
func TestUnreadAcknowledgementIsFound(t *testing.T) {
	t.Parallel()
	url, prefix := redistest.NewKeyspace(t)
	member, writer := openOldLog(t, url, prefix), openOldLog(t, url, prefix)
	for id := int64(10); ; id++ {
		member.mustHoldLease(t)
		s := member.stream.Load()
		runCommand(t, s, "HSET", s.membersKey, s.name, "17000000000000-0 "+strconv.FormatInt(id, 10))
		writer.publishChange(t, id)
		if member.isStale(id) {
			return
		}
		if id == 100 {
			t.Fatal("no stale hit is found")
		}
	}
}

// TestWritesWaitForFormerEpoch loses the members, alone or with the log, while one of them holds a read lease. The
// next write is acknowledged when the lease has ended.
func TestWritesWaitForFormerEpoch(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(*testing.T, *stream){
		"members":          func(t *testing.T, s *stream) { runCommand(t, s, "DEL", s.membersKey) },
		"stream":           func(t *testing.T, s *stream) { runCommand(t, s, "DEL", s.key) },
		"all keys":         func(t *testing.T, s *stream) { runCommand(t, s, "FLUSHALL") },
		"end of the log":   func(t *testing.T, s *stream) { runCommand(t, s, "XTRIM", s.key, "MAXLEN", "0") },
		"epoch of members": func(t *testing.T, s *stream) { runCommand(t, s, "HSET", s.membersKey, epochField, "x") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := redistest.StartServer(t).URL()
			member, writer := openOldLog(t, url, "7p:"), openOldLog(t, url, "7p:")
			member.mustHoldLease(t)
			former := member.Position()
			lose(t, writer.stream.Load())
			writer.Publish(t.Context(), []store.Change{{ID: 10, Tags: []string{"course:1"}}})
			if member.isStale(10) {
				t.Error("acknowledged, and a member of the former epoch may serve what it had before")
			}
			member.mustHoldLease(t)
			if member.Covers(former) && !member.index.containsChange(10) {
				t.Error("what was read before the loss is valid")
			}
		})
	}
}

// TestLateLeavingRemovesNoMember executes the command by which a process left after the process has joined again.
func TestLateLeavingRemovesNoMember(t *testing.T) {
	t.Parallel()
	url, prefix := redistest.NewKeyspace(t)
	member, other := openOldLog(t, url, prefix), openOldLog(t, url, prefix)
	member.mustHoldLease(t)
	s, o := member.stream.Load(), other.stream.Load()
	late := listMembers(t, s)[s.name]
	for listMembers(t, s)[s.name] == late { // until the process has joined again
		member.mustPoll(t)
	}
	removals := []any{o.currentEpoch().Name, o.lastApplied.id, pageSize, o.name, "", s.name, late}
	if _, err := o.runScript(exchangeScript, removals...); err != nil {
		t.Fatal(err)
	}
	if current := listMembers(t, s)[s.name]; current == "" || current == late {
		t.Fatalf("registration %q, before %q", current, late)
	}
	member.leaveMembers()
	if _, registered := listMembers(t, s)[s.name]; registered || member.readLeaseHeld() {
		t.Error("the process has not left")
	}
	member.mustPoll(t)
	if _, registered := listMembers(t, s)[s.name]; registered || member.readLeaseHeld() {
		t.Error("the process has joined again")
	}
}

// TestIdleProcessLeaves checks that a process without hits is no member, and that its next hit makes it one.
func TestIdleProcessLeaves(t *testing.T) {
	t.Parallel()
	url, prefix := redistest.NewKeyspace(t)
	l := openOldLog(t, url, prefix)
	l.mustHoldLease(t)
	s := l.stream.Load()
	l.lastUse.Store(1) // long ago, or the process has just started
	for l.isUsed() {
		time.Sleep(time.Millisecond)
	}
	if err := l.awaitPoll(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, registered := listMembers(t, s)[s.name]; registered || l.readLeaseHeld() {
		t.Error("an idle process is a member")
	}
	l.mustHoldLease(t)
	if _, registered := listMembers(t, s)[s.name]; !registered {
		t.Error("a process with hits is no member")
	}
}

// TestReadLeaseEnds checks when a lease is valid, by both clocks.
func TestReadLeaseEnds(t *testing.T) {
	t.Parallel()
	sent := time.Now()
	for name, tt := range map[string]struct {
		lease *readLease
		now   time.Time
		valid bool
	}{
		"none":            {nil, sent, false},
		"at once":         {&readLease{sent}, sent, true},
		"before its end":  {&readLease{sent}, sent.Add(ReadLease - 1), true},
		"at its end":      {&readLease{sent}, sent.Add(ReadLease), false},
		"after a suspend": {&readLease{time.Unix(0, sent.UnixNano()).Add(-time.Minute)}, sent, false},
	} {
		if _, valid := tt.lease.age(tt.now); valid != tt.valid {
			t.Errorf("%s: valid is %t", name, valid)
		}
	}
}
