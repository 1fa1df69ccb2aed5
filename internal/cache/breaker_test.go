package cache

import (
	"math"
	"testing"
	"testing/synctest"
	"time"
)

func TestBreaker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := breaker{cooldown: time.Second}
		b.lastFailure.Store(math.MinInt64) // the clock of a test is before processStart
		fail := func(n int) (opened int) {
			for range n {
				if b.recordFailure(sinceStart()) {
					opened++
				}
			}
			return opened
		}
		if fail(failuresToOpen-1) != 0 || b.recordSuccess() || fail(failuresToOpen-1) != 0 || !b.allowCall() {
			t.Fatal("failures before a success still count")
		}
		if fail(3) != 1 || b.allowCall() || !b.isOpen() {
			t.Fatal("consecutive failures must open the breaker, once")
		}
		time.Sleep(time.Second)
		if !b.allowCall() || b.allowCall() {
			t.Fatal("after the cooldown exactly one call must be admitted")
		}
		if b.recordFailure(sinceStart()) || b.allowCall() {
			t.Fatal("after a failed call the breaker must stay open")
		}
		time.Sleep(time.Second)
		b.allowCall() // this call never reports a result
		time.Sleep(time.Second)
		if !b.allowCall() || !b.recordSuccess() || b.isOpen() || !b.allowCall() || !b.allowCall() {
			t.Fatal("after a successful call the breaker must be closed")
		}
	})
}

// TestBreakerCountsRounds checks that calls which fail together count as one failure: calls that began
// before the last failure was counted.
func TestBreakerCountsRounds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := breaker{cooldown: time.Second}
		b.lastFailure.Store(math.MinInt64) // the clock of a test is before processStart
		for round := range failuresToOpen {
			began := sinceStart()
			time.Sleep(time.Millisecond)
			for call := range 100 {
				if opened := b.recordFailure(began); opened != (round == failuresToOpen-1 && call == 0) {
					t.Fatalf("round %d, call %d: opened is %v", round, call, opened)
				}
			}
		}
	})
}
