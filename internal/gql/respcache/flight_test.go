package respcache

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/cache"
	"github.com/7p-education/api/internal/cache/redistest"
	"github.com/7p-education/api/internal/testdb"
)

// stampede sends 40 requests for the same response to several processes at once, and returns
// how many had to compute it, which takes 30 ms.
func stampede(t *testing.T, k Key, v func(i int) edu.Viewer, finish func(*Lookup), processes ...*process) int64 {
	t.Helper()
	var computed atomic.Int64
	var all sync.WaitGroup
	begin := make(chan struct{})
	for i := range 40 {
		all.Go(func() {
			<-begin
			l := processes[i%len(processes)].Get(t.Context(), k, v(i))
			defer l.Release()
			if l.Entry == nil {
				computed.Add(1)
				<-time.After(30 * time.Millisecond) // the time of the database
				finish(l)
			}
		})
	}
	close(begin)
	all.Wait()
	return computed.Load()
}

// storeComputed returns a function that stores an entry with the tag course:1, for stampede.
func storeComputed(t *testing.T, varyBy edu.VaryBy) func(*Lookup) {
	return func(l *Lookup) {
		l.StoreEntry(newEntry(t, "computed", varyBy, 0), newTags(edu.TagCourse.WithID(1)))
	}
}

// TestOneRequestComputes checks that of many requests for the same response one computes it.
func TestOneRequestComputes(t *testing.T) {
	t.Parallel()
	p := startAlone(t)
	anyViewer := func(i int) edu.Viewer { return edu.Viewer{ID: int64(i % 7), Role: edu.RoleStudent} }
	if n := stampede(t, newKey(t, "a"), func(int) edu.Viewer { return anonymous }, storeComputed(t, 0), p); n != 1 {
		t.Errorf("%d requests computed the response", n)
	}
	// At first the scope is not known, and one request of each viewer computes the response.
	if n := stampede(t, newKey(t, "b"), anyViewer, storeComputed(t, 0), p); n > 7 {
		t.Errorf("%d requests of 7 viewers computed the response", n)
	}
	p.publish(t, "course:1")
	if n := stampede(t, newKey(t, "b"), anyViewer, storeComputed(t, 0), p); n != 1 {
		t.Errorf("%d requests computed the response after the change", n)
	}
}

// TestUncacheableIsNotAwaited checks that requests do not wait again for a response that could
// not be stored.
func TestUncacheableIsNotAwaited(t *testing.T) {
	t.Parallel()
	p := startAlone(t)
	markUncacheable := func(l *Lookup) { l.MarkUncacheable(t.Context()) }
	if n := stampede(t, newKey(t, "a"), func(int) edu.Viewer { return anonymous }, markUncacheable, p); n != 40 {
		t.Errorf("%d of 40 requests computed their own response", n)
	}
	l := p.Get(t.Context(), newKey(t, "a"), anonymous)
	if l.flight != nil {
		t.Error("the request leads a flight, for which others would wait")
	}
	if n := stampede(t, newKey(t, "a"), func(int) edu.Viewer { return teacher }, storeComputed(t, 0), p); n != 1 {
		t.Errorf("%d requests computed a response that is uncacheable for another role only", n)
	}
	// A leader that stops ends its flight.
	stopped := p.Get(t.Context(), newKey(t, "b"), anonymous)
	go stopped.Release()
	if l := p.Get(t.Context(), newKey(t, "b"), anonymous); l.Entry != nil {
		t.Error("there is an entry")
	}
}

// TestNextRequestComputes checks that one of the waiting requests computes the response if the
// client of the leader disconnects.
func TestNextRequestComputes(t *testing.T) {
	t.Parallel()
	p := startAlone(t)
	k := newKey(t, "a")
	ctx, disconnect := context.WithCancel(t.Context())
	first := p.Get(ctx, k, anonymous)
	time.AfterFunc(50*time.Millisecond, func() { // the others wait by then
		disconnect()
		first.MarkUncacheable(ctx)
		first.Release()
	})
	if n := stampede(t, k, func(int) edu.Viewer { return anonymous }, storeComputed(t, 0), p); n != 1 {
		t.Errorf("%d of the waiting requests computed the response", n)
	}
}

// TestOneProcessComputes checks that of several processes one computes a response of any scope.
func TestOneProcessComputes(t *testing.T) {
	t.Parallel()
	redis, dsn := redistest.StartServer(t), testdb.New(t)
	a, b := startProcess(t, dsn, redis.URL()), startProcess(t, dsn, redis.URL())
	for name, varyBy := range map[string]edu.VaryBy{"public": 0, "by role": edu.VaryByRole, "by viewer": edu.VaryByViewer} {
		k := newKey(t, name)
		a.storeNew(t, k, student, newEntry(t, "first", varyBy, 0))
		if got := b.lookupBody(t, k, student); got != "first" { // b learns the scope
			t.Fatalf("got %q", got)
		}
		b.publish(t, "course:1")
		sharingViewer := func(i int) edu.Viewer {
			if varyBy != edu.VaryByViewer {
				return edu.Viewer{ID: int64(1 + i%7), Role: edu.RoleStudent}
			}
			return student
		}
		if n := stampede(t, k, sharingViewer, storeComputed(t, varyBy), a, b); n != 1 {
			t.Errorf("%s: %d requests computed the response", name, n)
		}
	}
}

// TestWaitEnds checks that a request waits for maxWait in all, however many flights end without
// an entry meanwhile.
func TestWaitEnds(t *testing.T) {
	t.Parallel()
	p := startAlone(t)
	k := newKey(t, "a")
	storageKey := p.flights.predictStorageKey(k, anonymous)
	first, _ := p.flights.joinFlight(storageKey)
	time.AfterFunc(maxWait*9/10, func() {
		p.flights.mu.Lock() // another request starts the next flight before the waiting one
		p.flights.active[storageKey] = &flight{done: make(chan struct{})}
		p.flights.mu.Unlock()
		first.retryLookup = true
		close(first.done)
	})
	began := time.Now()
	l := p.Get(t.Context(), k, anonymous)
	if took := time.Since(began); l.Entry != nil || l.flight != nil || took > maxWait*3/2 {
		t.Errorf("%+v after %v", l, took)
	}
}

// TestLateLockIsReleased checks that a lock is released which Redis granted after its owner had
// timed out.
func TestLateLockIsReleased(t *testing.T) {
	t.Parallel()
	server, dsn := redistest.StartServer(t), testdb.New(t)
	b := startProcess(t, dsn, server.URL())
	impatient, err := cache.OpenRedis(cache.RedisOptions{URL: server.URL(), Deadline: 50 * time.Millisecond, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = impatient.Close() })
	a := New(Options{InvalidationLog: b.log, Redis: impatient, MaxBytes: 1 << 20})
	t.Cleanup(a.Close)
	impatient.Get(t.Context(), "any", 0)         // connects
	b.acquireLock(t.Context(), "y").release(nil) // Redis knows the script by now
	server.Pause()
	unlock := a.acquireLock(t.Context(), "x")
	server.Resume()
	if unlock == nil {
		t.Fatal("the process waits for a lock that no process has")
	}
	// Redis runs the command that it has received.
	for deadline := time.Now().Add(lockTTL); !strings.HasPrefix(server.RunCommand("EXISTS", impatient.HistoryKey("x:lock")), "1"); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("no process has the lock")
		}
	}
	unlock.release(nil)
	if b.acquireLock(t.Context(), "x") == nil {
		t.Error("the lock is not released")
	}
}

// TestLeaderFindsStaleEntry checks the leader of a flight that then finds a stale entry which
// another request revalidates: it ends its own flight only.
func TestLeaderFindsStaleEntry(t *testing.T) {
	t.Parallel()
	redis, dsn := redistest.StartServer(t), testdb.New(t)
	a, b := startProcess(t, dsn, redis.URL()), startProcess(t, dsn, redis.URL())
	k := newKey(t, "a")
	l := &Lookup{cache: b.Cache, key: k, viewer: anonymous}
	if !l.lookupEntry(t.Context()) || l.Entry != nil {
		t.Fatalf("%+v", l)
	}
	l.flightKey = b.flights.predictStorageKey(k, anonymous)
	l.flight, _ = b.flights.joinFlight(l.flightKey)
	a.storeNew(t, k, anonymous, newEntry(t, "old", 0, 61*time.Second))
	other := b.Get(t.Context(), k, anonymous)
	l.leadFlight(t.Context(), time.Now().Add(maxWait))
	if !other.Revalidate || l.Entry == nil || l.Revalidate {
		t.Errorf("%+v, %+v", other, l)
	}
	l.Release()
	if len(b.flights.active) != 1 {
		t.Errorf("there are %d flights beside that of the revalidation", len(b.flights.active)-1)
	}
	other.Release()
	if len(b.flights.active) != 0 {
		t.Error("a flight does not end")
	}
}

// TestEntryStoredAfterLookup checks that a response is not computed again if its entry was
// stored between a lookup and the start of the flight.
func TestEntryStoredAfterLookup(t *testing.T) {
	t.Parallel()
	redis, dsn := redistest.StartServer(t), testdb.New(t)
	a, b := startProcess(t, dsn, redis.URL()), startProcess(t, dsn, redis.URL())
	for name, tt := range map[string]struct{ writer, reader *process }{
		"in the same process": {a, a}, "in another process": {a, b}, "without Redis": {},
	} {
		t.Run(name, func(t *testing.T) {
			if tt.writer == nil {
				tt.writer = startAlone(t)
				tt.reader = tt.writer
			}
			k := newKey(t, name)
			tt.reader.storeNew(t, k, anonymous, newEntry(t, "first", 0, 0)) // the reader learns that the scope is public
			tt.reader.publish(t, "course:1")
			l := &Lookup{cache: tt.reader.Cache, key: k, viewer: anonymous}
			if !l.lookupEntry(t.Context()) || l.Entry != nil {
				t.Fatalf("%+v", l)
			}
			tt.writer.storeNew(t, k, anonymous, newEntry(t, "second", 0, 0))
			l.flightKey = tt.reader.flights.predictStorageKey(k, anonymous)
			l.flight, _ = tt.reader.flights.joinFlight(l.flightKey)
			l.leadFlight(t.Context(), time.Now().Add(maxWait))
			if l.Entry == nil || !l.retryLookup {
				t.Error("the response is computed again")
			}
			l.Release()
		})
	}
}

// TestOneProcessRevalidates checks that of several processes one revalidates a stale entry, and
// the others use the new one.
func TestOneProcessRevalidates(t *testing.T) {
	t.Parallel()
	redis, dsn := redistest.StartServer(t), testdb.New(t)
	a, b := startProcess(t, dsn, redis.URL()), startProcess(t, dsn, redis.URL())
	k := newKey(t, "a")
	a.storeNew(t, k, anonymous, newEntry(t, "old", 0, 61*time.Second))
	newRevalidation := func(p *process) *Lookup {
		l := p.Get(t.Context(), k, anonymous)
		if !l.Revalidate {
			t.Fatalf("%+v", l)
		}
		return l.NewRevalidation()
	}
	first, second := newRevalidation(a), newRevalidation(b)
	if !first.BeginRevalidation(t.Context()) || second.BeginRevalidation(t.Context()) {
		t.Error("not exactly one process revalidates the entry")
	}
	second.Release()
	if reason := first.StoreEntry(newEntry(t, "new", 0, 0), newTags(edu.TagCourse.WithID(1))); reason != "" {
		t.Fatal(reason)
	}
	first.Release()
	awaitReleased(redis)
	third := newRevalidation(b) // b still has the old entry
	if third.BeginRevalidation(t.Context()) {
		t.Error("the entry is revalidated again")
	}
	third.Release()
	if got := b.lookupBody(t, k, anonymous); got != "new" {
		t.Errorf("got %q", got)
	}
}

// TestLock checks that only its owner releases a lock, and that a lock expires.
func TestLock(t *testing.T) {
	t.Parallel()
	redis, dsn := redistest.StartServer(t), testdb.New(t)
	a, b := startProcess(t, dsn, redis.URL()), startProcess(t, dsn, redis.URL())
	first := a.acquireLock(t.Context(), "x")
	if first == nil || b.acquireLock(t.Context(), "x") != nil {
		t.Fatal("two processes have the lock")
	}
	redis.RunCommand("DEL", a.redis.HistoryKey("x:lock")) // it has expired
	second := b.acquireLock(t.Context(), "x")
	if first.release(nil); a.acquireLock(t.Context(), "x") != nil {
		t.Error("the lock of another process was released")
	}
	if second.release(nil); a.acquireLock(t.Context(), "x") == nil {
		t.Error("a lock was not released")
	}
	if ttl := redis.RunCommand("PTTL", a.redis.HistoryKey("x:lock")); len(ttl) < 4 || ttl[0] == '-' {
		t.Errorf("the lock expires in %s ms", ttl)
	}
}

// TestStale checks that a stale public entry is served while one request revalidates it as an
// anonymous viewer. Entries of other scopes are not served stale.
func TestStale(t *testing.T) {
	t.Parallel()
	p := startAlone(t)
	k := newKey(t, "a")
	p.storeNew(t, k, student, newEntry(t, "old", 0, 61*time.Second))
	revalidations, stale := []*Lookup{}, 0
	for i := range int64(5) { // different viewers, of a role that has not computed the response
		l := p.Get(t.Context(), k, edu.Viewer{ID: 100 + i, Role: edu.RoleAdmin})
		if l.Entry == nil || string(l.Entry.Body) != "old" {
			t.Fatalf("got %+v", l)
		}
		if l.Stale {
			stale++
		}
		if l.Revalidate {
			r := l.NewRevalidation()
			if !r.BeginRevalidation(t.Context()) {
				t.Error("no request revalidates the entry")
			}
			revalidations = append(revalidations, r)
		}
		l.Release()
	}
	if stale != 5 || len(revalidations) != 1 || revalidations[0].viewer != anonymous {
		t.Fatalf("%d entries are stale, %d are revalidated: %+v", stale, len(revalidations), revalidations)
	}
	if reason := revalidations[0].StoreEntry(newEntry(t, "new", 0, 0), newTags(edu.TagCourse.WithID(1))); reason != "" {
		t.Fatal(reason)
	}
	revalidations[0].Release()
	if got := p.lookupBody(t, k, other); got != "new" {
		t.Errorf("got %q", got)
	}
	p.storeNew(t, newKey(t, "b"), student, newEntry(t, "own", edu.VaryByViewer, 61*time.Second))
	if got := p.lookupBody(t, newKey(t, "b"), student); got != "" {
		t.Errorf("a viewer got a stale entry of their own: %q", got)
	}
	p.storeNew(t, newKey(t, "c"), student, newEntry(t, "older", 0, time.Minute+StaleWhileRevalidate+time.Second))
	if got := p.lookupBody(t, newKey(t, "c"), student); got != "" {
		t.Errorf("got %q, which has expired", got)
	}
	p.storeNew(t, newKey(t, "d"), student, newEntry(t, "stale", 0, 61*time.Second))
	p.publish(t, "course:1")
	if got := p.lookupBody(t, newKey(t, "d"), student); got != "" {
		t.Errorf("got %q, whose tag has changed", got)
	}
}
