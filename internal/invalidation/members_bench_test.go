package invalidation

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/7p-education/api/internal/cache"
	"github.com/7p-education/api/internal/cache/redistest"
	"github.com/7p-education/api/store"
)

// openBenchLog opens a log of a database that responds at once. It has used its database and its epoch for long.
func openBenchLog(b testing.TB, url, prefix string) *Log {
	b.Helper()
	r, err := cache.OpenRedis(cache.RedisOptions{URL: url, Prefix: prefix, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = r.Close() })
	from := &replaceableSource{}
	from.replaceDatabase("1", "course:0", true)
	from.since = time.Now().Add(-time.Hour)
	l := New(r, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(b.Context())
	var polling sync.WaitGroup
	polling.Go(func() { l.PollDatabase(ctx, from) })
	b.Cleanup(func() { cancel(); polling.Wait() })
	if err := l.AwaitLease(b.Context()); err != nil {
		b.Fatal(err)
	}
	time.Sleep(writeWait) // until the epoch is old
	return l
}

// BenchmarkPositionOfHit measures what a hit does to know the position: under a read lease, and by a read of the log.
func BenchmarkPositionOfHit(b *testing.B) {
	url, prefix := redistest.NewKeyspace(b)
	l := openBenchLog(b, url, prefix)
	b.Run("lease", func(b *testing.B) {
		for b.Loop() {
			if _, ok := l.CurrentPosition(b.Context()); !ok {
				b.Fatal("the log is not available")
			}
		}
	})
	b.Run("read", func(b *testing.B) {
		for b.Loop() {
			if !l.holdsLease() || l.streamReads.awaitRun(b.Context()) != nil {
				b.Fatal("the log is not available")
			}
		}
	})
}

// BenchmarkCommandsOfHits counts the commands to Redis of a process that serves about a thousand hits a second while
// another publishes ten writes a second.
func BenchmarkCommandsOfHits(b *testing.B) {
	url, prefix := redistest.NewKeyspace(b)
	member, writer := openBenchLog(b, url, prefix), openBenchLog(b, url, prefix)
	var commands atomic.Int64
	member.redis.ObserveCommands(func(string, time.Duration) { commands.Add(1) })
	ctx, stop := context.WithCancel(b.Context())
	var writes sync.WaitGroup
	writes.Go(func() {
		for id := int64(10); sleep(ctx, 100*time.Millisecond) == nil; id++ {
			writer.Publish(ctx, []store.Change{{ID: id, Tags: []string{"course:1"}}})
		}
	})
	for b.Loop() {
		_, _ = member.CurrentPosition(ctx)
		time.Sleep(time.Millisecond)
	}
	b.ReportMetric(float64(commands.Load())/float64(b.N), "commands/op")
	stop()
	writes.Wait()
}

// memberOf is the environment variable with the address and the prefix of TestMemberProcess.
const memberOf = "MEMBER_OF"

// TestMemberProcess is the process of a member, which BenchmarkPublish starts and kills.
func TestMemberProcess(t *testing.T) {
	url, prefix, ok := strings.Cut(os.Getenv(memberOf), " ")
	if !ok {
		t.Skip("for BenchmarkPublish only")
	}
	l := openBenchLog(t, url, prefix)
	for {
		_, _ = l.CurrentPosition(t.Context())
		time.Sleep(time.Millisecond)
	}
}

// startMembers starts processes that serve hits, and returns once they are members.
func startMembers(b *testing.B, n int, writer *Log, url, prefix string) (members []*os.Process) {
	b.Helper()
	for range n {
		cmd := exec.Command(os.Args[0], "-test.run", "^TestMemberProcess$")
		cmd.Env = append(os.Environ(), memberOf+"="+url+" "+prefix)
		if err := cmd.Start(); err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
		members = append(members, cmd.Process)
	}
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		_ = writer.streamReads.awaitRun(b.Context()) // Redis may be late: then again
		if r := writer.stream.Load().roster.Load(); r != nil && len(r.members) >= n {
			return members
		}
		if time.Now().After(deadline) {
			b.Fatal("the processes are no members")
		}
	}
}

// BenchmarkPublish measures the publication of a write, without the database, while other processes serve hits. In
// two cases one of them is stopped or killed before the first write.
func BenchmarkPublish(b *testing.B) {
	for n := range 5 {
		b.Run(fmt.Sprintf("members=%d", n), func(b *testing.B) { benchmarkPublish(b, n, 0) })
	}
	b.Run("members=4/stopped", func(b *testing.B) { benchmarkPublish(b, 4, syscall.SIGSTOP) })
	b.Run("members=4/killed", func(b *testing.B) { benchmarkPublish(b, 4, syscall.SIGKILL) })
}

// benchmarkPublish measures writes after a member gets a signal; without one, it measures all writes.
func benchmarkPublish(b *testing.B, n int, signal syscall.Signal) {
	url, prefix := redistest.NewKeyspace(b)
	writer := openBenchLog(b, url, prefix)
	members := startMembers(b, n, writer, url, prefix)
	id := int64(10)
	publish := func() time.Duration {
		id++
		began := time.Now()
		writer.Publish(b.Context(), []store.Change{{ID: id, Tags: []string{"course:1"}}})
		return time.Since(began)
	}
	for range 10 {
		publish()
	}
	if signal != 0 {
		_ = members[0].Signal(signal)
	}
	var took []time.Duration
	for b.Loop() {
		took = append(took, publish())
	}
	first := took[0]
	slices.Sort(took)
	b.ReportMetric(float64(first.Microseconds()), "first-µs")
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}
