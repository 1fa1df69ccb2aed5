package respcache

import "sync/atomic"

// lookupCounters are what Stats are made of.
type lookupCounters struct{ memoryHits, redisHits, staleHits, misses, bypasses, stores atomic.Uint64 }

func (c *lookupCounters) recordLookup(q *Lookup) {
	switch {
	case q.BypassReason != "":
		c.bypasses.Add(1)
	case q.Entry == nil:
		c.misses.Add(1)
	case q.fromRedis:
		c.redisHits.Add(1)
	default:
		c.memoryHits.Add(1)
	}
	if q.Stale {
		c.staleHits.Add(1)
	}
}

// Stats are counts since the start, and sizes of now.
type Stats struct {
	// MemoryHits are answers found in this process and Far in Redis; Stale are those among
	// them that were older than their policy wants.
	MemoryHits, RedisHits, StaleHits uint64
	// Misses are requests that had to be answered anew; Unverified those for which
	// nothing was looked for, as it could not be known what is good.
	Misses, Bypasses uint64
	// Stores are answers that were kept.
	Stores uint64
	// Entries and Bytes are of what is kept in this process.
	Entries, Bytes uint64
}

// Stats returns the counts.
func (a *Cache) Stats() Stats {
	c := &a.counters
	return Stats{
		MemoryHits: c.memoryHits.Load(), RedisHits: c.redisHits.Load(), StaleHits: c.staleHits.Load(),
		Misses: c.misses.Load(), Bypasses: c.bypasses.Load(), Stores: c.stores.Load(),
		Entries: uint64(max(a.memory.EstimatedSize(), 0)), Bytes: a.memory.WeightedSize(),
	}
}
