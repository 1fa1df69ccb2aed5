package persisted

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"unicode"
)

// List is the documents that a process knows, from its manifest and from the database. It is
// safe for concurrent use.
type List struct {
	manifest []*Document
	current  atomic.Pointer[listIndex]
}

type listIndex struct {
	byID, byHash, byNormalizedHash map[string]*Document
	registered                     registeredTexts
}

// NewList returns a list of the documents of a manifest.
func NewList(manifest []*Document) *List {
	l := &List{manifest: manifest}
	l.ReplaceDocuments(nil)
	return l
}

// ReplaceDocuments replaces the documents of the database. They take precedence over those of
// the manifest, because they may be retired.
func (l *List) ReplaceDocuments(more []*Document) {
	x := &listIndex{byID: map[string]*Document{}, byHash: map[string]*Document{}, byNormalizedHash: map[string]*Document{}}
	for _, d := range slices.Concat(l.manifest, more) {
		x.byID[d.ID], x.byHash[d.Hash], x.byNormalizedHash[d.normalizedHash] = d, d, d
	}
	l.current.Store(x)
}

// FindByIDOrHash returns the document with an id or a hash, nil for none.
func (l *List) FindByIDOrHash(id string) *Document {
	x := l.current.Load()
	if d := x.byID[id]; d != nil {
		return d
	}
	return x.byHash[id]
}

// FindByText returns the document with a text, byte for byte or in the normal form, nil for none.
func (l *List) FindByText(body string) *Document {
	x := l.current.Load()
	if d := x.byHash[HashText(body)]; d != nil {
		return d
	}
	if hash, ok := HashNormalized(body); ok {
		return x.byNormalizedHash[hash]
	}
	return nil
}

// FindByRegisteredText does the same for a text that is registered under its hash. It parses a text
// once, not for each request.
func (l *List) FindByRegisteredText(hash, body string) *Document {
	x := l.current.Load()
	if len(x.byID) == 0 {
		return nil
	}
	return x.registered.findOrAdd(hash, func() *Document { return l.FindByText(body) })
}

// ListCurrent returns the documents that are not retired for all clients, by operation and id.
func (l *List) ListCurrent() []*Document {
	list := slices.Collect(maps.Values(l.current.Load().byID))
	list = slices.DeleteFunc(list, func(d *Document) bool { return d.RetiredAt != nil })
	slices.SortFunc(list, func(a, b *Document) int {
		return cmp.Or(strings.Compare(a.Operation, b.Operation), strings.Compare(a.ID, b.ID))
	})
	return list
}

// Len returns the number of documents.
func (l *List) Len() int { return len(l.current.Load().byID) }

// FindSimilar returns the document that a text most likely stands for: one with the same
// operation name, or else the one that shares most of its words; nil if none shares more than
// half of them.
func (l *List) FindSimilar(operation, body string) *Document {
	words := splitWords(body)
	var best *Document
	highest := 0.5
	byID := l.current.Load().byID
	for _, id := range slices.Sorted(maps.Keys(byID)) {
		d := byID[id]
		if operation != "" && d.Operation == operation {
			return d
		}
		if share := jaccardSimilarity(words, splitWords(d.Body)); share > highest {
			best, highest = d, share
		}
	}
	return best
}

func splitWords(body string) map[string]bool {
	words := map[string]bool{}
	for _, w := range strings.FieldsFunc(body, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' }) {
		words[w] = true
	}
	return words
}

// jaccardSimilarity returns the share of common words among the words of both sets.
func jaccardSimilarity(a, b map[string]bool) float64 {
	both := 0
	for w := range a {
		if b[w] {
			both++
		}
	}
	return float64(both) / float64(max(1, len(a)+len(b)-both))
}

// CompareWords returns the first words, 5 at most, that only the text has, and the first that
// only the document has.
func CompareWords(body string, d *Document) (added, missing []string) {
	a, b := splitWords(body), splitWords(d.Body)
	firstMissing := func(x, y map[string]bool) []string {
		var list []string
		for _, w := range slices.Sorted(maps.Keys(x)) {
			if !y[w] && len(list) < 5 {
				list = append(list, w)
			}
		}
		return list
	}
	return firstMissing(a, b), firstMissing(b, a)
}
