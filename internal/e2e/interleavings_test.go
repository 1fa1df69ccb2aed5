package e2e

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/7p-education/api/internal/cache/redistest"
	"github.com/7p-education/api/internal/testdb"
)

const (
	// interleavings is how many writes TestInterleavings watches; INTERLEAVINGS replaces it. With 10,000 it takes
	// minutes: `make interleavings`.
	interleavings = 100
	// fewInterleavers is how many of them are in progress at a time beside other tests, interleavers with INTERLEAVINGS.
	// Each has a course of its own.
	fewInterleavers, interleavers = 4, 12
	// eventPatience is how long an event may take on a stream that stays open, also while Redis restarts.
	eventPatience = 8 * time.Second
	// calm is the time between outages, after which all streams are executed again: so an event that is lost is noticed.
	calm = eventPatience + 2*time.Second
)

// interleaver writes the title of a course and watches it, in any order. Nothing else writes it, so it knows
// what the first event after a write has to show.
type interleaver struct {
	course  int64
	db      *pgxpool.Pool
	base    func() string // of one of the servers
	written int           // the number in the title that was committed last
	last    streamEvent   // that was received last, over all connections

	lost, doubled, stale int
	failure              error // of a write
}

func (i *interleaver) title(n int) string { return fmt.Sprintf("Title %d of %d.", n, i.course) }

// write commits the next title, and returns once that is acknowledged.
func (i *interleaver) write(ctx context.Context) error {
	n := i.written + 1
	_, err := i.db.Exec(ctx, "UPDATE courses SET title = $2 WHERE id = $1", i.course, i.title(n))
	if err == nil {
		i.written = n
	}
	return err
}

// errDone ends a stream whose client has what it needs.
var errDone = errors.New("done")

// watch opens a stream after the event that was received last. It returns once the stream shows what was written, or
// after the context is done. While it is open, it may write.
func (i *interleaver) watch(ctx context.Context, writesMeanwhile int) error {
	query := `subscription { courseUpdated(id: "` + globalID(i.course) + `") { title } }`
	if i.course%2 == 0 {
		query = `query Q @live { course(id: "` + globalID(i.course) + `") { title slug } }`
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	acknowledged, resumed, first := i.written, i.last, true
	err := streamRequest{i.base(), query, resumed.id, nil}.read(ctx, func(e streamEvent) {
		if e.name != "next" || e.id == "" { // an error of a server without its database
			cancel(errors.New("no event"))
			return
		}
		n := i.numberOf(e)
		if first && n < acknowledged {
			i.stale++
		}
		if e.data == i.last.data {
			i.doubled++
		}
		first, i.last = false, e
		if n < i.written {
			return // a later event follows
		}
		if writesMeanwhile == 0 {
			cancel(errDone)
			return
		}
		writesMeanwhile--
		if err := i.write(ctx); err != nil {
			cancel(err)
		}
	})
	if errors.Is(context.Cause(ctx), errDone) {
		return nil
	}
	return errors.Join(err, context.Cause(ctx))
}

func (i *interleaver) numberOf(e streamEvent) int {
	_, after, _ := strings.Cut(e.data, "Title ")
	number, _, _ := strings.Cut(after, " ")
	n, _ := strconv.Atoi(number)
	return n
}

// run writes and watches until enough is done.
func (i *interleaver) run(ctx context.Context, left *atomic.Int64) {
	for left.Add(-1) >= 0 && ctx.Err() == nil {
		if i.failure = i.write(ctx); i.failure != nil {
			left.Store(0)
			return
		}
		for i.numberOf(i.last) < i.written && ctx.Err() == nil {
			connection, cancel := context.WithTimeout(ctx, eventPatience)
			switch err := i.watch(connection, rand.IntN(3)); {
			case errors.Is(err, context.DeadlineExceeded): // the stream was open all the time
				i.lost++
			case err != nil:
				time.Sleep(rand.N(20 * time.Millisecond))
			}
			cancel()
		}
		if rand.IntN(4) == 0 && ctx.Err() == nil { // it has everything
			connection, cancel := context.WithTimeout(ctx, rand.N(200*time.Millisecond))
			_ = i.watch(connection, 0)
			cancel()
		}
	}
}

// Over two servers and one Redis, which are killed, paused and restarted in turn, a stream shows at once what was
// acknowledged before it was opened, and in the end everything, and no event twice.
func TestInterleavings(t *testing.T) {
	t.Parallel()
	wanted, atATime := int64(interleavings), fewInterleavers
	if text := os.Getenv("INTERLEAVINGS"); text != "" {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		wanted, atATime = n, interleavers
	}
	dsn, redis := testdb.NewWithDemo(t), redistest.StartServer(t)
	db := testdb.OpenPool(t, dsn)
	env := []string{"DATABASE_URL=" + dsn, "JWT_SECRET=" + secret, "REDIS_URL=" + redis.URL(), "MAX_STREAMS_PER_CALLER=1000", "LIVE_MIN_INTERVAL=1ms", "SHUTDOWN_TIMEOUT=2s"}
	var servers [2]atomic.Pointer[program]
	for i := range servers {
		servers[i].Store(serve7p(t, env...))
	}
	left := atomic.Int64{}
	left.Store(wanted)
	var running sync.WaitGroup
	all := make([]*interleaver, atATime)
	for i := range all {
		all[i] = &interleaver{course: int64(1 + i), db: db, base: func() string { return servers[rand.IntN(2)].Load().base }}
		running.Go(func() { all[i].run(t.Context(), &left) })
	}
	restart := func(i int, sig syscall.Signal) {
		servers[i].Load().signal(t, sig)
		servers[i].Store(serve7p(t, env...))
	}
	outages := 0
	for n := 0; left.Load() > 0; n++ {
		for _, event := range []func(){
			func() { restart(n%2, syscall.SIGKILL) }, redis.Kill, redis.Restart,
			func() { restart((n+1)%2, syscall.SIGTERM) }, redis.Pause, redis.Resume,
		} {
			event()
			outages++
			time.Sleep(500 * time.Millisecond)
		}
		for began := time.Now(); left.Load() > 0 && time.Since(began) < calm; {
			time.Sleep(10 * time.Millisecond)
		}
	}
	running.Wait()
	var lost, doubled, stale int
	for _, i := range all {
		lost, doubled, stale = lost+i.lost, doubled+i.doubled, stale+i.stale
		if i.failure != nil {
			t.Errorf("a write failed: %v", i.failure)
		}
	}
	t.Logf("%d writes, %d outages: %d lost, %d doubled, %d stale", wanted, outages, lost, doubled, stale)
	if lost+doubled+stale > 0 {
		t.Errorf("%d lost, %d doubled, %d stale", lost, doubled, stale)
	}
}
