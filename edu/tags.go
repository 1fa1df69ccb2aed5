package edu

import (
	"slices"
	"sync"
)

// Tags collects what the reads of an operation depend on. The zero value is
// empty. It is safe for concurrent use.
type Tags struct {
	mu      sync.Mutex
	set     map[Tag]struct{}
	unknown bool
}

// Add collects tags.
func (t *Tags) Add(tags ...Tag) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.set == nil {
		t.set = make(map[Tag]struct{}, 64)
	}
	for _, tag := range tags {
		t.set[tag] = struct{}{}
	}
}

// AddUnknown collects that something was read that told no tags.
func (t *Tags) AddUnknown() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.unknown = true
}

// Known tells whether the tags are all that was depended on. What they are not is
// good for this once only.
func (t *Tags) Known() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return !t.unknown
}

// Len returns how many tags there are.
func (t *Tags) Len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.set)
}

// List returns the tags, each once, in no order.
func (t *Tags) List() []Tag { return collected(t, func(tag Tag) Tag { return tag }) }

// Hashes returns the tags' hashes, see HashTag, in their order.
func (t *Tags) Hashes() []uint64 {
	list := collected(t, Tag.Hash)
	slices.Sort(list)
	return list
}

// Names returns the tags' names, in their order.
func (t *Tags) Names() []string {
	list := collected(t, Tag.String)
	slices.Sort(list)
	return list
}

func collected[T any](t *Tags, as func(Tag) T) []T {
	t.mu.Lock()
	defer t.mu.Unlock()
	list := make([]T, 0, len(t.set))
	for tag := range t.set {
		list = append(list, as(tag))
	}
	return list
}
