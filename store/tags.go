package store

import (
	"context"

	"github.com/7p-education/api/edu"
)

type tagsKey struct{}

// WithTags returns a context under which RunQueries collects the tags that its reads depend on.
// Queries without tags, and reads within a transaction, mark the tags as incomplete.
func WithTags(ctx context.Context, t *edu.Tags) context.Context {
	return context.WithValue(ctx, tagsKey{}, t)
}

// tagsFromContext returns the collector of the context, or nil.
func tagsFromContext(ctx context.Context) *edu.Tags {
	t, _ := ctx.Value(tagsKey{}).(*edu.Tags)
	return t
}

// tagDependency is a tag, or one tag for each of some ids.
type tagDependency struct {
	edu.Tag
	ids []int64
}

// rowTag is the tag of each row of a query: its kind, and the field that the id is scanned into.
// The zero rowTag is none.
type rowTag struct {
	kind edu.TagKind
	id   *int64
}

// dependOn adds dependencies on tags without ids.
func (s *statement) dependOn(kinds ...edu.TagKind) *statement {
	for _, k := range kinds {
		s.tags = append(s.tags, tagDependency{Tag: k.WithID(0)})
	}
	return s
}

// dependOnID adds dependencies on tags of an id.
func (s *statement) dependOnID(id int64, kinds ...edu.TagKind) *statement {
	for _, k := range kinds {
		s.tags = append(s.tags, tagDependency{Tag: k.WithID(id)})
	}
	return s
}

// dependOnEach adds dependencies on tags of each of some ids, whether or not their rows exist.
func (s *statement) dependOnEach(ids []int64, kinds ...edu.TagKind) *statement {
	for _, k := range kinds {
		s.tags = append(s.tags, tagDependency{Tag: k.WithID(0), ids: ids})
	}
	return s
}

// collectTags collects the tags that a query depends on, except those of its rows.
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
