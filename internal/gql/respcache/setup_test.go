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
	nobody  = edu.Viewer{}
	student = edu.Viewer{ID: 1, Role: edu.RoleStudent}
	other   = edu.Viewer{ID: 4, Role: edu.RoleStudent}
	teacher = edu.Viewer{ID: 2, Role: edu.RoleInstructor}
)

// process is one of those that share answers.
type process struct {
	*Cache
	log   *invalidation.Log
	redis *cache.Redis
}

// start starts a process over a database, and a Redis unless its URL is "".
func start(t *testing.T, dsn, redisURL string) *process {
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
	p.Cache = New(Options{InvalidationLog: p.log, Redis: p.redis, MaxBytes: 1 << 20})
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

func alone(t *testing.T) *process {
	t.Helper()
	return start(t, testdb.New(t), "")
}

// write changes tags.
func (p *process) write(t *testing.T, tags ...string) {
	t.Helper()
	p.log.Publish(t.Context(), []store.Change{{ID: time.Now().UnixNano(), Tags: tags}})
}

func key(t *testing.T, text string) Key {
	t.Helper()
	k, err := HashRequest("schema", text, nil)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// made is an answer of an age, made from what was looked at.
func made(t *testing.T, body string, saw edu.VaryBy, age time.Duration) *Entry {
	t.Helper()
	a, why := Candidate{Body: []byte(body), Policy: Policy{MaxAge: time.Minute}, VaryBy: saw, SignedIn: true}.BuildEntry()
	if a == nil {
		t.Fatalf("not finished: %s", why)
	}
	a.CreatedAt = a.CreatedAt.Add(-age)
	return a
}

// keep asks, and keeps an answer of the tag course:1.
func (p *process) keep(t *testing.T, k Key, v edu.Viewer, a *Entry) {
	t.Helper()
	q := p.Get(t.Context(), k, v)
	defer q.Release()
	if q.Entry != nil {
		t.Fatalf("there is one already: %s", q.Entry.Body)
	}
	if why := q.StoreEntry(t.Context(), a, tags(edu.TagCourse.WithID(1))); why != "" {
		t.Fatalf("not kept: %s", why)
	}
}

// awaitReleased returns once nobody has a lock: they are released in the background.
func awaitReleased(server *redistest.Server) {
	for strings.Contains(server.RunCommand("KEYS", "*"), lockSuffix) {
		time.Sleep(time.Millisecond)
	}
}

func tags(all ...edu.Tag) *edu.Tags {
	t := &edu.Tags{}
	t.Collect(all...)
	return t
}

// look returns what is kept for a viewer, "" for nothing.
func (p *process) look(t *testing.T, k Key, v edu.Viewer) string {
	t.Helper()
	q := p.Get(t.Context(), k, v)
	defer q.Release()
	if q.Entry == nil {
		return ""
	}
	return string(q.Entry.Body)
}
