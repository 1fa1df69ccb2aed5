//go:build linux

package store_test

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/invalidation"
	"github.com/7p-education/api/internal/testdb"
	"github.com/7p-education/api/internal/testdb/standby"
	"github.com/7p-education/api/store"
)

// replicated is a store with a replica, and the log of its changes.
type replicated struct {
	*store.Store
	log     *invalidation.Log
	db      *pgxpool.Pool // the primary
	primary string
	replica *standby.Standby
}

// openReplicated opens a store with a replica that is ready. The user 1 is on the primary.
func openReplicated(t *testing.T, c store.Config) *replicated {
	t.Helper()
	primary, replica := standby.StartPair(t)
	exec(t, testdb.OpenPool(t, primary), "INSERT INTO users (name, email) VALUES ('0', 'a@b.example')")
	c.URL, c.ReplicaURLs = primary, []string{replica.DSN}
	r := openFollowing(t, c)
	r.replica = replica
	r.awaitReplica(t)
	return r
}

// openFollowing opens a store with replicas, which follows the changes of its primary.
func openFollowing(t *testing.T, c store.Config) *replicated {
	t.Helper()
	log := invalidation.New(nil, slog.New(slog.DiscardHandler))
	c.ChangeLog, c.PublishChanges, c.MaxConns = log, log.Publish, 8
	r := &replicated{Store: open(t, c), log: log, db: testdb.OpenPool(t, c.URL), primary: c.URL}
	var polling sync.WaitGroup
	ctx, stop := context.WithCancel(context.Background())
	polling.Go(func() { log.PollDatabase(ctx, r.Store) })
	t.Cleanup(func() { stop(); polling.Wait() })
	return r
}

// awaitReplica waits until the replica serves a read.
func (r *replicated) awaitReplica(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; {
		before := r.Replicas()[0].Stats().Reads
		if r.readName(t); r.Replicas()[0].Stats().Reads > before {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the replica serves no reads: %+v", r.Replicas()[0].Stats())
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// readName reads the name of the user 1 in an operation of its own.
func (r *replicated) readName(t *testing.T) (name string) {
	t.Helper()
	err := r.AtCurrentPosition().RunQueries(t.Context(), store.UsersByID([]int64{1}, edu.UserName, func(u *edu.User) { name += u.Name }))
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// rename writes a name, which it publishes.
func (r *replicated) rename(t *testing.T, name string) {
	t.Helper()
	err := r.WriteInTx(t.Context(), func(tx *store.Tx) error {
		return tx.Commit(t.Context(), store.Statement("UPDATE users SET name = $1 WHERE id = 1", name))
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestReplica(t *testing.T) {
	t.Parallel()
	r := openReplicated(t, store.Config{ReplicaMaxLag: 2 * time.Second})
	t.Run("states", func(t *testing.T) { testReplicaStates(t, r) })
	t.Run("one operation", func(t *testing.T) { testReplicaOfOneOperation(t, r) })
	t.Run("slow reads", func(t *testing.T) { testSlowReads(t, r) })
	t.Run("two", func(t *testing.T) { testTwoReplicas(t, r) })
}

// testTwoReplicas checks that two replicas share the reads, and that one serves them all while the other is away.
func testTwoReplicas(t *testing.T, one *replicated) {
	second := standby.Start(t, one.primary)
	r := openFollowing(t, store.Config{URL: one.primary, ReplicaURLs: []string{one.replica.DSN, second.DSN}})
	readUntil := func(description string, holds func(before, after []store.ReplicaStats) bool) {
		t.Helper()
		for deadline := time.Now().Add(20 * time.Second); ; {
			before := r.replicaStats()
			for i := range 20 {
				name := strconv.Itoa(i)
				r.rename(t, name)
				if got := r.readName(t); got != name {
					t.Fatalf("read %q after the write of %q", got, name)
				}
			}
			if after := r.replicaStats(); holds(before, after) {
				return
			} else if time.Now().After(deadline) {
				t.Fatalf("%s: from %+v to %+v", description, before, after)
			}
		}
	}
	readUntil("both serve reads", func(before, after []store.ReplicaStats) bool {
		return after[0].Reads-before[0].Reads >= 5 && after[1].Reads-before[1].Reads >= 5
	})
	second.Kill(t)
	readUntil("the first serves all reads", func(before, after []store.ReplicaStats) bool {
		return after[0].Reads-before[0].Reads == 20
	})
	second.Restart(t)
	readUntil("both serve reads again", func(before, after []store.ReplicaStats) bool {
		return after[0].Reads-before[0].Reads >= 5 && after[1].Reads-before[1].Reads >= 5
	})
}

func (r *replicated) replicaStats() (all []store.ReplicaStats) {
	for _, x := range r.Replicas() {
		all = append(all, x.Stats())
	}
	return all
}

// testReplicaStates writes and reads while the replica is paused, stopped, killed and promoted. Each read has
// the last write, and none fails or waits for long.
func testReplicaStates(t *testing.T, r *replicated) {
	x := r.Replicas()[0]
	writes := 0
	const limit = 5 * time.Second // 300 ms on a quiet machine; a replica that hangs would cost 10 s without the deadline of its reads
	pairs := func(n int) (slowest time.Duration) {
		t.Helper()
		for range n {
			writes++
			name := strconv.Itoa(writes)
			r.rename(t, name)
			began := time.Now()
			if got := r.readName(t); got != name {
				t.Fatalf("read %q after the write of %q", got, name)
			}
			slowest = max(slowest, time.Since(began))
		}
		if slowest > limit {
			t.Errorf("the slowest read took %s, want at most %s", slowest, limit)
		}
		return slowest
	}
	before, fallbacks := x.Stats(), r.PrimaryReads()
	pairs(200)
	if served := x.Stats().Reads - before.Reads; served < 100 {
		t.Errorf("the replica served %d of 200 reads, and the primary %d", served, r.PrimaryReads()-fallbacks)
	}
	for _, state := range []struct {
		name       string
		begin, end func(testing.TB)
		cause      string // in the end
	}{
		{"paused", r.replica.Pause, r.replica.Resume, "lags"},
		{"stopped", r.replica.Hang, r.replica.Resume, "does not respond"},
		{"killed", r.replica.Kill, r.replica.Restart, "unreachable"},
		{"promoted", r.replica.Promote, r.replica.Rebuild, "not a standby"},
	} {
		began := time.Now()
		state.begin(t)
		pairs(30)
		for deadline := time.Now().Add(10 * time.Second); causeOf(x) != state.cause; {
			if time.Now().After(deadline) {
				t.Fatalf("%s: the cause is %q, want %q: %v", state.name, causeOf(x), state.cause, x.Stats().Cause)
			}
			time.Sleep(5 * time.Millisecond)
		}
		if slowest := pairs(30); slowest > 0 {
			t.Logf("%s: the slowest of 30 reads took %s", state.name, slowest)
		}
		if lag := x.Stats().Lag; state.cause == "lags" && lag <= 2*time.Second {
			t.Errorf("%s: the lag is %s", state.name, lag)
		}
		state.end(t)
		r.awaitReplica(t)
		pairs(10)
		t.Logf("%s: %s in all", state.name, time.Since(began).Round(time.Millisecond))
	}
}

// causeOf returns why a replica serves no reads, "" if it does.
func causeOf(x *store.Replica) string {
	if cause := x.Stats().Cause; cause != nil {
		return store.ReplicaCause(cause)
	}
	return ""
}

// A replica that cannot confirm the changes of the primary serves no reads: one of another database, one whose
// role is unknown, and the primary itself.
func TestReplicaThatIsNone(t *testing.T) {
	t.Parallel()
	dsn, other := testdb.Direct(t, testdb.New(t)), testdb.Direct(t, testdb.New(t))
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	log := invalidation.New(nil, slog.New(slog.DiscardHandler))
	unknownRole := fmt.Sprintf("host=%s port=%d user=stranger dbname=%s", config.Host, config.Port, config.Database)
	s := open(t, store.Config{URL: dsn, ReplicaURLs: []string{other, unknownRole, dsn}, ChangeLog: log, PublishChanges: log.Publish, MaxConns: 2})
	ctx, stop := context.WithCancel(context.Background())
	var polling sync.WaitGroup
	polling.Go(func() { log.PollDatabase(ctx, s) })
	t.Cleanup(func() { stop(); polling.Wait() })
	exec(t, testdb.OpenPool(t, dsn), "INSERT INTO users (name, email) VALUES ('primary', 'a@b.example')")
	for i, want := range []string{"another database", "credentials rejected", "not a standby"} {
		for deadline := time.Now().Add(10 * time.Second); causeOf(s.Replicas()[i]) != want; {
			if time.Now().After(deadline) {
				t.Fatalf("%s: the cause is %q, want %q: %v", s.Replicas()[i].Name(), causeOf(s.Replicas()[i]), want, s.Replicas()[i].Stats().Cause)
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
	if err := log.AwaitLease(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		var found string
		if err := s.AtCurrentPosition().RunQueries(t.Context(), store.UsersByID([]int64{1}, edu.UserName, func(u *edu.User) { found = u.Name })); err != nil || found != "primary" {
			t.Errorf("read %q: %v", found, err)
		}
	}
	if n := s.ReplicaFallbacks(store.FallbackUnavailable); n != 5 || s.PrimaryReads() != 5 {
		t.Errorf("%d reads fell back, %d ran on the primary; want 5", n, s.PrimaryReads())
	}
}

// testReplicaOfOneOperation checks that the reads of one operation do not return to a replica that failed one of
// them, and that reads after a write run on the primary.
func testReplicaOfOneOperation(t *testing.T, r *replicated) {
	x := r.Replicas()[0]
	r.rename(t, "0")
	r.awaitReplica(t)
	read := func(s *store.Store, want string) {
		t.Helper()
		var found string
		if err := s.RunQueries(t.Context(), store.UsersByID([]int64{1}, edu.UserName, func(u *edu.User) { found += u.Name })); err != nil || found != want {
			t.Errorf("read %q, want %q: %v", found, want, err)
		}
	}
	count := func(do func()) (onPrimary, onReplica uint64) {
		onPrimary, onReplica = r.PrimaryReads(), x.Stats().Reads
		do()
		return r.PrimaryReads() - onPrimary, x.Stats().Reads - onReplica
	}
	operation := r.AtCurrentPosition()
	if onPrimary, onReplica := count(func() { read(operation, "0"); read(operation, "0"); read(operation.OnPrimary(), "0") }); onPrimary != 1 || onReplica != 2 {
		t.Errorf("%d reads on the primary, %d on the replica; want 1 and 2", onPrimary, onReplica)
	}
	r.replica.Kill(t)
	read(operation, "0")
	r.replica.Restart(t)
	r.awaitReplica(t)
	if onPrimary, onReplica := count(func() { read(operation, "0") }); onPrimary != 1 || onReplica != 0 {
		t.Errorf("after a failure: %d reads on the primary, %d on the replica; want 1 and 0", onPrimary, onReplica)
	}
	// The row of a change that the replica has not confirmed is deleted: a marker replaces it.
	r.replica.Pause(t)
	r.rename(t, "1")
	exec(t, r.db, "DELETE FROM changes")
	r.replica.Resume(t)
	read(r.AtCurrentPosition(), "1")
	r.awaitReplica(t)
	read(r.AtCurrentPosition(), "1")
}

// Rows that were copied before they are scanned are equal to the rows of the primary.
func TestBufferedRows(t *testing.T) {
	t.Parallel()
	s, db := setup(t, testdb.NewWithDemo(t))
	exec(t, db, "SELECT refresh_related(ARRAY[24::bigint])")
	for name, query := range knownQueries {
		var direct, buffered queryResult
		if err := s.RunQueries(t.Context(), query(&direct)); err != nil {
			t.Fatal(err)
		}
		if err := s.RunBuffered(t.Context(), query(&buffered)); err != nil || direct.rows != buffered.rows {
			t.Errorf("%s: %d rows, want %d: %v", name, buffered.rows, direct.rows, err)
		}
		if direct.found != nil && direct.found() != buffered.found() {
			t.Errorf("%s: another value", name)
		}
	}
	var direct, buffered []*edu.Course
	collect := func(into *[]*edu.Course) store.Query {
		return store.Courses(edu.CourseConditions{}, edu.NewestCourses, edu.PageArgs{Limit: 100}, func(c *edu.Course) { *into = append(*into, c) })
	}
	if err := s.RunQueries(t.Context(), collect(&direct)); err != nil || len(direct) < 20 {
		t.Fatalf("%d courses: %v", len(direct), err)
	}
	if err := s.RunBuffered(t.Context(), collect(&buffered)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(direct, buffered); diff != "" {
		t.Errorf("(-direct +buffered):\n%s", diff)
	}
}

// BenchmarkFence measures what the fence adds to a read of one row, on one server.
func BenchmarkFence(b *testing.B) {
	s, err := store.Open(b.Context(), store.Config{URL: testdb.NewWithDemo(b), MaxConns: 2})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(s.Close)
	query := func() store.Query { return store.UsersByID([]int64{1}, edu.UserName, func(*edu.User) {}) }
	for name, read := range map[string]func() error{
		"without":  func() error { return s.RunQueries(b.Context(), query()) },
		"buffered": func() error { return s.RunBuffered(b.Context(), query()) },
		"fenced_0": func() error { return s.RunBuffered(b.Context(), store.Fence(0), query()) },
		"fenced_8": func() error { return s.RunBuffered(b.Context(), store.Fence(8), query()) },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if err := read(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
