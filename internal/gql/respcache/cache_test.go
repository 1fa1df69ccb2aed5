package respcache

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/cache/redistest"
	"github.com/7p-education/api/internal/testdb"
)

// An answer is good until something that it depends on changes.
func TestKeptUntilChanged(t *testing.T) {
	t.Parallel()
	p := alone(t)
	k := key(t, "a")
	p.keep(t, k, nobody, made(t, "first", 0, 0))
	p.write(t, "course:2", "courses")
	if got := p.look(t, k, nobody); got != "first" {
		t.Errorf("got %q after another change", got)
	}
	p.write(t, "user:7", "course:1")
	if got := p.look(t, k, nobody); got != "" {
		t.Errorf("got %q after its change", got)
	}
	p.keep(t, k, nobody, made(t, "second", 0, 0))
	if got := p.look(t, k, nobody); got != "second" {
		t.Errorf("got %q", got)
	}
	p.write(t, "*")
	if got := p.look(t, k, nobody); got != "" {
		t.Errorf("got %q after anything changed", got)
	}
}

// What changes while an answer is made makes it too old at once, however late it is
// kept.
func TestChangeOvertakesAnswer(t *testing.T) {
	t.Parallel()
	p := alone(t)
	k := key(t, "a")
	q := p.Get(t.Context(), k, nobody)
	// Here it has read the database, and then:
	p.write(t, "course:1")
	if why := q.StoreEntry(t.Context(), made(t, "old", 0, 0), tags(edu.TagCourse.WithID(1))); why != "" {
		t.Errorf("not kept: %s", why)
	}
	q.Release()
	if got := p.look(t, k, nobody); got != "" {
		t.Errorf("got %q, which was read before the change", got)
	}
}

// An answer is shared by those who would all have got it.
func TestScopes(t *testing.T) {
	t.Parallel()
	p := alone(t)
	for name, tt := range map[string]struct {
		saw    edu.VaryBy
		shared []edu.Viewer
		not    []edu.Viewer
	}{
		"nobody was looked at": {0, []edu.Viewer{nobody, student, other, teacher}, nil},
		"the clock was":        {edu.VaryByClock, []edu.Viewer{nobody, student, other, teacher}, nil},
		"the role was":         {edu.VaryByRole, []edu.Viewer{student, other}, []edu.Viewer{nobody, teacher}},
		"the viewer was":       {edu.VaryByRole | edu.VaryByViewer, []edu.Viewer{student}, []edu.Viewer{nobody, other, teacher, {ID: 1, Role: edu.RoleAdmin}}},
	} {
		k := key(t, name)
		p.keep(t, k, student, made(t, name, tt.saw, 0))
		for _, v := range tt.shared {
			if got := p.look(t, k, v); got != name {
				t.Errorf("%s: %+v gets %q", name, v, got)
			}
		}
		for _, v := range tt.not {
			if got := p.look(t, k, v); got != "" {
				t.Errorf("%s: %+v gets %q", name, v, got)
			}
		}
		if p.look(t, key(t, name+"?"), student) != "" {
			t.Errorf("%s: another request gets it", name)
		}
	}
}

// What must not be kept is not.
func TestNotKept(t *testing.T) {
	t.Parallel()
	for name, d := range map[string]Candidate{
		"max-age-0":         {Body: []byte("x"), SignedIn: true},
		"private-anonymous": {Body: []byte("x"), Policy: Policy{MaxAge: time.Minute, Private: true}},
	} {
		if a, why := d.BuildEntry(); a != nil || why != name {
			t.Errorf("%s: finished as %v, %q", name, a, why)
		}
	}
	a, _ := Candidate{Policy: Policy{MaxAge: time.Minute, Private: true}, SignedIn: true}.BuildEntry()
	if a.Scope != ByViewer {
		t.Errorf("what is private is kept for %d", a.Scope)
	}
	a, _ = Candidate{Policy: Policy{MaxAge: time.Minute}, VaryBy: edu.VaryByClock}.BuildEntry()
	if a.MaxAge != maxClockAge {
		t.Errorf("who looked at the clock is kept for %v", a.MaxAge)
	}
	p := alone(t)
	unknown := tags(edu.TagCourse.WithID(1))
	unknown.MarkIncomplete()
	for name, keep := range map[string]func(*Lookup) string{
		"untracked-read": func(q *Lookup) string { return q.StoreEntry(t.Context(), made(t, "x", 0, 0), unknown) },
		"too-large": func(q *Lookup) string {
			return q.StoreEntry(t.Context(), made(t, strings.Repeat("x", maxBodyBytes+1), 0, 0), tags())
		},
	} {
		q := p.Get(t.Context(), key(t, name), nobody)
		if why := keep(q); why != name {
			t.Errorf("%s: %q", name, why)
		}
		if q.Release(); p.look(t, key(t, name), nobody) != "" {
			t.Errorf("%s: it is kept", name)
		}
	}
}

// Processes share answers through Redis, and each what the other has changed.
func TestShared(t *testing.T) {
	t.Parallel()
	redis, dsn := redistest.StartServer(t), testdb.New(t)
	a, b := start(t, dsn, redis.URL()), start(t, dsn, redis.URL())
	k := key(t, "a")
	a.keep(t, k, student, made(t, "shared", edu.VaryByRole, 0))
	if got := b.look(t, k, other); got != "shared" {
		t.Errorf("the other process has %q", got)
	}
	if s := b.Stats(); s.RedisHits != 1 || s.MemoryHits != 0 {
		t.Errorf("%+v", s)
	}
	if b.look(t, k, other); b.Stats().MemoryHits != 1 {
		t.Errorf("it is not kept near: %+v", b.Stats())
	}
	b.write(t, "course:1")
	for i, p := range []*process{a, b} {
		if got := p.look(t, k, other); got != "" {
			t.Errorf("process %d has %q", i, got)
		}
	}
	redis.Kill()
	if q := a.Get(t.Context(), k, student); q.BypassReason != invalidationUnavailable || q.Entry != nil {
		t.Errorf("without Redis: %+v", q)
	}
}

// A Redis Cluster does as well.
func TestSharedInCluster(t *testing.T) {
	t.Parallel()
	url, dsn := redistest.ClusterURL(t), testdb.New(t)
	a, b := start(t, dsn, url), start(t, dsn, url)
	for name, v := range map[string]edu.Viewer{"anonymous": nobody, "student": student, "teacher": teacher} {
		k := key(t, name)
		a.keep(t, k, v, made(t, name, edu.VaryByViewer, 0))
		if got := b.look(t, k, v); got != name {
			t.Errorf("%s: the other process has %q", name, got)
		}
	}
	b.write(t, "course:1")
	for name, v := range map[string]edu.Viewer{"anonymous": nobody, "student": student, "teacher": teacher} {
		if got := a.look(t, key(t, name), v); got != "" {
			t.Errorf("%s: has %q after the change", name, got)
		}
	}
	unlock := a.acquireLock(t.Context(), "x")
	if unlock == nil || b.acquireLock(t.Context(), "x") != nil {
		t.Fatal("two have the lock")
	}
	if unlock(); b.acquireLock(t.Context(), "x") == nil {
		t.Error("a lock was not released")
	}
}

// A hit that is kept near asks Redis once: how far the log goes.
func TestCommandsOfAHit(t *testing.T) {
	t.Parallel()
	redis := redistest.StartServer(t)
	p := start(t, testdb.New(t), redis.URL())
	k := key(t, "a")
	p.keep(t, k, nobody, made(t, "kept", 0, 0))
	p.look(t, k, nobody)
	awaitReleased(redis)
	redis.RunCommand("CONFIG", "RESETSTAT")
	const hits = 200
	began := time.Now()
	for range hits {
		if p.look(t, k, nobody) != "kept" {
			t.Fatal("no hit")
		}
	}
	looks := int(time.Since(began)/(100*time.Millisecond)) + 2 // of Run
	calls := map[string]int{}
	for _, line := range strings.Fields(redis.RunCommand("INFO", "commandstats")) {
		var name string
		var n int
		if _, err := fmt.Sscanf(strings.NewReplacer(":", " ", ",", " ", "=", " ").Replace(line), "%s calls %d", &name, &n); err == nil {
			calls[name] = n
		}
	}
	if n := calls["cmdstat_xrange"]; n < hits || n > hits+looks || calls["cmdstat_mget"] > 0 || calls["cmdstat_get"] > 0 {
		t.Errorf("%d hits asked %v", hits, calls)
	}
}

func TestMarshal(t *testing.T) {
	t.Parallel()
	a := made(t, `{"data":{}}`, edu.VaryByRole, time.Second)
	a.tags, a.position.Offset, a.position.Epoch = []uint64{1, 1 << 63, 7}, 1<<60, 42
	b, err := unmarshalEntry(a.marshalEntry())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b.Body, a.Body) || b.ETag != a.ETag || b.CreatedAt.UnixMilli() != a.CreatedAt.UnixMilli() || b.MaxAge != a.MaxAge ||
		b.Scope != a.Scope || fmt.Sprint(b.tags) != fmt.Sprint(a.tags) || b.position != a.position {
		t.Errorf("%+v\ncame back as\n%+v", a, b)
	}
}

// FuzzUnmarshal reads what anybody may have written into Redis.
func FuzzUnmarshal(f *testing.F) {
	f.Add([]byte("B"))
	f.Add((&Entry{Body: []byte("{}"), tags: []uint64{1, 2}}).marshalEntry())
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := unmarshalEntry(b)
		if err != nil {
			return
		}
		again, err := unmarshalEntry(a.marshalEntry())
		if err != nil || !bytes.Equal(again.Body, a.Body) || len(again.tags) != len(a.tags) || again.position != a.position || again.MaxAge != a.MaxAge {
			t.Errorf("%v does not come back: %v", a, err)
		}
	})
}

// FuzzKeyOf holds that requests which differ in anything have different keys.
func FuzzKeyOf(f *testing.F) {
	f.Add("{a}", "A", "v", "{a}", "A", "w")
	f.Add("{a}", "Av", "", "{a}A", "v", "")
	f.Fuzz(func(t *testing.T, text, op, v, text2, op2, v2 string) {
		k, err := HashRequest("s", text, map[string]any{"v": v})
		k2, err2 := HashRequest("s", text2, map[string]any{"v": v2})
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		same := text == text2 && op == op2 && strings.ToValidUTF8(v, "\uFFFD") == strings.ToValidUTF8(v2, "\uFFFD")
		if (k.ForOperation(op) == k2.ForOperation(op2)) != same {
			t.Errorf("%q %q %q and %q %q %q: same key %t", text, op, v, text2, op2, v2, k == k2)
		}
	})
}
