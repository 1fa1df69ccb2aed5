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

// tagsOf returns the collector that WithTags put there, or nil.
func tagsOf(ctx context.Context) *edu.Tags {
	t, _ := ctx.Value(tagsKey{}).(*edu.Tags)
	return t
}

// dependence is a tag, or one for each of some ids.
type dependence struct {
	edu.Tag
	ids []int64
}

// rowKey is the tag that each row of a query has: its kind, and where its id is
// read to. The zero rowKey is none.
type rowKey struct {
	kind edu.TagKind
	id   *int64
}

// on tells that a statement depends on tags that have no id.
func (s *statement) on(kinds ...edu.TagKind) *statement {
	for _, k := range kinds {
		s.tags = append(s.tags, dependence{Tag: k.Of(0)})
	}
	return s
}

// of tells that a statement depends on what an id has.
func (s *statement) of(id int64, kinds ...edu.TagKind) *statement {
	for _, k := range kinds {
		s.tags = append(s.tags, dependence{Tag: k.Of(id)})
	}
	return s
}

// each tells that a statement depends on what each of some ids has, whether or not
// there is such a row.
func (s *statement) each(ids []int64, kinds ...edu.TagKind) *statement {
	for _, k := range kinds {
		s.tags = append(s.tags, dependence{Tag: k.Of(0), ids: ids})
	}
	return s
}

// note collects what a query depends on, but for its rows.
func (q *Query) note(t *edu.Tags) {
	if len(q.tags) == 0 && q.row.id == nil {
		t.AddUnknown()
	}
	for _, d := range q.tags {
		if d.ids == nil {
			t.Add(d.Tag)
		}
		for _, id := range d.ids {
			t.Add(d.Kind.Of(id))
		}
	}
}
