package app

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"
	"time"

	"github.com/7p-education/api/internal/config"
)

const (
	heapReserveBytes = 24 << 20
	// baseMemoryBytes is the memory of the process beside cached responses and responses in progress: the
	// heap reserve, caches with fixed bounds, connections, and requests while they are read.
	baseMemoryBytes = 128 << 20
	// startCollectorPercent lets the heap grow to 16 MiB, four times Go's minimum, before it is first collected: a start
	// allocates 6 MiB, most of which stay in use.
	startCollectorPercent = 400
	// startTime is how long a start may take. Servers that start together collect nothing meanwhile.
	startTime = 5 * time.Second
	// minGrowthPercent is the least growth of the heap between collections, as a share of what is live.
	minGrowthPercent = 20
)

// PostponeCollections postpones the first garbage collection of the process until startTime has passed, or the heap has
// 16 MiB. It does nothing if the operator sets GOGC or GOMEMLIMIT.
func PostponeCollections() {
	if operatorTunesCollector() {
		return
	}
	percent := debug.SetGCPercent(startCollectorPercent)
	time.AfterFunc(startTime, func() { debug.SetGCPercent(percent) })
}

// tuneCollector sets when the garbage collector runs while the server does, until stop is called. After startTime it
// allocates the heap reserve. It does nothing if the operator sets GOGC or GOMEMLIMIT.
func tuneCollector(c *config.Config) (stop func()) {
	if operatorTunesCollector() {
		return func() {}
	}
	debug.SetMemoryLimit(softMemoryLimit(c))
	var reserve atomic.Pointer[[]byte] // reachable while stop is
	started := time.AfterFunc(startTime, func() {
		block := reserveHeap()
		reserve.Store(&block)
	})
	return func() {
		started.Stop()
		reserve.Store(nil)
	}
}

func operatorTunesCollector() bool { return os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" }

// softMemoryLimit returns the memory above which the garbage collector runs more often: what the process
// may hold within its limits. Without it the heap would grow to twice that before it is collected.
func softMemoryLimit(c *config.Config) int64 {
	return baseMemoryBytes + c.ResponseMemoryMiB<<20 + int64(c.ResponseCacheMaxMiB)<<20
}

// limitHeapGrowth has the heap grow between collections by as much as is live in it without the cached responses, until the
// context ends. Go would let it grow by those too, so a full cache would take its size twice. It does nothing if the operator
// sets GOGC or GOMEMLIMIT.
func limitHeapGrowth(ctx context.Context, cachedBytes func() uint64) {
	if operatorTunesCollector() {
		return
	}
	ticker := time.NewTicker(idlePeriod)
	defer ticker.Stop()
	for percent := 100; ; {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		metrics.Read(live)
		if p := growthPercent(live[0].Value.Uint64(), cachedBytes()); p != percent {
			debug.SetGCPercent(p)
			percent = p
		}
	}
}

// growthPercent returns GOGC for a heap with live bytes of which some are cached responses, in steps of five: each change stops
// the process for some microseconds. Nothing is live before the first collection.
func growthPercent(live, cached uint64) int {
	if live == 0 {
		return 100
	}
	others := live - min(live, cached)
	return max(minGrowthPercent, int(100*others/live)/5*5)
}

// reserveHeap returns a block that is never touched, so it takes no memory. While the block is
// reachable the garbage collector counts it as live, and the heap may grow by as much again before
// the next collection. Without it, with some 8 MB live between requests, collecting took 40 % of
// the server's CPU. With a larger GOGC instead, the heap would grow to a multiple of what is live
// under load.
func reserveHeap() []byte { return make([]byte, heapReserveBytes) }
