package changes

import (
	"sync"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/store"
)

// Position is a place in the log. Those of one lineage are in order; those of another
// log, or of the same before its end was lost, have nothing to do with them.
type Position struct {
	Lineage, At uint64
}

// anything is the tag that everything has.
var anything = edu.TagEverything.Of(0).String()

const (
	// maxTags is how many tags are remembered, in some 5 MB. Beyond that all that was
	// read before counts as changed.
	maxTags = 100_000
	// maxKnown is how many changes are remembered by their ids at least: enough for
	// those of several seconds, so that none is announced twice.
	maxKnown = store.MostChanges
)

// replica is what a process knows of the log. It is safe for concurrent use.
type replica struct {
	mu      sync.RWMutex
	now     Position // of the last entry that was applied
	horizon uint64   // what was read before it is of unknown age
	last    map[uint64]uint64
	// The ids of changes that are in the log, and those of a while ago.
	known, before map[int64]struct{}
}

// newReplica returns a replica of a log that begins at a position.
func newReplica(at Position) *replica {
	r := &replica{now: at}
	r.drop()
	return r
}

func (r *replica) position() Position {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.now
}

// forget goes one position on: all that was read before counts as changed.
func (r *replica) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now.At++
	r.drop()
}

func (r *replica) drop() { r.horizon, r.last = r.now.At, map[uint64]uint64{} }

// become takes over what another replica knows, at once: who asks meanwhile is
// answered by all of the one or by all of the other.
func (r *replica) become(other *replica) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now, r.horizon, r.last = other.now, other.horizon, other.last
	r.known, r.before = other.known, other.before
}

// apply adds the entry at a place to the end.
func (r *replica) apply(at uint64, e entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.add(at, e)
}

// next adds an entry after the last.
func (r *replica) next(e entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.add(r.now.At+1, e)
}

func (r *replica) add(at uint64, e entry) {
	r.now.At = at
	for _, tag := range e.tags {
		if tag == anything || len(r.last) >= maxTags {
			r.drop()
			continue
		}
		r.last[edu.HashTag(tag)] = at
	}
	if r.known == nil || len(r.known) >= maxKnown {
		r.known, r.before = make(map[int64]struct{}, len(e.ids)), r.known
	}
	for _, id := range e.ids {
		r.known[id] = struct{}{}
	}
}

// knows tells whether a change is in the log, as far as is remembered.
func (r *replica) knows(id int64) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	_, now := r.known[id]
	_, then := r.before[id]
	return now || then
}

// unchanged tells whether none of the tags, by their hashes, came after a position.
func (r *replica) unchanged(tags []uint64, since Position) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if since.Lineage != r.now.Lineage || since.At < r.horizon {
		return false
	}
	for _, tag := range tags {
		if r.last[tag] > since.At {
			return false
		}
	}
	return true
}
