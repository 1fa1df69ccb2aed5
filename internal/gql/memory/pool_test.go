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

// anonymous returns a caller without an account.
func anonymous(address string) memory.Caller { return memory.Caller{ID: address, Address: address} }

// fill reserves memory for a caller until the pool rejects more, and returns what its meters hold.
func fill(t *testing.T, p *memory.Pool, caller memory.Caller) (held int64) {
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
	if held := fill(t, p, anonymous("first")); held > capacity/4 || held < capacity/5 {
		t.Errorf("a single caller holds %d bytes", held)
	}
	for i := range 9 {
		fill(t, p, anonymous(strconv.Itoa(i)))
	}
	free := capacity - p.Stats().Used
	if free < capacity/4 {
		t.Errorf("ten callers leave %d bytes", free)
	}
	if held := fill(t, p, anonymous("newcomer")); held < capacity/50-mib/4 {
		t.Errorf("a newcomer gets %d bytes of %d", held, free)
	}
}

// TestAddressShare checks that many accounts of one address together get a quarter of the pool, and that a
// caller of another address still gets a ninth.
func TestAddressShare(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // requests of a full address wait for a second
		p := memory.NewPool(capacity)
		for i := range 60 {
			fill(t, p, memory.Caller{ID: strconv.Itoa(i), Address: "one"})
		}
		// Besides its quarter, each account has what every request gets.
		if used := p.Stats().Used; used > capacity*27/100+60*memory.MinReservation || used < capacity/5 {
			t.Errorf("60 accounts of one address hold %d bytes", used)
		}
		if held := fill(t, p, anonymous("other")); held < capacity/9 {
			t.Errorf("another address gets %d bytes", held)
		}
	})
}

// TestAddressWait checks that a new request waits for those of other accounts of its address, and that an
// account's wait ends with its own request at another address.
func TestAddressWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := memory.NewPool(capacity)
		hold := func(caller memory.Caller, n int) *memory.Meter {
			m := p.NewMeter(caller, capacity)
			if err := m.Begin(t.Context(), func() {}); err != nil || !m.Reserve(n) {
				t.Fatal(err, m.Err())
			}
			return m
		}
		for _, second := range []memory.Caller{{ID: "b", Address: "one"}, {ID: "a", Address: "two"}} {
			first := hold(memory.Caller{ID: "a", Address: "one"}, capacity/5)
			start := time.Now()
			time.AfterFunc(time.Second/2, first.Release)
			hold(second, 1).Release()
			if waited := time.Since(start); waited != time.Second/2 {
				t.Errorf("%+v waited for %s", second, waited)
			}
		}
		if s := p.Stats(); s.Used != 0 || s.Shares != 0 || s.Waits != 2 {
			t.Errorf("%+v", s)
		}
	})
}

// TestSmallResponses checks that a request is admitted however much others hold.
func TestSmallResponses(t *testing.T) {
	t.Parallel()
	p := memory.NewPool(mib)
	for i := range 100 {
		m := p.NewMeter(anonymous(strconv.Itoa(i)), mib)
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
		first := p.NewMeter(anonymous("a"), capacity)
		if err := first.Begin(t.Context(), func() {}); err != nil || !first.Reserve(capacity/5) {
			t.Fatal(err, first.Err())
		}
		prepared := 0
		begin := func(ctx context.Context) error {
			m := p.NewMeter(anonymous("a"), capacity)
			defer m.Release()
			return m.Begin(ctx, func() { prepared++ })
		}
		start := time.Now()
		if err := begin(t.Context()); err != nil || time.Since(start) != time.Second {
			t.Errorf("a small response: %v after %s", err, time.Since(start))
		}
		large := p.NewMeter(anonymous("a"), capacity)
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
		if s := p.Stats(); s.Used != 0 || s.Shares != 0 || s.Waits != 4 || s.Rejected != 2 || prepared != 3 {
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
			m := p.NewMeter(memory.Caller{ID: strconv.Itoa(i % 7), Address: strconv.Itoa(i % 3)}, mib)
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
	if s := p.Stats(); s.Used != 0 || s.Shares != 0 {
		t.Errorf("%+v", s)
	}
}
