package limits

import (
	"context"

	"github.com/maypok86/otter/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

// maxKnownTextBytes limits the memory of the texts for which a DocumentCache knows the document.
const maxKnownTextBytes = 16 << 20

// DocumentCache caches documents that have been parsed, validated and checked against the limits.
// It is gqlgen's query cache: gqlgen adds the documents that it has validated.
//
// Texts that differ only in comments, blanks and commas share a document, because its key is the
// normalized text. The document has the locations of the text that was parsed. A text is normalized only
// if the cache does not know it.
type DocumentCache struct {
	policy  *Policy
	entries *otter.Cache[string, *cachedDocument] // by normalized text
	texts   *otter.Cache[string, *cachedDocument] // by text as it was sent
}

// cachedDocument is a document with its normalized text.
type cachedDocument struct {
	*Document
	text string
}

// NewDocumentCache returns an empty cache of at most size documents.
func NewDocumentCache(policy *Policy, size int) DocumentCache {
	return DocumentCache{
		policy:  policy,
		entries: otter.Must(&otter.Options[string, *cachedDocument]{MaximumSize: size}),
		texts: otter.Must(&otter.Options[string, *cachedDocument]{
			MaximumWeight: maxKnownTextBytes,
			Weigher:       func(text string, d *cachedDocument) uint32 { return uint32(len(text) + len(d.text)) },
		}),
	}
}

// Get returns the document of a text.
func (c DocumentCache) Get(_ context.Context, text string) (*ast.QueryDocument, bool) {
	if d, _ := c.findDocument(text); d != nil {
		return d.Query, true
	}
	return nil, false
}

// Find returns the document of a text, nil if it is not cached, and the normalized text.
func (c DocumentCache) Find(text string) (query *ast.QueryDocument, normalized string) {
	d, normalized := c.findDocument(text)
	if d == nil {
		return nil, normalized
	}
	return d.Query, normalized
}

// findDocument returns the document of a text, nil if it is not cached, and the normalized text. A text
// with more tokens and comments than the limit is not normalized: the parser rejects it.
func (c DocumentCache) findDocument(text string) (d *Document, normalized string) {
	if known, ok := c.texts.GetIfPresent(text); ok {
		return known.Document, known.text
	}
	normalized, tokens := normalizeText(text)
	if tokens > c.policy.limits.Tokens {
		return nil, text
	}
	cached, ok := c.entries.GetIfPresent(normalized)
	if !ok {
		return nil, normalized
	}
	c.texts.Set(text, cached)
	return cached.Document, normalized
}

// Add caches a document, unless it exceeds the limits.
func (c DocumentCache) Add(_ context.Context, text string, query *ast.QueryDocument) {
	d, rejection := c.policy.CheckStructure(query)
	if rejection != nil {
		return
	}
	normalized, _ := normalizeText(text)
	cached := &cachedDocument{d, normalized}
	c.entries.Set(normalized, cached)
	c.texts.Set(text, cached)
}
