package invalidation

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/cache"
	"github.com/7p-education/api/internal/cache/redistest"
)

func openRedis(t *testing.T, url, prefix string) *cache.Redis {
	t.Helper()
	r, err := cache.OpenRedis(cache.RedisOptions{URL: url, Prefix: prefix, Deadline: patience, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

func openStream(t *testing.T, url, prefix string) *stream {
	t.Helper()
	return newStream(openRedis(t, url, prefix), newIndex(Position{}), memoryRegistry{})
}

// runCommand sends any command to Redis.
func runCommand(t *testing.T, s *stream, args ...any) {
	t.Helper()
	if err := s.redis.RunCommands(t.Context(), func(ctx context.Context, c redis.UniversalClient) error { return c.Do(ctx, args...).Err() }); err != nil {
		t.Fatal(err)
	}
}

func (s *stream) mustRead(t *testing.T) Position {
	t.Helper()
	err := s.readNewEntries()
	for deadline := time.Now().Add(patience); errors.Is(err, errLogLost) && time.Now().Before(deadline); {
		time.Sleep(beginPatience / 10)
		err = s.readNewEntries()
	}
	if err != nil {
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

// isValid reports whether the index of the stream has no change of the tags after a position.
func isValid(s *stream, since Position, tags ...string) bool {
	var hashes []uint64
	for _, tag := range tags {
		hashes = append(hashes, edu.HashTagName(tag))
	}
	return s.index.validSince(hashes, since)
}

// TestStreamIsShared appends in one process, and checks that another process and one that
// starts later see the entries.
func TestStreamIsShared(t *testing.T) {
	t.Parallel()
	url, prefix := redistest.NewKeyspace(t)
	a, b := openStream(t, url, prefix), openStream(t, url, prefix)
	since := b.mustRead(t)
	if a.mustRead(t) != since {
		t.Fatal("two processes do not begin at the same position")
	}
	a.mustAdd(t, "course:1", "courses")
	if !isValid(b, since, "course:1") {
		t.Error("b has an entry that it has not read")
	}
	now := b.mustRead(t)
	if isValid(b, since, "course:1") || isValid(b, since, "user:1", "courses") || !isValid(b, since, "course:2") || !isValid(b, now, "course:1") {
		t.Error("b has read the entry, and its index is wrong")
	}
	late := openStream(t, url, prefix)
	if late.mustRead(t); isValid(late, since, "course:1") || !isValid(late, since, "course:2") {
		t.Error("a process that starts later misses the change")
	}
	a.mustAdd(t, tagEverything)
	if b.mustRead(t); isValid(b, now, "course:2") || isValid(b, now) {
		t.Error("tagEverything changed, and data counts as valid")
	}
}

// TestStreamReadsAllPagesOnNewRoute checks that a read on a new connection applies every entry
// appended since the last read, if they are more than a page.
func TestStreamReadsAllPagesOnNewRoute(t *testing.T) {
	t.Parallel()
	url, prefix := redistest.NewKeyspace(t)
	a, b := openStream(t, url, prefix), openStream(t, url, prefix)
	since := b.mustRead(t)
	a.mustRead(t)
	for range 2 * pageSize {
		a.mustAdd(t, "courses")
	}
	a.mustAdd(t, "course:1")
	b.verifiedRoute--
	if b.mustRead(t) != a.mustRead(t) {
		t.Error("the index lags behind the log")
	}
	if isValid(b, since, "course:1") {
		t.Error("the last entry was not applied")
	}
}

// TestStreamSplitsManyTags checks that an entry of many tags is split, and that only its last
// part has the ids, which prove that all parts are there.
func TestStreamSplitsManyTags(t *testing.T) {
	t.Parallel()
	url, prefix := redistest.NewKeyspace(t)
	a, b := openStream(t, url, prefix), openStream(t, url, prefix)
	since := b.mustRead(t)
	var tags []string
	for i := range 3*maxEntryTags + 1 {
		tags = append(tags, fmt.Sprint("course:", i))
	}
	if err := a.appendEntry(entry{tags: tags, ids: []int64{7, 8}}); err != nil {
		t.Fatal(err)
	}
	b.mustRead(t)
	for _, tag := range tags {
		if isValid(b, since, tag) {
			t.Errorf("%s is missing", tag)
		}
	}
	if !b.index.containsChange(7) || !b.index.containsChange(8) || b.index.containsChange(9) {
		t.Error("the ids are wrong")
	}
	page, err := a.fetchEntries("-")
	if err != nil || len(page) != 5 || slices.IndexFunc(page, func(e streamEntry) bool { return len(e.decodeEntry().ids) > 0 }) != 4 {
		t.Errorf("got %d entries, want the ids in the fifth and last: %v", len(page), err)
	}
	if err := a.appendEntry(entry{tags: tags[:1], ids: make([]int64, 10_000)}); err != nil {
		t.Fatal(err)
	}
	if b.mustRead(t); b.lastApplied.changeIDs != "" {
		t.Errorf("the last entry, which each read returns, has %d bytes of ids", len(b.lastApplied.changeIDs))
	}
}

// TestStreamThatIsLost checks that data read before Redis lost the end of the log is not
// valid, however Redis lost it.
func TestStreamThatIsLost(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(*testing.T, *redistest.Server, *stream){
		"restarted": func(_ *testing.T, server *redistest.Server, _ *stream) { server.Kill(); server.Restart() },
		"emptied":   func(t *testing.T, _ *redistest.Server, a *stream) { runCommand(t, a, "FLUSHALL") },
		"evicted":   func(t *testing.T, _ *redistest.Server, a *stream) { runCommand(t, a, "DEL", a.key) },
		"cut short": func(t *testing.T, _ *redistest.Server, a *stream) { runCommand(t, a, "XTRIM", a.key, "MAXLEN", "0") },
		// Redis restarts with the data from before the change, as from an old snapshot.
		"rolled back": func(t *testing.T, server *redistest.Server, a *stream) {
			all, err := a.readAllEntries()
			if err != nil {
				t.Fatal(err)
			}
			server.Kill()
			server.Restart()
			for _, e := range all[:len(all)-1] {
				runCommand(t, a, "XADD", a.key, e.id, fieldEpoch, e.epoch, fieldTags, e.tags, fieldIDs, "")
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := redistest.StartServer(t)
			a, b := openStream(t, server.URL(), "7p:"), openStream(t, server.URL(), "7p:")
			a.mustRead(t)
			b.mustRead(t)
			a.mustAdd(t, "course:2")
			since := b.mustRead(t)
			if !isValid(b, since, "course:1") {
				t.Fatal("a valid tag counts as changed before the loss")
			}
			a.mustAdd(t, "course:1") // b has not read this entry, which is lost
			lose(t, server, a)
			late := openStream(t, server.URL(), "7p:")
			if late.mustRead(t); isValid(late, since, "course:1") {
				t.Error("data read before the loss is valid for a process that starts later")
			}
			for _, s := range []*stream{a, b} {
				now := s.mustRead(t)
				if isValid(s, since, "course:1") || isValid(s, since) {
					t.Error("data read before the loss is valid")
				}
				if !isValid(s, now, "course:1") {
					t.Error("data read after the loss is not valid")
				}
			}
			last := late.mustRead(t)
			a.mustAdd(t, "course:3")
			for _, s := range []*stream{a, b, late} {
				if s.mustRead(t); isValid(s, last, "course:3") || !isValid(s, last, "course:1") {
					t.Error("the log does not continue")
				}
			}
		})
	}
}

// TestStreamThatIsRewound loses the end of the log while the Redis process keeps running, as
// when a master reloads the data of another. A process that had read the end makes the loss
// known to the others.
func TestStreamThatIsRewound(t *testing.T) {
	t.Parallel()
	server := redistest.StartServer(t)
	a, b := openStream(t, server.URL(), "7p:"), openStream(t, server.URL(), "7p:")
	a.mustRead(t)
	since := b.mustRead(t)
	a.mustAdd(t, "course:1")
	a.mustRead(t)
	runCommand(t, a, "XDEL", a.key, a.lastApplied.id)
	now := a.mustRead(t)
	if isValid(a, since, "course:1") || isValid(a, since) || !isValid(a, now, "course:1") {
		t.Error("data read before the loss is valid for a process that had read the end")
	}
	late := openStream(t, server.URL(), "7p:")
	for _, s := range []*stream{b, late} {
		if s.mustRead(t); isValid(s, since, "course:1") {
			t.Error("data read before the loss is valid for a process that had not read the end")
		}
	}
}

// TestStreamReadsAfterNoChange checks that an entry is read after reads that returned nothing
// new, and that each read takes one command.
func TestStreamReadsAfterNoChange(t *testing.T) {
	t.Parallel()
	server := redistest.StartServer(t)
	a, b := openStream(t, server.URL(), "7p:"), openStream(t, server.URL(), "7p:")
	a.mustRead(t)
	b.mustRead(t)
	before := countRangeCommands(t, a)
	reads := 0
	for i := range 5 {
		tag := fmt.Sprintf("course:%d", i)
		var since Position
		for range 3 {
			since = b.mustRead(t)
			reads++
		}
		if !isValid(b, since, tag) {
			t.Fatalf("%s counts as changed before it was appended", tag)
		}
		a.mustAdd(t, tag)
		b.mustRead(t)
		reads++
		if isValid(b, since, tag) {
			t.Errorf("%s is missing", tag)
		}
	}
	if n := countRangeCommands(t, a) - before; n != reads {
		t.Errorf("%d reads took %d commands", reads, n)
	}
}

// countRangeCommands returns how many XRANGE commands Redis has run.
func countRangeCommands(t *testing.T, s *stream) (n int) {
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

// TestStreamRejectsOtherType checks that a key of another type under the log's name is an error
// with the message of Redis.
func TestStreamRejectsOtherType(t *testing.T) {
	t.Parallel()
	url, prefix := redistest.NewKeyspace(t)
	s := openStream(t, url, prefix)
	s.mustRead(t)
	runCommand(t, s, "SET", s.key, "x")
	if err := s.readNewEntries(); err == nil || !strings.Contains(err.Error(), "WRONGTYPE") {
		t.Errorf("got %v, want WRONGTYPE", err)
	}
}

// TestIndexIsReplacedAtOnce checks that a reader never sees a partly replaced index.
func TestIndexIsReplacedAtOnce(t *testing.T) {
	t.Parallel()
	x := newIndex(Position{})
	x.applyEntry(10, entry{tags: []string{"course:1"}})
	var wg sync.WaitGroup
	stop := make(chan struct{})
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				rebuilt := newIndex(Position{Offset: 5})
				rebuilt.applyEntry(10, entry{tags: []string{"course:1"}})
				x.replaceWith(rebuilt)
			}
		}
	})
	for range 20_000 {
		if x.validSince([]uint64{edu.HashTagName("course:1")}, Position{Offset: 9}) {
			t.Error("a changed tag counts as valid during a replacement")
			break
		}
	}
	close(stop)
	wg.Wait()
}

func TestIndexIsBounded(t *testing.T) {
	t.Parallel()
	x := newIndex(Position{})
	for i := range 3 * maxIndexedTags {
		x.appendEntry(entry{tags: []string{fmt.Sprint(i)}, ids: []int64{int64(i)}})
	}
	if len(x.lastChanged) > maxIndexedTags || len(x.recentIDs)+len(x.olderIDs) > 2*maxIndexedIDs {
		t.Errorf("the index has %d tags and %d ids", len(x.lastChanged), len(x.recentIDs)+len(x.olderIDs))
	}
	now := x.currentPosition()
	if x.validSince([]uint64{edu.HashTagName("0")}, Position{Offset: 1}) || !x.validSince([]uint64{edu.HashTagName("0")}, now) || !x.containsChange(3*maxIndexedTags-1) {
		t.Error("a tag that was dropped counts as unchanged, or a new entry is missing")
	}
}

// FuzzParseEntryID checks that offsets have the order of the ids.
func FuzzParseEntryID(f *testing.F) {
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
