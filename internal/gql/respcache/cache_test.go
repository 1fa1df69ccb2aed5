package respcache

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/cache/redistest"
	"github.com/7p-education/api/internal/testdb"
)

// TestEntryIsValidUntilItsTagChanges checks that an entry is served until one of its tags
// changes.
func TestEntryIsValidUntilItsTagChanges(t *testing.T) {
	t.Parallel()
	p := startAlone(t)
	k := newKey(t, "a")
	p.storeNew(t, k, anonymous, newEntry(t, "first", 0, 0))
	p.publish(t, "course:2", "courses")
	if got := p.lookupBody(t, k, anonymous); got != "first" {
		t.Errorf("got %q after a change of other tags", got)
	}
	p.publish(t, "user:7", "course:1")
	if got := p.lookupBody(t, k, anonymous); got != "" {
		t.Errorf("got %q after a change of its tag", got)
	}
	p.storeNew(t, k, anonymous, newEntry(t, "second", 0, 0))
	if got := p.lookupBody(t, k, anonymous); got != "second" {
		t.Errorf("got %q", got)
	}
	p.publish(t, "*")
	if got := p.lookupBody(t, k, anonymous); got != "" {
		t.Errorf("got %q after a change of all tags", got)
	}
}

// TestChangeDuringComputation checks that a change while a response is computed makes its entry
// invalid, however late the entry is stored.
func TestChangeDuringComputation(t *testing.T) {
	t.Parallel()
	p := startAlone(t)
	k := newKey(t, "a")
	l := p.Get(t.Context(), k, anonymous)
	// The request has read the database by now.
	p.publish(t, "course:1")
	if reason := l.StoreEntry(newEntry(t, "old", 0, 0), newTags(edu.TagCourse.WithID(1))); reason != "" {
		t.Errorf("the entry is not stored: %s", reason)
	}
	l.Release()
	if got := p.lookupBody(t, k, anonymous); got != "" {
		t.Errorf("got %q, which was computed before the change", got)
	}
}

// TestScopes checks which viewers share an entry, by what the tracked viewer recorded.
func TestScopes(t *testing.T) {
	t.Parallel()
	p := startAlone(t)
	for name, tt := range map[string]struct {
		varyBy edu.VaryBy
		shared []edu.Viewer
		denied []edu.Viewer
	}{
		"public":           {0, []edu.Viewer{anonymous, student, other, teacher}, nil},
		"varies by clock":  {edu.VaryByClock, []edu.Viewer{anonymous, student, other, teacher}, nil},
		"varies by role":   {edu.VaryByRole, []edu.Viewer{student, other}, []edu.Viewer{anonymous, teacher}},
		"varies by viewer": {edu.VaryByRole | edu.VaryByViewer, []edu.Viewer{student}, []edu.Viewer{anonymous, other, teacher, {ID: 1, Role: edu.RoleAdmin}}},
	} {
		k := newKey(t, name)
		p.storeNew(t, k, student, newEntry(t, name, tt.varyBy, 0))
		for _, v := range tt.shared {
			if got := p.lookupBody(t, k, v); got != name {
				t.Errorf("%s: %+v gets %q", name, v, got)
			}
		}
		for _, v := range tt.denied {
			if got := p.lookupBody(t, k, v); got != "" {
				t.Errorf("%s: %+v gets %q", name, v, got)
			}
		}
		if p.lookupBody(t, newKey(t, name+"?"), student) != "" {
			t.Errorf("%s: another request gets the entry", name)
		}
	}
}

// TestUncacheable checks the reasons why a response is not stored.
func TestUncacheable(t *testing.T) {
	t.Parallel()
	for want, c := range map[string]Candidate{
		"max-age-0":         {Body: []byte("x"), SignedIn: true},
		"anonymous-private": {Body: []byte("x"), Policy: Policy{MaxAge: time.Minute, Private: true}},
	} {
		if e, reason := c.BuildEntry(); e != nil || reason != want {
			t.Errorf("%s: got %v, %q", want, e, reason)
		}
	}
	e, _ := Candidate{Policy: Policy{MaxAge: time.Minute, Private: true}, SignedIn: true}.BuildEntry()
	if e.Scope != ByViewer {
		t.Errorf("a private entry has scope %d", e.Scope)
	}
	e, _ = Candidate{Policy: Policy{MaxAge: time.Minute}, VaryBy: edu.VaryByClock}.BuildEntry()
	if e.MaxAge != maxClockAge {
		t.Errorf("an entry that depends on the clock has a MaxAge of %v", e.MaxAge)
	}
	p := startAlone(t)
	incomplete := newTags(edu.TagCourse.WithID(1))
	incomplete.MarkIncomplete()
	for want, storeEntry := range map[string]func(*Lookup) string{
		"untracked-dependency": func(l *Lookup) string { return l.StoreEntry(newEntry(t, "x", 0, 0), incomplete) },
		"too-large": func(l *Lookup) string {
			return l.StoreEntry(newEntry(t, strings.Repeat("x", maxBodyBytes+1), 0, 0), newTags())
		},
	} {
		l := p.Get(t.Context(), newKey(t, want), anonymous)
		if reason := storeEntry(l); reason != want {
			t.Errorf("got reason %q, want %q", reason, want)
		}
		if l.Release(); p.lookupBody(t, newKey(t, want), anonymous) != "" {
			t.Errorf("%s: the entry is stored", want)
		}
	}
}

// TestShared checks that processes share entries through Redis, and see each other's changes.
func TestShared(t *testing.T) {
	t.Parallel()
	redis, dsn := redistest.StartServer(t), testdb.New(t)
	a, b := startProcess(t, dsn, redis.URL()), startProcess(t, dsn, redis.URL())
	k := newKey(t, "a")
	a.storeNew(t, k, student, newEntry(t, "shared", edu.VaryByRole, 0))
	if got := b.lookupBody(t, k, other); got != "shared" {
		t.Errorf("the other process has %q", got)
	}
	if s := b.Stats(); s.RedisHits != 1 || s.MemoryHits != 0 {
		t.Errorf("%+v", s)
	}
	if b.lookupBody(t, k, other); b.Stats().MemoryHits != 1 {
		t.Errorf("the entry is not in memory: %+v", b.Stats())
	}
	b.publish(t, "course:1")
	for i, p := range []*process{a, b} {
		if got := p.lookupBody(t, k, other); got != "" {
			t.Errorf("process %d has %q", i, got)
		}
	}
	redis.Kill()
	l := a.Get(t.Context(), k, student)
	for ; l.BypassReason == "" && t.Context().Err() == nil; l = a.Get(t.Context(), k, student) { // until its read lease ends
		l.Release()
	}
	if l.BypassReason != detailUnavailable || l.Entry != nil {
		t.Errorf("without Redis: %+v", l)
	}
}

// TestSharedInCluster checks that processes share entries and locks through a Redis Cluster.
func TestSharedInCluster(t *testing.T) {
	t.Parallel()
	url, dsn := redistest.ClusterURL(t), testdb.New(t)
	a, b := startProcess(t, dsn, url), startProcess(t, dsn, url)
	for name, v := range map[string]edu.Viewer{"anonymous": anonymous, "student": student, "teacher": teacher} {
		k := newKey(t, name)
		a.storeNew(t, k, v, newEntry(t, name, edu.VaryByViewer, 0))
		if got := b.lookupBody(t, k, v); got != name {
			t.Errorf("%s: the other process has %q", name, got)
		}
	}
	b.publish(t, "course:1")
	for name, v := range map[string]edu.Viewer{"anonymous": anonymous, "student": student, "teacher": teacher} {
		if got := a.lookupBody(t, newKey(t, name), v); got != "" {
			t.Errorf("%s: has %q after the change", name, got)
		}
	}
	unlock := a.acquireLock(t.Context(), "x")
	if unlock == nil || b.acquireLock(t.Context(), "x") != nil {
		t.Fatal("two processes have the lock")
	}
	if unlock.release(nil); b.acquireLock(t.Context(), "x") == nil {
		t.Error("a lock was not released")
	}
}

// TestMemoryHitCommands checks that hits in memory send no commands to Redis besides the exchanges that renew the
// read lease.
func TestMemoryHitCommands(t *testing.T) {
	t.Parallel()
	redis := redistest.StartServer(t)
	p := startProcess(t, testdb.New(t), redis.URL())
	k := newKey(t, "a")
	p.storeNew(t, k, anonymous, newEntry(t, "stored", 0, 0))
	p.lookupBody(t, k, anonymous)
	awaitReleased(redis)
	redis.RunCommand("CONFIG", "RESETSTAT")
	const hits = 200
	began := time.Now()
	for range hits {
		if p.lookupBody(t, k, anonymous) != "stored" {
			t.Fatal("miss")
		}
	}
	exchanges := int(time.Since(began)/(50*time.Millisecond)) + 3 // polls and renewals of the read lease, at most
	calls := map[string]int{}
	for _, line := range strings.Fields(redis.RunCommand("INFO", "commandstats")) {
		var name string
		var n int
		if _, err := fmt.Sscanf(strings.NewReplacer(":", " ", ",", " ", "=", " ").Replace(line), "%s calls %d", &name, &n); err == nil {
			calls[name] = n
		}
	}
	if n := calls["cmdstat_evalsha"]; n > exchanges || calls["cmdstat_xrange"] > n || calls["cmdstat_mget"] > 0 || calls["cmdstat_get"] > 0 {
		t.Errorf("%d hits sent %v", hits, calls)
	}
}

func TestMarshalEntry(t *testing.T) {
	t.Parallel()
	e := newEntry(t, `{"data":{}}`, edu.VaryByRole, time.Second)
	e.tags, e.position.Offset, e.position.Epoch = []uint64{1, 1 << 63, 7}, 1<<60, 42
	decoded, err := unmarshalEntry(e.marshalEntry())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(decoded.Body, e.Body) || decoded.ETag != e.ETag || decoded.CreatedAt.UnixMilli() != e.CreatedAt.UnixMilli() || decoded.MaxAge != e.MaxAge ||
		decoded.Scope != e.Scope || fmt.Sprint(decoded.tags) != fmt.Sprint(e.tags) || decoded.position != e.position {
		t.Errorf("%+v\nis decoded as\n%+v", e, decoded)
	}
}

// FuzzUnmarshalEntry decodes any value that Redis may have, and checks that a decoded entry is
// encoded to an equal one.
func FuzzUnmarshalEntry(f *testing.F) {
	f.Add([]byte("B"))
	f.Add((&Entry{Body: []byte("{}"), tags: []uint64{1, 2}}).marshalEntry())
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := unmarshalEntry(b)
		if err != nil {
			return
		}
		again, err := unmarshalEntry(e.marshalEntry())
		if err != nil || !bytes.Equal(again.Body, e.Body) || len(again.tags) != len(e.tags) || again.position != e.position || again.MaxAge != e.MaxAge {
			t.Errorf("%v is decoded as %v: %v", e, again, err)
		}
	})
}

// FuzzHashRequest checks that requests have the same key only if they are equal.
func FuzzHashRequest(f *testing.F) {
	f.Add("{a}", "A", "v", "{a}", "A", "w")
	f.Add("{a}", "Av", "", "{a}A", "v", "")
	f.Add("{a}", "A", "é", "{a} ", "A", "é")
	f.Fuzz(func(t *testing.T, text, op, v, text2, op2, v2 string) {
		if !utf8.ValidString(v) || !utf8.ValidString(v2) {
			t.Skip("variables are decoded JSON, which is UTF-8")
		}
		k, err := HashRequest("s", text, map[string]any{"v": v})
		k2, err2 := HashRequest("s", text2, map[string]any{"v": v2})
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		same := text == text2 && op == op2 && v == v2
		if (k.ForOperation(op) == k2.ForOperation(op2)) != same {
			t.Errorf("%q %q %q and %q %q %q: same key %t", text, op, v, text2, op2, v2, k == k2)
		}
	})
}
