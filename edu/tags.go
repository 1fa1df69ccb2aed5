package edu

import (
	"slices"
	"sync"
)

// Tags collects the tags that the reads of an operation depend on. The zero value is empty. It is
// safe for concurrent use.
type Tags struct {
	mu         sync.Mutex
	set        map[Tag]struct{}
	incomplete bool
}

// Collect adds tags.
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

// MarkIncomplete records that a read had no tags.
func (t *Tags) MarkIncomplete() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.incomplete = true
}

// Complete reports whether the tags are all dependencies of the operation. A response with
// incomplete tags must not be cached.
func (t *Tags) Complete() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return !t.incomplete
}

// Len returns the number of tags.
func (t *Tags) Len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.set)
}

// ListTags returns the tags without duplicates, in no particular order.
func (t *Tags) ListTags() []Tag { return convertTags(t, func(tag Tag) Tag { return tag }) }

// SortedHashes returns the hashes of the tags (see HashTagName), sorted.
func (t *Tags) SortedHashes() []uint64 {
	list := convertTags(t, Tag.NameHash)
	slices.Sort(list)
	return list
}

// SortedNames returns the names of the tags, sorted.
func (t *Tags) SortedNames() []string {
	list := convertTags(t, Tag.String)
	slices.Sort(list)
	return list
}

func convertTags[T any](t *Tags, convert func(Tag) T) []T {
	t.mu.Lock()
	defer t.mu.Unlock()
	list := make([]T, 0, len(t.set))
	for tag := range t.set {
		list = append(list, convert(tag))
	}
	return list
}
