package limits

import (
	"context"

	"github.com/maypok86/otter/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/7p-education/api/internal/observe"
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
	entries *otter.Cache[string, *Document] // by normalized text
	texts   *otter.Cache[string, string]    // normalized texts by text as it was sent
}

// bytesPerTextByte is how many bytes of memory a parsed document takes for each byte of its text, at most:
// 118 for the shortest names, and 21 to 28 for the operations of our clients (BenchmarkDocumentMemory).
const bytesPerTextByte = 120

// NewDocumentCache returns an empty cache of at most maxBytes of memory, besides the texts that it knows.
func NewDocumentCache(policy *Policy, maxBytes int) DocumentCache {
	c := DocumentCache{policy: policy, texts: otter.Must(&otter.Options[string, string]{
		MaximumWeight: maxKnownTextBytes,
		Weigher:       func(text, normalized string) uint32 { return uint32(len(text) + len(normalized)) },
	})}
	c.entries = otter.Must(&otter.Options[string, *Document]{MaximumWeight: uint64(max(maxBytes, 0)), Weigher: c.estimateBytes})
	return c
}

// estimateBytes returns the memory of a document, which refers to the text that was parsed. Beyond two
// bytes for each token, more text has longer names or texts.
func (c DocumentCache) estimateBytes(normalized string, d *Document) uint32 {
	size := len(normalized) + bytesPerTextByte*min(len(normalized), 2*c.policy.limits.Tokens)
	if operations := d.Query.Operations; len(operations) > 0 && operations[0].Position != nil {
		size += len(operations[0].Position.Src.Input)
	}
	return uint32(size)
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
	normalized, known := c.texts.GetIfPresent(text)
	if !known {
		var tokens int
		if normalized, tokens = normalizeText(text); tokens > c.policy.limits.Tokens {
			return nil, text
		}
	}
	d, ok := c.entries.GetIfPresent(normalized)
	if ok && !known {
		c.texts.Set(text, normalized)
	}
	return d, normalized
}

// Add caches a document, unless it exceeds the limits.
func (c DocumentCache) Add(_ context.Context, text string, query *ast.QueryDocument) {
	d, rejection := c.policy.CheckStructure(query)
	if rejection != nil {
		return
	}
	d.identity = observe.NewDocument(text)
	normalized, _ := normalizeText(text)
	c.entries.Set(normalized, d)
	c.texts.Set(text, normalized)
}
