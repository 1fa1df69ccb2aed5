package answers

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
	"github.com/7p-education/api/internal/changes"
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
	*Answers
	log   *changes.Log
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
	p.log = changes.New(p.redis, silent)
	p.Answers = New(Options{Changes: p.log, Redis: p.redis, MaxBytes: 1 << 20})
	t.Cleanup(p.Close)
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { p.log.Run(ctx, db) })
	t.Cleanup(func() { cancel(); running.Wait() })
	if err := p.log.Wait(ctx); err != nil {
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
	p.log.Announce(t.Context(), []store.Change{{ID: time.Now().UnixNano(), Tags: tags}})
}

func key(t *testing.T, text string) Key {
	t.Helper()
	k, err := KeyOf("schema", text, nil)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// made is an answer of an age, made from what was looked at.
func made(t *testing.T, body string, saw edu.Sights, age time.Duration) *Answer {
	t.Helper()
	a, why := Draft{Body: []byte(body), Policy: Policy{MaxAge: time.Minute}, Saw: saw, SignedIn: true}.Finish()
	if a == nil {
		t.Fatalf("not finished: %s", why)
	}
	a.Made = a.Made.Add(-age)
	return a
}

// keep asks, and keeps an answer of the tag course:1.
func (p *process) keep(t *testing.T, k Key, v edu.Viewer, a *Answer) {
	t.Helper()
	q := p.Ask(t.Context(), k, v)
	defer q.End()
	if q.Answer != nil {
		t.Fatalf("there is one already: %s", q.Answer.Body)
	}
	if why := q.Keep(t.Context(), a, tags(edu.TagCourse.Of(1))); why != "" {
		t.Fatalf("not kept: %s", why)
	}
}

// awaitReleased returns once nobody has a lock: they are released in the background.
func awaitReleased(server *redistest.Server) {
	for strings.Contains(server.Command("KEYS", "*"), lockSuffix) {
		time.Sleep(time.Millisecond)
	}
}

func tags(all ...edu.Tag) *edu.Tags {
	t := &edu.Tags{}
	t.Add(all...)
	return t
}

// look returns what is kept for a viewer, "" for nothing.
func (p *process) look(t *testing.T, k Key, v edu.Viewer) string {
	t.Helper()
	q := p.Ask(t.Context(), k, v)
	defer q.End()
	if q.Answer == nil {
		return ""
	}
	return string(q.Answer.Body)
}
