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

// stampede has many ask for the same at once, of several processes, and returns how
// many had to make the answer, which takes a while.
func stampede(t *testing.T, k Key, v func(i int) edu.Viewer, finish func(*Lookup), processes ...*process) int64 {
	t.Helper()
	var made atomic.Int64
	var all sync.WaitGroup
	begin := make(chan struct{})
	for i := range 40 {
		all.Go(func() {
			<-begin
			q := processes[i%len(processes)].Get(t.Context(), k, v(i))
			defer q.Release()
			if q.Entry == nil {
				made.Add(1)
				<-time.After(30 * time.Millisecond) // as the database would take
				finish(q)
			}
		})
	}
	close(begin)
	all.Wait()
	return made.Load()
}

// Of many who need the same answer one makes it.
func TestOneMakesTheAnswer(t *testing.T) {
	t.Parallel()
	p := alone(t)
	keep := func(q *Lookup) { q.StoreEntry(t.Context(), made(t, "made", 0, 0), tags(edu.TagCourse.WithID(1))) }
	everyone := func(i int) edu.Viewer { return edu.Viewer{ID: int64(i % 7), Role: edu.RoleStudent} }
	if n := stampede(t, key(t, "a"), func(int) edu.Viewer { return nobody }, keep, p); n != 1 {
		t.Errorf("%d made it", n)
	}
	// Who shares it is not known at first: each viewer makes it. Then it is.
	if n := stampede(t, key(t, "b"), everyone, keep, p); n > 7 {
		t.Errorf("%d of 7 viewers made it", n)
	}
	p.write(t, "course:1")
	if n := stampede(t, key(t, "b"), everyone, keep, p); n != 1 {
		t.Errorf("%d made it anew", n)
	}
}

// Nobody waits twice for an answer that turns out not to be kept.
func TestNobodyWaitsInVain(t *testing.T) {
	t.Parallel()
	p := alone(t)
	refuse := func(q *Lookup) { q.MarkUncacheable(t.Context()) }
	if n := stampede(t, key(t, "a"), func(int) edu.Viewer { return nobody }, refuse, p); n != 40 {
		t.Errorf("%d of 40 made one of their own", n)
	}
	q := p.Get(t.Context(), key(t, "a"), nobody)
	if q.flight != nil {
		t.Error("others would wait again")
	}
	keep := func(q *Lookup) { q.StoreEntry(t.Context(), made(t, "made", 0, 0), tags(edu.TagCourse.WithID(1))) }
	if n := stampede(t, key(t, "a"), func(int) edu.Viewer { return teacher }, keep, p); n != 1 {
		t.Errorf("%d made an answer that is refused to others only", n)
	}
	// One who breaks off keeps nobody waiting.
	gone := p.Get(t.Context(), key(t, "b"), nobody)
	go gone.Release()
	if q := p.Get(t.Context(), key(t, "b"), nobody); q.Entry != nil {
		t.Error("there is an answer")
	}
}

// Where the one who was to make the answer leaves, one of the others does.
func TestAnotherMakesTheAnswer(t *testing.T) {
	t.Parallel()
	p := alone(t)
	k := key(t, "a")
	gone, leave := context.WithCancel(t.Context())
	first := p.Get(gone, k, nobody)
	time.AfterFunc(50*time.Millisecond, func() { // the others wait by then
		leave()
		first.MarkUncacheable(gone)
		first.Release()
	})
	keep := func(q *Lookup) { q.StoreEntry(t.Context(), made(t, "made", 0, 0), tags(edu.TagCourse.WithID(1))) }
	if n := stampede(t, k, func(int) edu.Viewer { return nobody }, keep, p); n != 1 {
		t.Errorf("%d made it", n)
	}
}

// Of many processes one makes an answer, whoever shares it.
func TestOneProcessMakesTheAnswer(t *testing.T) {
	t.Parallel()
	redis, dsn := redistest.StartServer(t), testdb.New(t)
	a, b := start(t, dsn, redis.URL()), start(t, dsn, redis.URL())
	for name, saw := range map[string]edu.VaryBy{"everybody": 0, "a role": edu.VaryByRole, "a viewer": edu.VaryByViewer} {
		k := key(t, name)
		a.keep(t, k, student, made(t, "first", saw, 0))
		if got := b.look(t, k, student); got != "first" { // by which it learns who shares it
			t.Fatalf("got %q", got)
		}
		b.write(t, "course:1")
		keep := func(q *Lookup) { q.StoreEntry(t.Context(), made(t, "made", saw, 0), tags(edu.TagCourse.WithID(1))) }
		sharing := func(i int) edu.Viewer {
			if saw != edu.VaryByViewer {
				return edu.Viewer{ID: int64(1 + i%7), Role: edu.RoleStudent}
			}
			return student
		}
		if n := stampede(t, k, sharing, keep, a, b); n != 1 {
			t.Errorf("%d made what %s shares", n, name)
		}
	}
}

// Who asks for an answer while another makes it waits for a while, however many give up
// meanwhile.
func TestWaitingEnds(t *testing.T) {
	t.Parallel()
	p := alone(t)
	k := key(t, "a")
	name := p.flights.predictStorageKey(k, nobody)
	gone, _ := p.flights.joinFlight(name)
	time.AfterFunc(maxWait*9/10, func() {
		p.flights.mu.Lock() // another is faster than who waited
		p.flights.active[name] = &flight{done: make(chan struct{})}
		p.flights.mu.Unlock()
		gone.retryLookup = true
		close(gone.done)
	})
	began := time.Now()
	q := p.Get(t.Context(), k, nobody)
	if took := time.Since(began); q.Entry != nil || q.flight != nil || took > maxWait*3/2 {
		t.Errorf("%+v after %v", q, took)
	}
}

// A lock that Redis gave after its owner had gone on without it is released, too.
func TestLateLockIsReleased(t *testing.T) {
	t.Parallel()
	server, dsn := redistest.StartServer(t), testdb.New(t)
	b := start(t, dsn, server.URL())
	hasty, err := cache.OpenRedis(cache.RedisOptions{URL: server.URL(), Deadline: 50 * time.Millisecond, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = hasty.Close() })
	a := New(Options{InvalidationLog: b.log, Redis: hasty, MaxBytes: 1 << 20})
	t.Cleanup(a.Close)
	if err := hasty.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	server.Pause()
	unlock := a.acquireLock(t.Context(), "x")
	server.Resume()
	if unlock == nil {
		t.Fatal("it waits for a lock that nobody has")
	}
	// Redis reads what was sent.
	for end := time.Now().Add(lockTTL); !strings.HasPrefix(server.RunCommand("EXISTS", hasty.PrefixedKey("x:lock")), "1"); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("nobody has the lock")
		}
	}
	unlock()
	if b.acquireLock(t.Context(), "x") == nil {
		t.Error("nobody releases it")
	}
}

// Who leads, and then finds what another has begun to renew, ends its own flight and not
// the other's.
func TestLeaderFindsStaleAnswer(t *testing.T) {
	t.Parallel()
	redis, dsn := redistest.StartServer(t), testdb.New(t)
	a, b := start(t, dsn, redis.URL()), start(t, dsn, redis.URL())
	k := key(t, "a")
	q := &Lookup{cache: b.Cache, key: k, viewer: nobody}
	if !q.lookupEntry(t.Context()) || q.Entry != nil {
		t.Fatalf("%+v", q)
	}
	q.flightKey = b.flights.predictStorageKey(k, nobody)
	q.flight, _ = b.flights.joinFlight(q.flightKey)
	a.keep(t, k, nobody, made(t, "old", 0, 61*time.Second))
	other := b.Get(t.Context(), k, nobody)
	q.leadFlight(t.Context(), time.Now().Add(maxWait))
	if !other.Revalidate || q.Entry == nil || q.Revalidate {
		t.Errorf("%+v, %+v", other, q)
	}
	q.Release()
	if len(b.flights.active) != 1 {
		t.Errorf("there are %d flights beside the renewal's", len(b.flights.active)-1)
	}
	other.Release()
	if len(b.flights.active) != 0 {
		t.Error("a flight never ends")
	}
}

// An answer that was kept between a look and what follows it is not made once more.
func TestAnswerOvertakesQuestion(t *testing.T) {
	t.Parallel()
	redis, dsn := redistest.StartServer(t), testdb.New(t)
	a, b := start(t, dsn, redis.URL()), start(t, dsn, redis.URL())
	for name, tt := range map[string]struct{ maker, asker *process }{
		"in the same process": {a, a}, "in another": {a, b}, "without Redis": {},
	} {
		t.Run(name, func(t *testing.T) {
			if tt.maker == nil {
				tt.maker = alone(t)
				tt.asker = tt.maker
			}
			k := key(t, name)
			tt.asker.keep(t, k, nobody, made(t, "first", 0, 0)) // it knows that everybody shares it
			tt.asker.write(t, "course:1")
			q := &Lookup{cache: tt.asker.Cache, key: k, viewer: nobody}
			if !q.lookupEntry(t.Context()) || q.Entry != nil {
				t.Fatalf("%+v", q)
			}
			tt.maker.keep(t, k, nobody, made(t, "second", 0, 0))
			q.flightKey = tt.asker.flights.predictStorageKey(k, nobody)
			q.flight, _ = tt.asker.flights.joinFlight(q.flightKey)
			q.leadFlight(t.Context(), time.Now().Add(maxWait))
			if q.Entry == nil || !q.retryLookup {
				t.Error("it is made once more")
			}
			q.Release()
		})
	}
}

// Of many processes one makes a stale answer anew, and the others take that.
func TestOneProcessRenews(t *testing.T) {
	t.Parallel()
	redis, dsn := redistest.StartServer(t), testdb.New(t)
	a, b := start(t, dsn, redis.URL()), start(t, dsn, redis.URL())
	k := key(t, "a")
	a.keep(t, k, nobody, made(t, "old", 0, 61*time.Second))
	renewal := func(p *process) *Lookup {
		q := p.Get(t.Context(), k, nobody)
		if !q.Revalidate {
			t.Fatalf("%+v", q)
		}
		return q.NewRevalidation()
	}
	first, second := renewal(a), renewal(b)
	if !first.BeginRevalidation(t.Context()) || second.BeginRevalidation(t.Context()) {
		t.Error("not one makes it anew")
	}
	second.Release()
	if why := first.StoreEntry(t.Context(), made(t, "new", 0, 0), tags(edu.TagCourse.WithID(1))); why != "" {
		t.Fatal(why)
	}
	first.Release()
	awaitReleased(redis)
	third := renewal(b) // which still has the old one
	if third.BeginRevalidation(t.Context()) {
		t.Error("it is made once more")
	}
	third.Release()
	if got := b.look(t, k, nobody); got != "new" {
		t.Errorf("got %q", got)
	}
}

// A lock is released by its owner alone, and not kept by one who died.
func TestLock(t *testing.T) {
	t.Parallel()
	redis, dsn := redistest.StartServer(t), testdb.New(t)
	a, b := start(t, dsn, redis.URL()), start(t, dsn, redis.URL())
	first := a.acquireLock(t.Context(), "x")
	if first == nil || b.acquireLock(t.Context(), "x") != nil {
		t.Fatal("two have the lock")
	}
	redis.RunCommand("DEL", a.redis.PrefixedKey("x:lock")) // it took too long
	second := b.acquireLock(t.Context(), "x")
	if first(); a.acquireLock(t.Context(), "x") != nil {
		t.Error("a lock was released that is another's")
	}
	if second(); a.acquireLock(t.Context(), "x") == nil {
		t.Error("a lock was not released")
	}
	if ttl := redis.RunCommand("PTTL", a.redis.PrefixedKey("x:lock")); len(ttl) < 4 || ttl[0] == '-' {
		t.Errorf("it is kept for %s ms", ttl)
	}
}

// What is too old is given once more while one makes it anew, for nobody; what belongs
// to somebody is not.
func TestStale(t *testing.T) {
	t.Parallel()
	p := alone(t)
	k := key(t, "a")
	p.keep(t, k, student, made(t, "old", 0, 61*time.Second))
	renewals, stale := []*Lookup{}, 0
	for i := range int64(5) { // each another viewer, of a role that has not made it
		q := p.Get(t.Context(), k, edu.Viewer{ID: 100 + i, Role: edu.RoleAdmin})
		if q.Entry == nil || string(q.Entry.Body) != "old" {
			t.Fatalf("got %+v", q)
		}
		if q.Stale {
			stale++
		}
		if q.Revalidate {
			r := q.NewRevalidation()
			if !r.BeginRevalidation(t.Context()) {
				t.Error("nobody makes it anew")
			}
			renewals = append(renewals, r)
		}
		q.Release()
	}
	if stale != 5 || len(renewals) != 1 || renewals[0].viewer != nobody {
		t.Fatalf("%d are stale, %d are made anew, for %+v", stale, len(renewals), renewals)
	}
	if why := renewals[0].StoreEntry(t.Context(), made(t, "new", 0, 0), tags(edu.TagCourse.WithID(1))); why != "" {
		t.Fatal(why)
	}
	renewals[0].Release()
	if got := p.look(t, k, other); got != "new" {
		t.Errorf("got %q", got)
	}
	p.keep(t, key(t, "b"), student, made(t, "own", edu.VaryByViewer, 61*time.Second))
	if got := p.look(t, key(t, "b"), student); got != "" {
		t.Errorf("somebody got an old answer of their own: %q", got)
	}
	p.keep(t, key(t, "c"), student, made(t, "older", 0, time.Minute+staleWhileRevalidate+time.Second))
	if got := p.look(t, key(t, "c"), student); got != "" {
		t.Errorf("got %q, which is past all use", got)
	}
	p.keep(t, key(t, "d"), student, made(t, "stale", 0, 61*time.Second))
	p.write(t, "course:1")
	if got := p.look(t, key(t, "d"), student); got != "" {
		t.Errorf("got %q, which has changed", got)
	}
}
