package invalidation

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/7p-education/api/internal/cache/redistest"
	"github.com/7p-education/api/store"
)

// TestTwoMasters has two Redis processes with the log of one name, as when a Sentinel replaces a master that still works. A
// process at the first one serves hits. A write of a process at the second one is acknowledged when the lease of the first
// process has ended, and its next poll gives it none. A process that comes to the first master later enters no former epoch.
func TestTwoMasters(t *testing.T) {
	t.Parallel()
	former, current := redistest.StartServer(t), redistest.StartServer(t)
	holder := openOldLog(t, former.URL(), "7p:")
	holder.mustHoldLease(t)
	s, since := holder.stream.Load(), holder.Position()
	from := &replaceableSource{}
	from.replaceDatabase("1", "course:0", true)
	writer := openLog(t, openRedis(t, current.URL(), "7p:"), from)
	current.RunCommand("HSET", s.membersKey, logField, *s.logName.Load()) // the rest was not replicated

	serving, stop := context.WithCancel(t.Context())
	var background sync.WaitGroup
	background.Go(func() {
		for serving.Err() == nil {
			_, _ = holder.CurrentPosition(serving)
			time.Sleep(time.Millisecond)
		}
	})
	writer.Publish(t.Context(), []store.Change{{ID: 10, Tags: []string{"course:1"}}})
	if _, ok := holder.CurrentPosition(t.Context()); ok {
		t.Error("acknowledged, and a process at the former master may serve what it had before")
	}
	stop()
	background.Wait()
	if err := holder.awaitPoll(t.Context()); !errors.Is(err, errSuperseded) {
		t.Errorf("a poll of the process at the former master: %v", err)
	}
	writer.mustHoldLease(t)

	late := openLog(t, openRedis(t, former.URL(), "7p:"), from)
	late.mustPoll(t)
	if late.Covers(since) || late.stream.Load().currentEpoch().Name == s.currentEpoch().Name {
		t.Error("a process has entered an epoch that others have left")
	}
}

// TestPollBesideNewEpoch has another process begin the epoch that it has registered while a poll publishes a change to the
// log before. The lease that follows has the change.
func TestPollBesideNewEpoch(t *testing.T) {
	t.Parallel()
	url, prefix := redistest.NewKeyspace(t)
	from := &replaceableSource{}
	from.replaceDatabase("1", "course:0", true)
	l := openLog(t, openRedis(t, url, prefix), from)
	l.mustPoll(t)
	s := l.stream.Load()
	first, log := s.currentEpoch(), *s.logName.Load()
	next := first.Name[:len(first.Name)-1] + "."
	if ours, err := from.RegisterLogEpoch(t.Context(), log, next, first); err != nil || !ours {
		t.Fatal(ours, err)
	}
	from.further = []store.Change{{ID: 10, Tags: []string{"course:1"}}}
	reads := 0
	l.streamReads.run = func() error {
		if reads++; reads == 2 { // the read after the publication
			if _, err := s.runScript(beginEpochScript, next, 100, log); err != nil && !errors.Is(err, redis.Nil) {
				t.Error(err)
			}
		}
		return l.readStream()
	}
	l.mustPoll(t)
	if reads < 2 || s.currentEpoch().Name != next {
		t.Fatalf("%d reads, and the epoch is %s", reads, s.currentEpoch().Name)
	}
	if !l.index.containsChange(10) {
		t.Error("the process has a lease and lacks a change that its poll found")
	}
}
