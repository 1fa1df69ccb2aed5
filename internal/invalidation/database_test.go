package invalidation

import (
	"bytes"
	"context"
	"log/slog"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/cache"
	"github.com/7p-education/api/internal/cache/redistest"
	"github.com/7p-education/api/store"
)

// replaceableSource is a database that a test replaces. Each has the change 1, of another tag.
type replaceableSource struct {
	mu             sync.Mutex
	reached, found store.Identity
	since          time.Time
	tag            string
	further        []store.Change // that each poll finds
	memoryRegistry
}

// memoryRegistry is a registry of epochs for all tests: each has a log of its own.
type memoryRegistry struct{}

var registeredEpochs = struct {
	sync.Mutex
	byLog map[string]store.LogEpoch
}{byLog: map[string]store.LogEpoch{}}

func (memoryRegistry) LogEpoch(_ context.Context, log string) (store.LogEpoch, error) {
	registeredEpochs.Lock()
	defer registeredEpochs.Unlock()
	return registeredEpochs.byLog[log], nil
}

func (memoryRegistry) RegisterLogEpoch(_ context.Context, log, name string, former store.LogEpoch) (bool, error) {
	registeredEpochs.Lock()
	defer registeredEpochs.Unlock()
	if registeredEpochs.byLog[log] != former {
		return false, nil
	}
	registeredEpochs.byLog[log] = store.LogEpoch{Name: name, Generation: former.Generation + 1}
	return true, nil
}

func (s *replaceableSource) PollChanges(ctx context.Context, since store.Snapshot, log string) (next store.Snapshot, found []store.Change, registered store.LogEpoch, err error) {
	registered, err = s.LogEpoch(ctx, log)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reached != s.found {
		s.reached, s.since = s.found, time.Now()
	}
	if since.Database != s.found {
		found = []store.Change{{ID: 1, Tags: []string{s.tag}}}
	}
	return store.Snapshot{Database: s.found}, append(found, s.further...), registered, err
}

func (s *replaceableSource) DeleteChanges(context.Context, store.Snapshot) (int, error) {
	return 0, nil
}

func (s *replaceableSource) CurrentIdentity() (store.Identity, time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reached, s.since
}

// replaceDatabase replaces the database. If a connection has reached the new one, the log can know of it
// before its next poll.
func (s *replaceableSource) replaceDatabase(history, tag string, reached bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.found, s.tag = store.Identity{Origin: "origin", History: history}, tag
	if reached {
		s.reached, s.since = s.found, time.Now()
	}
}

// openLog opens a log of a source, with Redis unless it is nil, that polls only when the test calls pollChanges.
func openLog(t *testing.T, redis *cache.Redis, from Source) *Log {
	t.Helper()
	l := New(redis, slog.New(slog.DiscardHandler))
	l.useSource(t.Context(), from)
	return l
}

func (l *Log) mustPoll(t *testing.T) Position {
	t.Helper()
	if err := l.awaitPoll(t.Context()); err != nil {
		t.Fatal(err)
	}
	at, ok := l.CurrentPosition(t.Context())
	if !ok {
		t.Fatal("there is no lease after a poll")
	}
	return at
}

// TestFirstPollIsSilent checks that a process which begins an epoch, and therefore polls again, does not report a database
// that was replaced.
func TestFirstPollIsSilent(t *testing.T) {
	t.Parallel()
	url, prefix := redistest.NewKeyspace(t)
	from := &replaceableSource{}
	from.replaceDatabase("1", "course:0", true)
	var log bytes.Buffer
	l := New(openRedis(t, url, prefix), slog.New(slog.NewTextHandler(&log, nil)))
	l.useSource(t.Context(), from)
	if l.mustPoll(t); log.Len() > 0 {
		t.Errorf("logged %s", &log)
	}
}

// TestLogFollowsDatabase replaces the database three times, the last time by the first one. The lease ends as
// soon as a connection has reached another database. Nothing of a former position is valid, and a change
// whose id was used in another history counts as a change.
func TestLogFollowsDatabase(t *testing.T) {
	t.Parallel()
	url, prefix := redistest.NewKeyspace(t)
	for name, r := range map[string]*cache.Redis{"memory": nil, "redis": openRedis(t, url, prefix)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			from := &replaceableSource{}
			from.replaceDatabase("1", "course:0", false)
			l := openLog(t, r, from)
			former := l.mustPoll(t)
			for i, history := range []string{"2", "3", "1"} {
				tag := "course:" + strconv.Itoa(i+1)
				from.replaceDatabase(history, tag, true)
				if _, ok := l.CurrentPosition(t.Context()); ok {
					t.Errorf("%s: there is a lease of the former database", history)
				}
				at := l.mustPoll(t)
				if at.Epoch == former.Epoch || l.ValidSince([]uint64{edu.HashTagName("course:9")}, former) {
					t.Errorf("%s: data of the former database is valid", history)
				}
				if !l.index.containsChange(1) || r == nil && l.index.lastChanged[edu.HashTagName(tag)] == 0 {
					t.Errorf("%s: the change was not published", history)
				}
				former = at
			}
		})
	}
}

// TestWritesWaitForOtherLeases checks that a write is acknowledged one Lease after the process first reached
// the database, at the earliest: another process may use the log of the former database until then.
func TestWritesWaitForOtherLeases(t *testing.T) {
	t.Parallel()
	url, prefix := redistest.NewKeyspace(t)
	from := &replaceableSource{}
	from.replaceDatabase("1", "courses", true) // by the connection of the write
	l := openLog(t, openRedis(t, url, prefix), from)
	l.Publish(t.Context(), []store.Change{{ID: 2, Tags: []string{"course:1"}}})
	if _, since := from.CurrentIdentity(); time.Since(since) < Lease {
		t.Errorf("acknowledged %v after the database was reached, want at least %v", time.Since(since), Lease)
	}
}

// TestStreamExpires checks that Redis drops the stream of a database that no process uses any more.
func TestStreamExpires(t *testing.T) {
	t.Parallel()
	url, prefix := redistest.NewKeyspace(t)
	s := openStream(t, url, prefix)
	s.mustRead(t)
	ttl := func() time.Duration {
		t.Helper()
		var left time.Duration
		if err := s.redis.RunCommands(t.Context(), func(ctx context.Context, c redis.UniversalClient) (err error) {
			left, err = c.PTTL(ctx, s.key).Result()
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return left
	}
	if left := ttl(); left <= 0 || left > streamExpiry {
		t.Errorf("a new stream expires in %v", left)
	}
	runCommand(t, s, "EXPIRE", s.key, 5)
	s.mustAdd(t, "courses")
	s.extendExpiry()
	if left := ttl(); left < streamExpiry/2 {
		t.Errorf("a stream in use expires in %v", left)
	}
}
