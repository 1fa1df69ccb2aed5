package store

import (
	"context"

	"github.com/7p-education/api/edu"
)

type tagsKey struct{}

// WithTags returns a context under which Run collects what its reads depend on.
// Reads of a query that tells no tags, and those within a transaction, make it
// unknown.
func WithTags(ctx context.Context, t *edu.Tags) context.Context {
	return context.WithValue(ctx, tagsKey{}, t)
}

// tagsFromContext returns the collector that WithTags put there, or nil.
func tagsFromContext(ctx context.Context) *edu.Tags {
	t, _ := ctx.Value(tagsKey{}).(*edu.Tags)
	return t
}

// tagDependency is a tag, or one for each of some ids.
type tagDependency struct {
	edu.Tag
	ids []int64
}

// rowTag is the tag that each row of a query has: its kind, and where its id is
// read to. The zero rowTag is none.
type rowTag struct {
	kind edu.TagKind
	id   *int64
}

// dependOn tells that a statement depends on tags that have no id.
func (s *statement) dependOn(kinds ...edu.TagKind) *statement {
	for _, k := range kinds {
		s.tags = append(s.tags, tagDependency{Tag: k.WithID(0)})
	}
	return s
}

// dependOnID tells that a statement depends on what an id has.
func (s *statement) dependOnID(id int64, kinds ...edu.TagKind) *statement {
	for _, k := range kinds {
		s.tags = append(s.tags, tagDependency{Tag: k.WithID(id)})
	}
	return s
}

// dependOnEach tells that a statement depends on what each of some ids has, whether or not
// there is such a row.
func (s *statement) dependOnEach(ids []int64, kinds ...edu.TagKind) *statement {
	for _, k := range kinds {
		s.tags = append(s.tags, tagDependency{Tag: k.WithID(0), ids: ids})
	}
	return s
}

// collectTags collects what a query depends on, but for its rows.
func (q *Query) collectTags(t *edu.Tags) {
	if len(q.tags) == 0 && q.rowTag.id == nil {
		t.MarkIncomplete()
	}
	for _, d := range q.tags {
		if d.ids == nil {
			t.Collect(d.Tag)
		}
		for _, id := range d.ids {
			t.Collect(d.Kind.WithID(id))
		}
	}
}
