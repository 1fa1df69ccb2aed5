package cache

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestBreaker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := breaker{cooldown: time.Second}
		fail := func(n int) (opened int) {
			for range n {
				if b.recordFailure() {
					opened++
				}
			}
			return opened
		}
		if fail(failuresToOpen-1) != 0 || b.recordSuccess() || fail(failuresToOpen-1) != 0 || !b.allowCall() {
			t.Fatal("failures count although a success came between")
		}
		if fail(3) != 1 || b.allowCall() || !b.isOpen() {
			t.Fatal("failures in a row must open it, once")
		}
		time.Sleep(time.Second)
		if !b.allowCall() || b.allowCall() {
			t.Fatal("after the pause one call must go through, and only one")
		}
		if b.recordFailure() || b.allowCall() {
			t.Fatal("the call failed: it must stay open")
		}
		time.Sleep(time.Second)
		b.allowCall() // and never reports
		time.Sleep(time.Second)
		if !b.allowCall() || !b.recordSuccess() || b.isOpen() || !b.allowCall() || !b.allowCall() {
			t.Fatal("the call succeeded: it must be closed")
		}
	})
}
