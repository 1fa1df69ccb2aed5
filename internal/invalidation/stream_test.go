package invalidation

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/cache"
	"github.com/7p-education/api/internal/cache/redistest"
)

func open(t *testing.T, url, prefix string) *cache.Redis {
	t.Helper()
	r, err := cache.OpenRedis(cache.RedisOptions{URL: url, Prefix: prefix, Deadline: patience, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

func streamOf(t *testing.T, url, prefix string) *stream {
	t.Helper()
	return newStream(open(t, url, prefix), newIndex(Position{}))
}

// command sends a command of no use to the program.
func command(t *testing.T, s *stream, args ...any) {
	t.Helper()
	if err := s.redis.RunCommands(t.Context(), func(ctx context.Context, c redis.UniversalClient) error { return c.Do(ctx, args...).Err() }); err != nil {
		t.Fatal(err)
	}
}

func (s *stream) mustRead(t *testing.T) Position {
	t.Helper()
	if err := s.readNewEntries(); err != nil {
		t.Fatal(err)
	}
	return s.index.currentPosition()
}

func (s *stream) mustAdd(t *testing.T, tags ...string) {
	t.Helper()
	if err := s.appendEntry(entry{tags: tags}); err != nil {
		t.Fatal(err)
	}
}

func good(s *stream, since Position, tags ...string) bool {
	var hashes []uint64
	for _, tag := range tags {
		hashes = append(hashes, edu.HashTagName(tag))
	}
	return s.index.validSince(hashes, since)
}

// What one process adds all others see, and so does one that starts later.
func TestStreamIsShared(t *testing.T) {
	t.Parallel()
	url, prefix := redistest.NewKeyspace(t)
	a, b := streamOf(t, url, prefix), streamOf(t, url, prefix)
	at := b.mustRead(t)
	if a.mustRead(t) != at {
		t.Fatal("two processes do not begin at the same position")
	}
	a.mustAdd(t, "course:1", "courses")
	if !good(b, at, "course:1") {
		t.Error("b knows of what it has not read")
	}
	now := b.mustRead(t)
	if good(b, at, "course:1") || good(b, at, "user:1", "courses") || !good(b, at, "course:2") || !good(b, now, "course:1") {
		t.Error("b has read, and does not know what changed")
	}
	late := streamOf(t, url, prefix)
	if late.mustRead(t); good(late, at, "course:1") || !good(late, at, "course:2") {
		t.Error("who starts later does not know what changed before")
	}
	a.mustAdd(t, tagEverything)
	if b.mustRead(t); good(b, now, "course:2") || good(b, now) {
		t.Error("anything changed, and something is as it was")
	}
}

// An entry of many tags is all there or, as far as its ids tell, not at all.
func TestStreamOfManyTags(t *testing.T) {
	t.Parallel()
	url, prefix := redistest.NewKeyspace(t)
	a, b := streamOf(t, url, prefix), streamOf(t, url, prefix)
	at := b.mustRead(t)
	var tags []string
	for i := range 3*maxEntryTags + 1 {
		tags = append(tags, fmt.Sprint("course:", i))
	}
	if err := a.appendEntry(entry{tags: tags, ids: []int64{7, 8}}); err != nil {
		t.Fatal(err)
	}
	b.mustRead(t)
	for _, tag := range tags {
		if good(b, at, tag) {
			t.Errorf("%s did not come", tag)
		}
	}
	if !b.index.containsChange(7) || !b.index.containsChange(8) || b.index.containsChange(9) {
		t.Error("the ids did not come")
	}
	page, err := a.fetchEntries("-")
	if err != nil || len(page) != 5 || slices.IndexFunc(page, func(m streamEntry) bool { return m.changeIDs != "" }) != 4 {
		t.Errorf("the ids are not in the last of %d entries: %v", len(page), err)
	}
	if err := a.appendEntry(entry{tags: tags[:1], ids: make([]int64, 10_000)}); err != nil {
		t.Fatal(err)
	}
	if b.mustRead(t); b.lastApplied.changeIDs != "" {
		t.Errorf("%d bytes of ids are read again each time", len(b.lastApplied.changeIDs))
	}
}

// However Redis loses the end of the log, nobody takes what he read before for good.
func TestStreamThatIsLost(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(*testing.T, *redistest.Server, *stream){
		"restarted": func(_ *testing.T, server *redistest.Server, _ *stream) { server.Kill(); server.Restart() },
		"emptied":   func(t *testing.T, _ *redistest.Server, a *stream) { command(t, a, "FLUSHALL") },
		"evicted":   func(t *testing.T, _ *redistest.Server, a *stream) { command(t, a, "DEL", a.key) },
		"cut short": func(t *testing.T, _ *redistest.Server, a *stream) { command(t, a, "XTRIM", a.key, "MAXLEN", "0") },
		// It comes back as it was before the change, as from an old snapshot.
		"rolled back": func(t *testing.T, server *redistest.Server, a *stream) {
			all, err := a.readAllEntries()
			if err != nil {
				t.Fatal(err)
			}
			server.Kill()
			server.Restart()
			for _, m := range all[:len(all)-1] {
				command(t, a, "XADD", a.key, m.id, fieldEpoch, m.epoch, fieldTags, m.tags, fieldIDs, "")
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := redistest.StartServer(t)
			a, b := streamOf(t, server.URL(), "7p:"), streamOf(t, server.URL(), "7p:")
			a.mustRead(t)
			b.mustRead(t)
			a.mustAdd(t, "course:2")
			at := b.mustRead(t)
			if !good(b, at, "course:1") {
				t.Fatal("nothing was lost yet")
			}
			a.mustAdd(t, "course:1") // what b has not read is what is lost
			lose(t, server, a)
			late := streamOf(t, server.URL(), "7p:")
			if late.mustRead(t); good(late, at, "course:1") {
				t.Error("who starts later takes it for good")
			}
			for _, s := range []*stream{a, b} {
				now := s.mustRead(t)
				if good(s, at, "course:1") || good(s, at) {
					t.Error("what was read before the loss is taken for good")
				}
				if !good(s, now, "course:1") {
					t.Error("what was read since is not")
				}
			}
			last := late.mustRead(t)
			a.mustAdd(t, "course:3")
			for _, s := range []*stream{a, b, late} {
				if s.mustRead(t); good(s, last, "course:3") || !good(s, last, "course:1") {
					t.Error("the log does not go on")
				}
			}
		})
	}
}

// Where the end is lost to a Redis that lives on, as where a master comes back by the
// data of another, those who knew of it tell the others.
func TestStreamThatIsRewound(t *testing.T) {
	t.Parallel()
	server := redistest.StartServer(t)
	a, b := streamOf(t, server.URL(), "7p:"), streamOf(t, server.URL(), "7p:")
	a.mustRead(t)
	at := b.mustRead(t)
	a.mustAdd(t, "course:1")
	a.mustRead(t)
	command(t, a, "XDEL", a.key, a.lastApplied.id)
	now := a.mustRead(t)
	if good(a, at, "course:1") || good(a, at) || !good(a, now, "course:1") {
		t.Error("who knew of the end takes what was read before it for good")
	}
	late := streamOf(t, server.URL(), "7p:")
	for _, s := range []*stream{b, late} {
		if s.mustRead(t); good(s, at, "course:1") {
			t.Error("who did not know of the end was not told")
		}
	}
}

// However often nothing came, what comes next is read, and by one command.
func TestStreamAfterNothing(t *testing.T) {
	t.Parallel()
	server := redistest.StartServer(t)
	a, b := streamOf(t, server.URL(), "7p:"), streamOf(t, server.URL(), "7p:")
	a.mustRead(t)
	b.mustRead(t)
	before := ranges(t, a)
	reads := 0
	for i := range 5 {
		tag := fmt.Sprintf("course:%d", i)
		var at Position
		for range 3 {
			at = b.mustRead(t)
			reads++
		}
		if !good(b, at, tag) {
			t.Fatalf("%s changed before it was told", tag)
		}
		a.mustAdd(t, tag)
		b.mustRead(t)
		reads++
		if good(b, at, tag) {
			t.Errorf("%s did not come", tag)
		}
	}
	if n := ranges(t, a) - before; n != reads {
		t.Errorf("%d reads took %d commands", reads, n)
	}
}

// ranges is how often XRANGE was called.
func ranges(t *testing.T, s *stream) (n int) {
	t.Helper()
	if err := s.redis.RunCommands(t.Context(), func(ctx context.Context, c redis.UniversalClient) error {
		stats, err := c.Info(ctx, "commandstats").Result()
		_, after, _ := strings.Cut(stats, "cmdstat_xrange:calls=")
		_, _ = fmt.Sscanf(after, "%d", &n)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return n
}

// Somebody else's key under the log's name is an error that says so.
func TestStreamIsNone(t *testing.T) {
	t.Parallel()
	url, prefix := redistest.NewKeyspace(t)
	s := streamOf(t, url, prefix)
	s.mustRead(t)
	command(t, s, "SET", s.key, "x")
	if err := s.readNewEntries(); err == nil || !strings.Contains(err.Error(), "WRONGTYPE") {
		t.Errorf("it is read as a log: %v", err)
	}
}

// FuzzDecodeRange has replies be read as they were written, and whatever else comes
// be an error.
func FuzzDecodeRange(f *testing.F) {
	f.Add("1-0", "abc", "course:1 courses", "7 8", []byte("*0\r\n"))
	f.Add("", "\r\n", "$3\r\n", "", []byte("*1\r\n*2\r\n$3\r\n1-0\r\n*2\r\n$1\r\nl\r\n$9\r\nx\r\n"))
	f.Add("é", "", "", "1", []byte("*99999999999\r\n*-1\r\n"))
	f.Fuzz(func(t *testing.T, id, lineage, tags, ids string, reply []byte) {
		want := streamEntry{id: id, epoch: lineage, tags: tags, changeIDs: ids}
		var b bytes.Buffer
		fmt.Fprint(&b, "*2\r\n")
		for range 2 {
			fmt.Fprintf(&b, "*2\r\n$%d\r\n%s\r\n*6\r\n", len(id), id)
			for _, s := range []string{fieldEpoch, lineage, fieldTags, tags, fieldIDs, ids} {
				fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(s), s)
			}
		}
		got, err := decodeRange(b.Bytes())
		if err != nil || len(got) != 2 || got[0] != want || got[1] != want {
			t.Errorf("%q: %+v, %v", b.Bytes(), got, err)
		}
		for cut := range b.Len() {
			if _, err := decodeRange(b.Bytes()[:cut]); err == nil {
				t.Errorf("%q is read", b.Bytes()[:cut])
			}
		}
		_, _ = decodeRange(reply)
	})
}

// A replica that is made anew is at no moment half made.
func TestReplicaBecomes(t *testing.T) {
	t.Parallel()
	r := newIndex(Position{})
	r.applyEntry(10, entry{tags: []string{"course:1"}})
	var wg sync.WaitGroup
	stop := make(chan struct{})
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				anew := newIndex(Position{Offset: 5})
				anew.applyEntry(10, entry{tags: []string{"course:1"}})
				r.replaceWith(anew)
			}
		}
	})
	for range 20_000 {
		if r.validSince([]uint64{edu.HashTagName("course:1")}, Position{Offset: 9}) {
			t.Error("a change was not known for a moment")
			break
		}
	}
	close(stop)
	wg.Wait()
}

func TestReplicaIsBounded(t *testing.T) {
	t.Parallel()
	r := newIndex(Position{})
	for i := range 3 * maxIndexedTags {
		r.appendEntry(entry{tags: []string{fmt.Sprint(i)}, ids: []int64{int64(i)}})
	}
	if len(r.lastChanged) > maxIndexedTags || len(r.recentIDs)+len(r.olderIDs) > 2*maxIndexedIDs {
		t.Errorf("it has %d tags and %d ids", len(r.lastChanged), len(r.recentIDs)+len(r.olderIDs))
	}
	now := r.currentPosition()
	if r.validSince([]uint64{edu.HashTagName("0")}, Position{Offset: 1}) || !r.validSince([]uint64{edu.HashTagName("0")}, now) || !r.containsChange(3*maxIndexedTags-1) {
		t.Error("what was forgotten is taken for unchanged, or what is new for forgotten")
	}
}

func FuzzPlace(f *testing.F) {
	f.Add("1700000000000-0", "1700000000000-1")
	f.Add("-", "0-1048575")
	f.Fuzz(func(t *testing.T, a, b string) {
		x, err := parseEntryID(a)
		y, err2 := parseEntryID(b)
		var ms, n, ms2, n2 uint64
		if err != nil || err2 != nil {
			return
		}
		if _, err := fmt.Sscanf(a+" "+b, "%d-%d %d-%d", &ms, &n, &ms2, &n2); err != nil {
			t.Skip()
		}
		if (x < y) != (ms < ms2 || ms == ms2 && n < n2) {
			t.Errorf("%s and %s are out of order", a, b)
		}
	})
}
