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
		b := breaker{}
		b.lastFailure.Store(math.MinInt64) // the clock of a test is before processStart
		fail := func(n int) (open bool) {
			for range n {
				open = b.recordFailure(sinceStart())
			}
			return open
		}
		if fail(failuresToOpen - 1) {
			t.Fatal("too few failures open the breaker")
		}
		if b.recordSuccess(); fail(failuresToOpen-1) || b.isOpen() {
			t.Fatal("failures before a success still count")
		}
		if !fail(1) || !b.open() || b.open() || !b.isOpen() {
			t.Fatal("consecutive failures must open the breaker, once")
		}
		if b.recordSuccess(); !b.isOpen() {
			t.Fatal("a use that began earlier closed the breaker")
		}
		if !b.close() || b.close() || b.isOpen() || b.isSuspected() {
			t.Fatal("a check must close the breaker, once")
		}
	})
}

// TestBreakerCountsRounds checks that calls which fail together count as one failure: calls that began
// before the last failure was counted.
func TestBreakerCountsRounds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := breaker{}
		b.lastFailure.Store(math.MinInt64) // the clock of a test is before processStart
		for round := range failuresToOpen {
			began := sinceStart()
			time.Sleep(time.Millisecond)
			for call := range 100 {
				if opens := b.recordFailure(began); opens != (round == failuresToOpen-1 && call == 0) {
					t.Fatalf("round %d, call %d: opens is %v", round, call, opens)
				}
			}
		}
	})
}
