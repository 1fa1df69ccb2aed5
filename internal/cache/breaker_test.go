package cache

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestBreaker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := breaker{pause: time.Second}
		fail := func(n int) (opened int) {
			for range n {
				if b.fail() {
					opened++
				}
			}
			return opened
		}
		if fail(failuresToOpen-1) != 0 || b.succeed() || fail(failuresToOpen-1) != 0 || !b.allow() {
			t.Fatal("failures count although a success came between")
		}
		if fail(3) != 1 || b.allow() || !b.open() {
			t.Fatal("failures in a row must open it, once")
		}
		time.Sleep(time.Second)
		if !b.allow() || b.allow() {
			t.Fatal("after the pause one call must go through, and only one")
		}
		if b.fail() || b.allow() {
			t.Fatal("the call failed: it must stay open")
		}
		time.Sleep(time.Second)
		b.allow() // and never reports
		time.Sleep(time.Second)
		if !b.allow() || !b.succeed() || b.open() || !b.allow() || !b.allow() {
			t.Fatal("the call succeeded: it must be closed")
		}
	})
}
