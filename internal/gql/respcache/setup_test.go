package respcache

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/cache"
	"github.com/7p-education/api/internal/cache/redistest"
	"github.com/7p-education/api/internal/invalidation"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/store"
)

var (
	anonymous = edu.Viewer{}
	student   = edu.Viewer{ID: 1, Role: edu.RoleStudent}
	other     = edu.Viewer{ID: 4, Role: edu.RoleStudent}
	teacher   = edu.Viewer{ID: 2, Role: edu.RoleInstructor}
)

// process is one of the processes that share entries.
type process struct {
	*Cache
	log   *invalidation.Log
	redis *cache.Redis
}

// startProcess starts a process with a database, and with Redis unless its URL is "".
func startProcess(t *testing.T, dsn, redisURL string) *process {
	t.Helper()
	p := &process{}
	silent := slog.New(slog.DiscardHandler)
	if redisURL != "" {
		var err error
		if p.redis, err = cache.OpenRedis(cache.RedisOptions{URL: redisURL, Deadline: time.Second, Log: silent}); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = p.redis.Close() })
	}
	db, err := store.Open(t.Context(), store.Config{URL: dsn, MaxConns: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	p.log = invalidation.New(p.redis, silent)
	p.Cache = New(Options{InvalidationLog: p.log, Redis: p.redis, MaxBytes: 1 << 20, MaxRedisBytes: 1 << 20, ShareFirst: true})
	t.Cleanup(p.Close)
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { p.log.PollDatabase(ctx, db) })
	t.Cleanup(func() { cancel(); running.Wait() })
	if err := p.log.AwaitLease(ctx); err != nil {
		t.Fatal(err)
	}
	return p
}

// startAlone starts a process without Redis.
func startAlone(t *testing.T) *process {
	t.Helper()
	return startProcess(t, testdb.New(t), "")
}

// publish publishes a change of tags.
func (p *process) publish(t *testing.T, tags ...string) {
	t.Helper()
	p.log.Publish(t.Context(), []store.Change{{ID: time.Now().UnixNano(), Tags: tags}})
}

func newKey(t *testing.T, text string) Key {
	t.Helper()
	k, err := HashRequest("schema", text, nil)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// newEntry returns an entry with a MaxAge of a minute and the given age.
func newEntry(t *testing.T, body string, varyBy edu.VaryBy, age time.Duration) *Entry {
	t.Helper()
	e, reason := Candidate{Body: []byte(body), Policy: Policy{MaxAge: time.Minute}, VaryBy: varyBy, SignedIn: true}.BuildEntry()
	if e == nil {
		t.Fatalf("no entry is built: %s", reason)
	}
	e.CreatedAt = e.CreatedAt.Add(-age)
	return e
}

// storeNew expects no entry for a request, and stores one with the tag course:1: in Redis too, if the
// process has one.
func (p *process) storeNew(t *testing.T, k Key, v edu.Viewer, e *Entry) {
	t.Helper()
	l := p.Get(t.Context(), k, v)
	defer l.Release()
	if p.redis != nil {
		defer p.redis.AwaitWrites()
	}
	if l.Entry != nil {
		t.Fatalf("there is an entry already: %s", l.Entry.Body)
	}
	if reason := l.StoreEntry(e, newTags(edu.TagCourse.WithID(1))); reason != "" {
		t.Fatalf("the entry is not stored: %s", reason)
	}
}

// awaitReleased waits until no process has a lock: locks are released in the background.
func awaitReleased(server *redistest.Server) {
	const countLocks = `local n = 0
for _, key in ipairs(redis.call('KEYS', '*' .. ARGV[1])) do
	if redis.call('GET', key) ~= 'requested' then n = n + 1 end
end
return n`
	for strings.TrimSpace(server.RunCommand("EVAL", countLocks, "0", lockSuffix)) != "0" {
		time.Sleep(time.Millisecond)
	}
}

func newTags(all ...edu.Tag) *edu.Tags {
	t := &edu.Tags{}
	t.Collect(all...)
	return t
}

// lookupBody returns the body of the entry for a viewer, "" if there is none.
func (p *process) lookupBody(t *testing.T, k Key, v edu.Viewer) string {
	t.Helper()
	l := p.Get(t.Context(), k, v)
	defer l.Release()
	if l.Entry == nil {
		return ""
	}
	return string(l.Entry.Body)
}
