package invalidation

import (
	"sync"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/store"
)

// Position is a place in the log. Those of one lineage are in order; those of another
// log, or of the same before its end was lost, have nothing to do with them.
type Position struct {
	Epoch, Offset uint64
}

// tagEverything is the tag that everything has.
var tagEverything = edu.TagEverything.WithID(0).String()

const (
	// maxIndexedTags is how many tags are remembered, in some 5 MB. Beyond that all that was
	// read before counts as changed.
	maxIndexedTags = 100_000
	// maxIndexedIDs is how many changes are remembered by their ids at least: enough for
	// those of several seconds, so that none is announced twice.
	maxIndexedIDs = store.MaxChanges
)

// index is what a process knows of the log. It is safe for concurrent use.
type index struct {
	mu          sync.RWMutex
	head        Position // of the last entry that was applied
	horizon     uint64   // what was read before it is of unknown age
	lastChanged map[uint64]uint64
	// The ids of changes that are in the log, and those of a while ago.
	recentIDs, olderIDs map[int64]struct{}
}

// newIndex returns a replica of a log that begins at a position.
func newIndex(at Position) *index {
	r := &index{head: at}
	r.clearTags()
	return r
}

func (r *index) currentPosition() Position {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.head
}

// invalidateEarlier goes one position on: all that was read before counts as changed.
func (r *index) invalidateEarlier() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.head.Offset++
	r.clearTags()
}

func (r *index) clearTags() { r.horizon, r.lastChanged = r.head.Offset, map[uint64]uint64{} }

// replaceWith takes over what another replica knows, at once: who asks meanwhile is
// answered by all of the one or by all of the other.
func (r *index) replaceWith(other *index) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.head, r.horizon, r.lastChanged = other.head, other.horizon, other.lastChanged
	r.recentIDs, r.olderIDs = other.recentIDs, other.olderIDs
}

// applyEntry adds the entry at a place to the end.
func (r *index) applyEntry(at uint64, e entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.recordEntry(at, e)
}

// appendEntry adds an entry after the last.
func (r *index) appendEntry(e entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.recordEntry(r.head.Offset+1, e)
}

func (r *index) recordEntry(at uint64, e entry) {
	r.head.Offset = at
	for _, tag := range e.tags {
		if tag == tagEverything || len(r.lastChanged) >= maxIndexedTags {
			r.clearTags()
			continue
		}
		r.lastChanged[edu.HashTagName(tag)] = at
	}
	if r.recentIDs == nil || len(r.recentIDs) >= maxIndexedIDs {
		r.recentIDs, r.olderIDs = make(map[int64]struct{}, len(e.ids)), r.recentIDs
	}
	for _, id := range e.ids {
		r.recentIDs[id] = struct{}{}
	}
}

// containsChange tells whether a change is in the log, as far as is remembered.
func (r *index) containsChange(id int64) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	_, now := r.recentIDs[id]
	_, then := r.olderIDs[id]
	return now || then
}

// validSince tells whether none of the tags, by their hashes, came after a position.
func (r *index) validSince(tags []uint64, since Position) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if since.Epoch != r.head.Epoch || since.Offset < r.horizon {
		return false
	}
	for _, tag := range tags {
		if r.lastChanged[tag] > since.Offset {
			return false
		}
	}
	return true
}
