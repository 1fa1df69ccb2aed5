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
			t.Fatal("failures before a success still count")
		}
		if fail(3) != 1 || b.allowCall() || !b.isOpen() {
			t.Fatal("consecutive failures must open the breaker, once")
		}
		time.Sleep(time.Second)
		if !b.allowCall() || b.allowCall() {
			t.Fatal("after the cooldown exactly one call must be admitted")
		}
		if b.recordFailure() || b.allowCall() {
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
