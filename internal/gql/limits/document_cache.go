package limits

import (
	"context"

	"github.com/maypok86/otter/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

// DocumentCache caches documents that have been parsed, validated and checked against the limits.
// It is gqlgen's query cache: gqlgen adds the documents that it has validated.
type DocumentCache struct {
	policy  *Policy
	entries *otter.Cache[string, *Document]
}

// NewDocumentCache returns an empty cache of at most size documents.
func NewDocumentCache(policy *Policy, size int) DocumentCache {
	entries := otter.Must(&otter.Options[string, *Document]{MaximumSize: size})
	return DocumentCache{policy: policy, entries: entries}
}

// Get returns the document of a text.
func (c DocumentCache) Get(_ context.Context, text string) (*ast.QueryDocument, bool) {
	d, ok := c.entries.GetIfPresent(text)
	if !ok {
		return nil, false
	}
	return d.Query, true
}

// Add caches a document, unless it exceeds the limits.
func (c DocumentCache) Add(_ context.Context, text string, query *ast.QueryDocument) {
	if d, rejection := c.policy.CheckStructure(query); rejection == nil {
		c.entries.Set(text, d)
	}
}
