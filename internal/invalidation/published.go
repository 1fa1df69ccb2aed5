package invalidation

import (
	"slices"
	"sort"
	"time"

	"github.com/7p-education/api/store"
)

// maxPublishedChanges is how many changes a publishedChanges holds, in some 1 MB. A replica confirms them
// within milliseconds, so more are required only while it lags.
const maxPublishedChanges = 16_384

// publishedChanges are the newest changes in the log, in the order of their offsets.
type publishedChanges struct {
	list []store.PublishedChange
	// horizon is the offset after which the list is complete.
	horizon uint64
}

// recordEntry adds the changes of the log entry at an offset. An entry with tags, but without the ids of
// their changes, empties the list: it is of a log that was rewound, of a commit whose outcome is unknown,
// or of more than store.MaxChanges changes.
func (p *publishedChanges) recordEntry(offset uint64, e entry) {
	if len(e.tags) > 0 && len(e.ids) == 0 && !e.isPart || slices.Contains(e.ids, 0) || slices.Contains(e.announced, 0) {
		p.list, p.horizon = nil, offset
		return
	}
	now := time.Now()
	for _, ids := range [][]int64{e.announced, e.ids} {
		for _, id := range ids {
			p.list = append(p.list, store.PublishedChange{ID: id, Offset: offset, LearnedAt: now})
		}
	}
	if len(p.list) > maxPublishedChanges {
		rest := p.list[len(p.list)-maxPublishedChanges/2:]
		p.horizon = rest[0].Offset // there may be others at this offset
		p.list = slices.Clone(rest)
	}
}

// between returns the changes after one offset up to another, or false if the list does not have them all.
func (p *publishedChanges) between(after, to uint64) ([]store.PublishedChange, bool) {
	if after < p.horizon {
		return nil, false
	}
	indexAfter := func(offset uint64) int {
		return sort.Search(len(p.list), func(i int) bool { return p.list[i].Offset > offset })
	}
	first, end := indexAfter(after), indexAfter(to)
	if first >= end {
		return nil, true
	}
	return slices.Clone(p.list[first:end]), true
}

// ChangesBetween implements store.ChangeLog.
func (l *Log) ChangesBetween(after, to Position) ([]store.PublishedChange, bool) {
	return l.index.changesBetween(after, to)
}

var _ store.ChangeLog = (*Log)(nil)
