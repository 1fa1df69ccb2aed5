package edu

import (
	"slices"
	"sync"
)

// Tags collects what the reads of an operation depend on. The zero value is
// empty. It is safe for concurrent use.
type Tags struct {
	mu         sync.Mutex
	set        map[Tag]struct{}
	incomplete bool
}

// Collect collects tags.
func (t *Tags) Collect(tags ...Tag) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.set == nil {
		t.set = make(map[Tag]struct{}, 64)
	}
	for _, tag := range tags {
		t.set[tag] = struct{}{}
	}
}

// MarkIncomplete collects that something was read that told no tags.
func (t *Tags) MarkIncomplete() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.incomplete = true
}

// Complete tells whether the tags are all that was depended on. What they are not is
// good for this once only.
func (t *Tags) Complete() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return !t.incomplete
}

// Len returns how many tags there are.
func (t *Tags) Len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.set)
}

// ListTags returns the tags, each once, in no order.
func (t *Tags) ListTags() []Tag { return convertTags(t, func(tag Tag) Tag { return tag }) }

// SortedHashes returns the tags' hashes, see HashTagName, in their order.
func (t *Tags) SortedHashes() []uint64 {
	list := convertTags(t, Tag.NameHash)
	slices.Sort(list)
	return list
}

// SortedNames returns the tags' names, in their order.
func (t *Tags) SortedNames() []string {
	list := convertTags(t, Tag.String)
	slices.Sort(list)
	return list
}

func convertTags[T any](t *Tags, as func(Tag) T) []T {
	t.mu.Lock()
	defer t.mu.Unlock()
	list := make([]T, 0, len(t.set))
	for tag := range t.set {
		list = append(list, as(tag))
	}
	return list
}
