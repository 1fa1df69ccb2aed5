package memory_test

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql/memory"
)

const (
	mib      = 1 << 20
	capacity = 128 * mib
)

// fill reserves memory for a caller until the pool rejects more, and returns what its meters hold.
func fill(t *testing.T, p *memory.Pool, caller string) (held int64) {
	t.Helper()
	before := p.Stats().Used
	m := p.NewMeter(caller, capacity)
	if err := m.Begin(t.Context(), func() {}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Release)
	for m.Reserve(memory.MinReservation) {
	}
	if !errors.Is(m.Err(), edu.Unavailable) {
		t.Errorf("rejected with %v", m.Err())
	}
	return p.Stats().Used - before
}

// TestPoolShares checks that a single caller gets a fifth of the pool, and that ten greedy callers leave
// a quarter for others.
func TestPoolShares(t *testing.T) {
	t.Parallel()
	p := memory.NewPool(capacity)
	if held := fill(t, p, "first"); held > capacity/4 || held < capacity/5 {
		t.Errorf("a single caller holds %d bytes", held)
	}
	for i := range 9 {
		fill(t, p, strconv.Itoa(i))
	}
	free := capacity - p.Stats().Used
	if free < capacity/4 {
		t.Errorf("ten callers leave %d bytes", free)
	}
	if held := fill(t, p, "newcomer"); held < capacity/50-mib/4 {
		t.Errorf("a newcomer gets %d bytes of %d", held, free)
	}
}

// TestSmallResponses checks that a request is admitted however much others hold.
func TestSmallResponses(t *testing.T) {
	t.Parallel()
	p := memory.NewPool(mib)
	for i := range 100 {
		m := p.NewMeter(strconv.Itoa(i), mib)
		if err := m.Begin(t.Context(), func() {}); err != nil || !m.Reserve(memory.MinReservation) {
			t.Fatalf("request %d: %v, %v", i, err, m.Err())
		}
		defer m.Release()
	}
	if s := p.Stats(); s.Used != 100*memory.MinReservation || s.Waits != 0 {
		t.Errorf("%+v", s)
	}
}

// TestPoolWait checks that a new request of a caller with a full share waits for its earlier ones, for a
// second at most.
func TestPoolWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := memory.NewPool(capacity)
		first := p.NewMeter("a", capacity)
		if err := first.Begin(t.Context(), func() {}); err != nil || !first.Reserve(capacity/5) {
			t.Fatal(err, first.Err())
		}
		prepared := 0
		begin := func(ctx context.Context) error {
			m := p.NewMeter("a", capacity)
			defer m.Release()
			return m.Begin(ctx, func() { prepared++ })
		}
		start := time.Now()
		if err := begin(t.Context()); err != nil || time.Since(start) != time.Second {
			t.Errorf("a small response: %v after %s", err, time.Since(start))
		}
		large := p.NewMeter("a", capacity)
		defer large.Release()
		if err := large.Begin(t.Context(), func() {}); err != nil || large.Reserve(capacity/5) || !errors.Is(large.Err(), edu.Unavailable) {
			t.Errorf("a large response: %v, %v", err, large.Err())
		}
		large.Release()
		cancelled, cancel := context.WithCancel(t.Context())
		cancel()
		if err := begin(cancelled); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
		start = time.Now()
		time.AfterFunc(time.Second/2, first.Release)
		if err := begin(t.Context()); err != nil || time.Since(start) != time.Second/2 {
			t.Errorf("%v after %s", err, time.Since(start))
		}
		if s := p.Stats(); s.Used != 0 || s.Callers != 0 || s.Waits != 4 || s.Rejected != 2 || prepared != 3 {
			t.Errorf("%+v, prepared %d waits", s, prepared)
		}
	})
}

// TestPoolIsEmptyInTheEnd checks that nothing stays reserved after concurrent requests that succeed,
// fail, wait and are cancelled.
func TestPoolIsEmptyInTheEnd(t *testing.T) {
	t.Parallel()
	p := memory.NewPool(4 * mib)
	var done sync.WaitGroup
	for i := range 200 {
		done.Go(func() {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			m := p.NewMeter(strconv.Itoa(i%7), mib)
			defer m.Release()
			if i%3 == 0 {
				cancel()
			}
			if m.Begin(ctx, func() {}) != nil {
				return
			}
			_ = m.CountRows(i, 1000*i)
			if m.Reserve(i << 10) {
				m.Unreserve(i << 10)
			}
			m.CountResponse(2000*i, 0)
			_ = m.EndOperation(1000 * i)
			m.Reserve(1000 * i)
		})
	}
	done.Wait()
	if s := p.Stats(); s.Used != 0 || s.Callers != 0 {
		t.Errorf("%+v", s)
	}
}
