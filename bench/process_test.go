package main

import (
	"os"
	"strconv"
	"testing"
	"time"
)

// The CPU time that this process burns must show in its own and in its parent's.
func TestProcessFigures(t *testing.T) {
	t.Parallel()
	self, parent := strconv.Itoa(os.Getpid()), strconv.Itoa(os.Getppid())
	before, err := readProcessStat(self)
	if err != nil {
		t.Fatal(err)
	}
	family, err := readTreeCPUTime(parent)
	if err != nil {
		t.Fatal(err)
	}
	const burn = 100 * time.Millisecond
	own := before
	for own.ownCPU-before.ownCPU < burn {
		if own, err = readProcessStat(self); err != nil {
			t.Fatal(err)
		}
	}
	familyAfter, err := readTreeCPUTime(parent)
	if err != nil {
		t.Fatal(err)
	}
	// Each process is counted in whole ticks.
	const tick = 10 * time.Millisecond
	if own.parent != parent || familyAfter-family < burn-2*tick {
		t.Errorf("the parent is %s, not %s; its family used %s, not %s at least", own.parent, parent, familyAfter-family, burn)
	}
}
