package respcache

import "sync/atomic"

// lookupCounters are the counters behind Stats.
type lookupCounters struct{ memoryHits, redisHits, staleHits, misses, bypasses, stores, overloadHits atomic.Uint64 }

func (c *lookupCounters) recordLookup(l *Lookup) {
	switch {
	case l.BypassReason != "":
		c.bypasses.Add(1)
	case l.Entry == nil:
		c.misses.Add(1)
	case l.fromRedis:
		c.redisHits.Add(1)
	default:
		c.memoryHits.Add(1)
	}
	if l.Stale {
		c.staleHits.Add(1)
	}
}

// Stats are counts since the start of the process, and its current sizes.
type Stats struct {
	// MemoryHits are entries found in memory, RedisHits entries found in Redis. StaleHits are
	// those of both that were older than their policy allows.
	MemoryHits, RedisHits, StaleHits uint64
	// Misses are requests whose response had to be computed. Bypasses are requests for which
	// the cache was bypassed, as the process could not decide which entries are valid.
	Misses, Bypasses uint64
	// OverloadHits are misses that were served with a response whose data may have changed, because the server was
	// overloaded.
	OverloadHits uint64
	// Stores are entries that were stored.
	Stores uint64
	// Entries and Bytes are the number and the size of the entries in memory.
	Entries, Bytes uint64
}

// Stats returns the current counts.
func (c *Cache) Stats() Stats {
	n := &c.counters
	return Stats{
		MemoryHits: n.memoryHits.Load(), RedisHits: n.redisHits.Load(), StaleHits: n.staleHits.Load(),
		Misses: n.misses.Load(), Bypasses: n.bypasses.Load(), OverloadHits: n.overloadHits.Load(), Stores: n.stores.Load(),
		Entries: uint64(max(c.memory.EstimatedSize(), 0)), Bytes: c.memory.WeightedSize(),
	}
}
