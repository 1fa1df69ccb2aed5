package limits

import (
	"context"

	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/vektah/gqlparser/v2/ast"
)

// DocumentCache caches documents that have been parsed, validated and checked against the limits.
// It is gqlgen's query cache: gqlgen adds the documents that it has validated.
type DocumentCache struct {
	policy  *Policy
	entries *lru.LRU[*Document]
}

// NewDocumentCache returns an empty cache of at most size documents.
func NewDocumentCache(policy *Policy, size int) DocumentCache {
	return DocumentCache{policy: policy, entries: lru.New[*Document](size)}
}

// Get returns the document of a text.
func (c DocumentCache) Get(ctx context.Context, text string) (*ast.QueryDocument, bool) {
	d, ok := c.entries.Get(ctx, text)
	if !ok {
		return nil, false
	}
	return d.Query, true
}

// Add caches a document, unless it exceeds the limits.
func (c DocumentCache) Add(ctx context.Context, text string, query *ast.QueryDocument) {
	if d, rejection := c.policy.CheckStructure(query); rejection == nil {
		c.entries.Add(ctx, text, d)
	}
}
