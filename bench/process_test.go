package main

import (
	"os"
	"testing"
	"time"
)

// The CPU time that this process uses counts for itself and for its parent's tree.
func TestCPUTime(t *testing.T) {
	t.Parallel()
	self, parent := os.Getpid(), os.Getppid()
	treeBefore, err := readTreeCPUTime(parent)
	if err != nil {
		t.Fatal(err)
	}
	before, err := readCPUTime(self)
	if err != nil {
		t.Fatal(err)
	}
	const minUse = 100 * time.Millisecond
	for after := before; after-before < minUse; {
		if after, err = readCPUTime(self); err != nil {
			t.Fatal(err)
		}
	}
	treeAfter, err := readTreeCPUTime(parent)
	if err != nil {
		t.Fatal(err)
	}
	if got := treeAfter - treeBefore; got < minUse-2*clockTick { // each process is counted in whole ticks
		t.Errorf("the tree of the parent used %s, want at least %s", got, minUse)
	}
}
