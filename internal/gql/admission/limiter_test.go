package admission_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/7p-education/api/internal/gql/admission"
)

// database is a simulated pool of connections.
type database struct {
	connections chan struct{}
	work        time.Duration // of a query
}

func newDatabase(connections int, work time.Duration) *database {
	return &database{make(chan struct{}, connections), work}
}

// runQuery occupies a connection, and returns how long it waited for it.
func (d *database) runQuery() (wait time.Duration) {
	start := time.Now()
	d.connections <- struct{}{}
	wait = time.Since(start)
	time.Sleep(d.work)
	<-d.connections
	return wait
}

// loadResult is what the clients of a load received.
type loadResult struct {
	latencies []time.Duration // of successful queries, in ascending order
	rejected  int
	limits    []int // every 100 ms
}

func (r *loadResult) percentile(p float64) time.Duration {
	return r.latencies[int(p*float64(len(r.latencies)-1))]
}

// applyLoad sends queries at a rate, at random times, for a simulated duration.
func applyLoad(ctx context.Context, l *admission.Limiter, d *database, perSecond float64, duration time.Duration) *loadResult {
	r, random := &loadResult{}, rand.New(rand.NewPCG(1, 2))
	var mu sync.Mutex
	var queries sync.WaitGroup
	start := time.Now()
	for time.Since(start) < duration {
		time.Sleep(time.Duration(random.ExpFloat64() / perSecond * float64(time.Second)))
		if int(time.Since(start)/(100*time.Millisecond)) > len(r.limits) {
			r.limits = append(r.limits, l.Stats().Limit)
		}
		queries.Go(func() {
			arrival := time.Now()
			slot, err := l.Acquire(ctx, admission.Anonymous)
			if err == nil {
				slot.Release(d.runQuery())
			}
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				r.rejected++
			} else {
				r.latencies = append(r.latencies, time.Since(arrival))
			}
		})
	}
	queries.Wait()
	slices.Sort(r.latencies)
	return r
}

// TestLimitConverges checks, for pools of several sizes, that no query is rejected below the capacity, and that above it
// the limit falls to little more than the pool, which then has all it can do.
func TestLimitConverges(t *testing.T) {
	t.Parallel()
	for _, connections := range []int{4, 16} {
		synctest.Test(t, func(t *testing.T) {
			const work = 20 * time.Millisecond
			d := newDatabase(connections, work)
			capacity := float64(connections) / work.Seconds()
			newLimiter := func() *admission.Limiter {
				return admission.New(admission.Options{Min: connections / 2, Max: 16 * connections})
			}
			below := applyLoad(t.Context(), newLimiter(), d, 0.6*capacity, 2*time.Second)
			if below.rejected > 0 {
				t.Errorf("%d connections: %d queries rejected at 60 %% of the capacity", connections, below.rejected)
			}
			const duration = 3 * time.Second
			above := applyLoad(t.Context(), newLimiter(), d, 3*capacity, duration)
			goodput := float64(len(above.latencies)) / duration.Seconds()
			if goodput < 0.95*capacity {
				t.Errorf("%d connections: %.0f queries a second at 3 times the capacity of %.0f", connections, goodput, capacity)
			}
			last := above.limits[len(above.limits)-1]
			if last < connections || last > 2*connections {
				t.Errorf("%d connections: the limits are %v", connections, above.limits)
			}
			if p50 := above.percentile(0.5); p50 > 4*work {
				t.Errorf("%d connections: successful queries take %v at 3 times the capacity", connections, p50)
			}
			t.Logf("%d connections: limit %d, p50 %v, p99 %v; below the capacity p99 %v", connections, last, above.percentile(0.5), above.percentile(0.99), below.percentile(0.99))
		})
	}
}

// TestLimitFollowsPool checks that the limit grows again when the pool does.
func TestLimitFollowsPool(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := admission.New(admission.Options{Min: 2, Max: 100})
		small := applyLoad(t.Context(), l, newDatabase(4, 20*time.Millisecond), 600, 3*time.Second)
		large := applyLoad(t.Context(), l, newDatabase(32, 20*time.Millisecond), 1400, 3*time.Second)
		from, to := small.limits[len(small.limits)-1], large.limits[len(large.limits)-1]
		if from > 8 || to < 32 {
			t.Errorf("the limit is %d with 4 connections, and then %d with 32", from, to)
		}
	})
}

// acquire returns a function that acquires a slot in the background and sends its priority when it has it.
func acquire(ctx context.Context, l *admission.Limiter, granted chan<- admission.Priority, rejected chan<- admission.Priority) func(admission.Priority) {
	return func(p admission.Priority) {
		go func() {
			slot, err := l.Acquire(ctx, p)
			if err != nil {
				rejected <- p
				return
			}
			granted <- p
			slot.Release(0)
		}()
		synctest.Wait()
	}
}

// TestPriorities checks that slots go to the highest priority first, and within one in the order of arrival.
func TestPriorities(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := admission.New(admission.Options{Limit: 1})
		slot, err := l.Acquire(t.Context(), admission.Expensive)
		if err != nil {
			t.Fatal(err)
		}
		granted, rejected := make(chan admission.Priority, 10), make(chan admission.Priority, 10)
		start := acquire(t.Context(), l, granted, rejected)
		for _, p := range slices.Backward(admission.Priorities[:]) {
			start(p)
		}
		slot.Release(0)
		for _, want := range admission.Priorities {
			if got := <-granted; got != want {
				t.Errorf("%v is served before %v", got, want)
			}
		}
		synctest.Wait()
		if s := l.Stats(); s.InProgress != 0 || s.Queued != 0 {
			t.Errorf("%+v", s)
		}
	})
}

// TestWritesOccupySlots checks that writes occupy slots without a wait, all but one, and that queries get the slots as soon
// as the writes end.
func TestWritesOccupySlots(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := admission.New(admission.Options{Limit: 4})
		var slots []*admission.Slot
		var queries sync.WaitGroup
		start := func(n int) {
			for range n {
				queries.Go(func() {
					slot, err := l.Acquire(t.Context(), admission.Anonymous)
					if err != nil {
						t.Error(err)
						return
					}
					slots = append(slots, slot) // one at a time: the others are blocked, or have ended
				})
				synctest.Wait()
			}
		}
		expect := func(event string, inProgress, queued int) {
			t.Helper()
			synctest.Wait()
			if s := l.Stats(); s.InProgress != inProgress || s.Queued != queued {
				t.Errorf("%s: %d queries in progress and %d queued, not %d and %d", event, s.InProgress, s.Queued, inProgress, queued)
			}
		}
		l.AddWrites(3)
		start(3)
		expect("3 writes", 1, 2)
		l.AddWrites(5)
		slots[0].Release(0)
		expect("8 writes", 1, 1)
		l.AddWrites(-6)
		expect("2 writes", 2, 0)
		l.AddWrites(-2)
		start(2)
		expect("no write", 4, 0)
		for _, s := range slots[1:] {
			s.Release(0)
		}
		queries.Wait()
	})
}

// TestFullQueue checks that a full queue rejects the lowest priority, and the newcomer only if it has none below.
func TestFullQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := admission.New(admission.Options{Limit: 1})
		slot, err := l.Acquire(t.Context(), admission.Trusted)
		if err != nil {
			t.Fatal(err)
		}
		granted, rejected := make(chan admission.Priority, 1100), make(chan admission.Priority, 1100)
		start := acquire(t.Context(), l, granted, rejected)
		for range 1000 {
			start(admission.Anonymous)
		}
		start(admission.Anonymous)
		start(admission.Expensive)
		start(admission.SignedIn)
		for _, want := range []admission.Priority{admission.Anonymous, admission.Expensive, admission.Anonymous} {
			if got := <-rejected; got != want {
				t.Errorf("%v is rejected, not %v", got, want)
			}
		}
		slot.Release(0)
		if got := <-granted; got != admission.SignedIn {
			t.Errorf("%v is served first", got)
		}
		if got, want := l.Stats().Rejected, [4]uint64{0, 0, 2, 1}; got != want {
			t.Errorf("rejected %v, not %v", got, want)
		}
	})
}

// TestBurstWaits checks how long each priority waits in a burst.
func TestBurstWaits(t *testing.T) {
	t.Parallel()
	for p, want := range map[admission.Priority]time.Duration{
		admission.Trusted: 500 * time.Millisecond, admission.SignedIn: 500 * time.Millisecond, admission.Anonymous: 150 * time.Millisecond, admission.Expensive: 100 * time.Millisecond,
	} {
		synctest.Test(t, func(t *testing.T) {
			l := admission.New(admission.Options{Limit: 1})
			slot, err := l.Acquire(t.Context(), p)
			if err != nil {
				t.Fatal(err)
			}
			defer slot.Release(0)
			start := time.Now()
			if _, err := l.Acquire(t.Context(), p); !errors.Is(err, admission.ErrOverloaded) || time.Since(start) != want {
				t.Errorf("%s: %v after %v, want %v", p, err, time.Since(start), want)
			}
		})
	}
}

// TestBoundedWait checks that a burst of signed-in viewers waits for half a second, and that queries which arrive while the
// queue does not become empty wait for the mean time of a query.
func TestBoundedWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := admission.New(admission.Options{Limit: 1})
		for range 20 { // of 30 ms each
			slot, err := l.Acquire(t.Context(), admission.SignedIn)
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(30 * time.Millisecond)
			slot.Release(0)
		}
		slot, err := l.Acquire(t.Context(), admission.SignedIn)
		if err != nil {
			t.Fatal(err)
		}
		defer slot.Release(0)
		wait := func() time.Duration {
			start := time.Now()
			if _, err := l.Acquire(t.Context(), admission.SignedIn); !errors.Is(err, admission.ErrOverloaded) {
				t.Error(err)
			}
			return time.Since(start)
		}
		go func() { // the first of a burst
			if got := wait(); got != 500*time.Millisecond {
				t.Errorf("the burst waits for %v", got)
			}
		}()
		time.Sleep(300 * time.Millisecond)
		if got := wait(); got != 30*time.Millisecond {
			t.Errorf("in overload a query waits for %v", got)
		}
		if err := l.RejectIfOverloaded(admission.Expensive); !errors.Is(err, admission.ErrOverloaded) || l.Stats().Rejected[admission.Expensive] != 1 {
			t.Errorf("in overload an expensive query: %v", err)
		}
		time.Sleep(300 * time.Millisecond) // until the first has left
		if got := wait(); got != 30*time.Millisecond {
			t.Errorf("soon after an overload a query waits for %v", got)
		}
		time.Sleep(time.Second)
		if err := l.RejectIfOverloaded(admission.Expensive); err != nil {
			t.Errorf("later an expensive query: %v", err)
		}
		if got := wait(); got != 500*time.Millisecond {
			t.Errorf("later a query waits for %v", got)
		}
	})
}

// TestNoSlotIsLost checks that slots of queries whose clients leave at any moment are free again.
func TestNoSlotIsLost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const limit = 3
		l, random := admission.New(admission.Options{Limit: limit}), rand.New(rand.NewPCG(3, 4))
		var queries sync.WaitGroup
		for range 2000 {
			patience, work := time.Duration(random.IntN(20))*time.Millisecond, time.Duration(random.IntN(10))*time.Millisecond
			priority := admission.Priority(random.IntN(len(admission.Priorities)))
			time.Sleep(time.Millisecond)
			queries.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				defer cancel()
				slot, err := l.Acquire(ctx, priority)
				if err != nil {
					return
				}
				defer slot.Release(0)
				if n := l.Stats().InProgress; n > limit {
					t.Errorf("%d queries in progress", n)
				}
				time.Sleep(work)
			})
		}
		queries.Wait()
		if s := l.Stats(); s.InProgress != 0 || s.Queued != 0 {
			t.Errorf("%+v", s)
		}
		for range limit {
			if _, err := l.Acquire(t.Context(), admission.Trusted); err != nil {
				t.Error(err)
			}
		}
	})
}
