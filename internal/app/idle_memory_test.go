package app

import (
	"runtime"
	"runtime/debug"
	"testing"
)

// Memory is released when little was allocated in a period, and only if there is enough of it.
func TestIdleMemory(t *testing.T) {
	t.Parallel()
	before := heap{allocated: 1 << 30, unused: 100 << 20}
	for now, want := range map[heap]bool{
		{1 << 30, 16<<20 + 1}:          true,
		{1<<30 + 4<<20, 100 << 20}:     true,
		{1 << 30, 16 << 20}:            false,
		{1<<30 + 4<<20 + 1, 100 << 20}: false,
		{1<<30 + 100<<20, 1000 << 20}:  false,
	} {
		if got := now.isIdleSince(before); got != want {
			t.Errorf("%+v: got %v", now, got)
		}
	}
}

// The figures count what was allocated, and what is held without being live.
func TestReadHeap(t *testing.T) {
	before := readHeap()
	block := make([]byte, 64<<20)
	for i := 0; i < len(block); i += 4096 {
		block[i] = 1
	}
	runtime.KeepAlive(block)
	runtime.GC() // nothing refers to it any more
	after := readHeap()
	if after.allocated-before.allocated < 64<<20 || after.unused < 32<<20 {
		t.Errorf("got %+v after %+v, want 64 MiB more allocated, most of it unused", after, before)
	}
	debug.FreeOSMemory()
	if released := readHeap().unused; released > after.unused-32<<20 {
		t.Errorf("%d bytes are unused after a release, want 32 MiB fewer than %d", released, after.unused)
	}
}
