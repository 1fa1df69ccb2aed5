package changes

import (
	"sync"
	"sync/atomic"

	"github.com/7p-education/api/edu"
)

// Position is a place in the log. Later ones are larger; 0 is before all.
type Position uint64

// anything is the tag that everything has.
var anything = edu.TagEverything.Of(0).String()

const (
	// maxTags is how many tags are remembered, in some 5 MB. Beyond that all that was
	// read before counts as changed.
	maxTags = 100_000
	// maxKnown is how many changes are remembered by their ids at least: enough for
	// those of several seconds, so that none is announced twice.
	maxKnown = 50_000
)

// replica is what a process knows of the log. It is safe for concurrent use.
type replica struct {
	at atomic.Uint64 // the Position of the last entry that was applied

	mu      sync.RWMutex
	horizon Position // what was read before it is of unknown age
	last    map[uint64]Position
	// The ids of changes that are in the log, and those of a while ago.
	known, before map[int64]struct{}
}

func newReplica() *replica { return &replica{last: map[uint64]Position{}} }

func (r *replica) position() Position { return Position(r.at.Load()) }

// forget begins anew at a position: all that was read before it counts as changed.
func (r *replica) forget(at Position) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.drop(at)
}

func (r *replica) drop(at Position) {
	r.horizon, r.last = at, map[uint64]Position{}
	r.at.Store(uint64(at))
}

// become takes over what another replica knows, at once: who asks meanwhile is
// answered by all of the one or by all of the other.
func (r *replica) become(other *replica) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.horizon, r.last = other.horizon, other.last
	r.known, r.before = other.known, other.before
	r.at.Store(other.at.Load())
}

// apply adds the entry at a position to the end.
func (r *replica) apply(at Position, e entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.add(at, e)
}

// next adds an entry at the position after the last.
func (r *replica) next(e entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.add(r.position()+1, e)
}

func (r *replica) add(at Position, e entry) {
	for _, tag := range e.tags {
		if tag == anything || len(r.last) >= maxTags {
			r.drop(at)
			continue
		}
		r.last[edu.HashTag(tag)] = at
	}
	r.note(e.ids)
	r.at.Store(uint64(at))
}

func (r *replica) note(ids []int64) {
	if r.known == nil || len(r.known) >= maxKnown {
		r.known, r.before = make(map[int64]struct{}, len(ids)), r.known
	}
	for _, id := range ids {
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
	if since < r.horizon {
		return false
	}
	for _, tag := range tags {
		if r.last[tag] > since {
			return false
		}
	}
	return true
}
