package answers

import "sync/atomic"

// counts are what Stats are made of.
type counts struct{ near, far, stale, misses, unverified, kept atomic.Uint64 }

func (c *counts) note(q *Question) {
	switch {
	case q.Bypass != "":
		c.unverified.Add(1)
	case q.Answer == nil:
		c.misses.Add(1)
	case q.far:
		c.far.Add(1)
	default:
		c.near.Add(1)
	}
	if q.Stale {
		c.stale.Add(1)
	}
}

// Stats are counts since the start, and sizes of now.
type Stats struct {
	// Near are answers found in this process and Far in Redis; Stale are those among
	// them that were older than their policy wants.
	Near, Far, Stale uint64
	// Misses are requests that had to be answered anew; Unverified those for which
	// nothing was looked for, as it could not be known what is good.
	Misses, Unverified uint64
	// Kept are answers that were kept.
	Kept uint64
	// Entries and Bytes are of what is kept in this process.
	Entries, Bytes uint64
}

// Stats returns the counts.
func (a *Answers) Stats() Stats {
	c := &a.counts
	return Stats{
		Near: c.near.Load(), Far: c.far.Load(), Stale: c.stale.Load(),
		Misses: c.misses.Load(), Unverified: c.unverified.Load(), Kept: c.kept.Load(),
		Entries: uint64(max(a.near.EstimatedSize(), 0)), Bytes: a.near.WeightedSize(),
	}
}
