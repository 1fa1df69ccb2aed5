package app

import (
	"os"
	"runtime/debug"

	"github.com/7p-education/api/internal/config"
)

const (
	heapReserveBytes = 24 << 20
	// baseMemoryBytes is the memory of the process beside cached responses and responses in progress: the
	// heap reserve, caches with fixed bounds, connections, and requests while they are read.
	baseMemoryBytes = 128 << 20
	// startCollectorPercent lets the heap of a starting server grow to 16 MiB, four times Go's minimum, before it is
	// collected. The start allocates 6 MiB, and nearly all of that stays in use.
	startCollectorPercent = 400
)

// tuneCollector sets when the garbage collector runs. The function that it returns ends the start: it allocates the
// heap reserve and returns it, which has to stay reachable. Both do nothing if the operator sets GOGC or GOMEMLIMIT.
func tuneCollector(c *config.Config) (endStart func() []byte) {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return func() []byte { return nil }
	}
	debug.SetMemoryLimit(softMemoryLimit(c))
	percent := debug.SetGCPercent(startCollectorPercent)
	return func() []byte {
		reserve := reserveHeap()
		debug.SetGCPercent(percent)
		return reserve
	}
}

// softMemoryLimit returns the memory above which the garbage collector runs more often: what the process
// may hold within its limits. Without it the heap would grow to twice that before it is collected.
func softMemoryLimit(c *config.Config) int64 {
	return baseMemoryBytes + c.ResponseMemoryMiB<<20 + int64(c.ResponseCacheMaxMiB)<<20
}

// reserveHeap returns a block that is never touched, so it takes no memory. While the block is
// reachable the garbage collector counts it as live, and the heap may grow by as much again before
// the next collection. Without it, with some 8 MB live between requests, collecting took 40 % of
// the server's CPU. With a larger GOGC instead, the heap would grow to a multiple of what is live
// under load.
func reserveHeap() []byte { return make([]byte, heapReserveBytes) }
