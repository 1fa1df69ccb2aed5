package invalidation

import (
	"slices"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/store"
)

// maxChangeTags is the largest number of tags that a log entry names; one with more has
// tagEverything instead.
const maxChangeTags = 1000

// entry is a log entry: the ids and tags of one or several changes.
type entry struct {
	ids  []int64
	tags []string
	// isPart is set if a later entry has the rest of the tags, and the ids. announced are these ids, in the
	// first part.
	isPart    bool
	announced []int64
}

// mergeChanges returns one log entry with the ids of all changes, and each of their tags once.
func mergeChanges(changes []store.Change) entry {
	var e entry
	seen := map[string]bool{}
	for _, c := range changes {
		e.ids = append(e.ids, c.ID)
		for _, tag := range c.Tags {
			if !seen[tag] {
				seen[tag] = true
				e.tags = append(e.tags, tag)
			}
		}
	}
	if len(e.tags) > maxChangeTags || seen[tagEverything] {
		e.tags = []string{tagEverything}
	}
	return e
}

// hashTags returns the hashes of the tags, nil for everything.
func (e entry) hashTags() []uint64 {
	if slices.Contains(e.tags, tagEverything) {
		return nil
	}
	hashes := make([]uint64, len(e.tags))
	for i, tag := range e.tags {
		hashes[i] = edu.HashTagName(tag)
	}
	return hashes
}
