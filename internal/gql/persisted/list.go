package persisted

import (
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"unicode"
)

// List is what a process knows of documents: those of its manifest, and those of
// the database. It is safe for concurrent use.
type List struct {
	manifest []*Document
	current  atomic.Pointer[listIndex]
}

type listIndex struct {
	byID, byHash, byNormalizedHash map[string]*Document
}

// NewList returns a list of the documents of a manifest.
func NewList(manifest []*Document) *List {
	l := &List{manifest: manifest}
	l.ReplaceDocuments(nil)
	return l
}

// ReplaceDocuments makes the list that of the manifest and of some more documents, which
// go before: they may be retired.
func (l *List) ReplaceDocuments(more []*Document) {
	x := &listIndex{byID: map[string]*Document{}, byHash: map[string]*Document{}, byNormalizedHash: map[string]*Document{}}
	for _, d := range slices.Concat(l.manifest, more) {
		x.byID[d.ID], x.byHash[d.Hash], x.byNormalizedHash[d.normalizedHash] = d, d, d
	}
	l.current.Store(x)
}

// FindByIDOrHash returns the document with an id, or with a hash, or nil.
func (l *List) FindByIDOrHash(id string) *Document {
	x := l.current.Load()
	if d := x.byID[id]; d != nil {
		return d
	}
	return x.byHash[id]
}

// FindByText returns the document that a text is, to the letter or in what it says, or
// nil.
func (l *List) FindByText(body string) *Document {
	x := l.current.Load()
	if d := x.byHash[HashText(body)]; d != nil {
		return d
	}
	if normal, ok := HashNormalized(body); ok {
		return x.byNormalizedHash[normal]
	}
	return nil
}

// Len returns how many documents there are.
func (l *List) Len() int { return len(l.current.Load().byID) }

// FindSimilar returns the document that a text was most likely meant to be: one of the
// same operation name, or else the one that shares most of its words; nil where
// none shares half of them.
func (l *List) FindSimilar(operation, body string) *Document {
	words := splitWords(body)
	var best *Document
	most := 0.5
	byID := l.current.Load().byID
	for _, id := range slices.Sorted(maps.Keys(byID)) {
		d := byID[id]
		if operation != "" && d.Operation == operation {
			return d
		}
		if share := jaccardSimilarity(words, splitWords(d.Body)); share > most {
			best, most = d, share
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

// jaccardSimilarity is the share of the words of both that both have.
func jaccardSimilarity(a, b map[string]bool) float64 {
	both := 0
	for w := range a {
		if b[w] {
			both++
		}
	}
	return float64(both) / float64(max(1, len(a)+len(b)-both))
}

// CompareWords tells the first words that one text has and the other has not.
func CompareWords(body string, d *Document) (only, missing []string) {
	a, b := splitWords(body), splitWords(d.Body)
	missingWords := func(x, y map[string]bool) []string {
		var list []string
		for _, w := range slices.Sorted(maps.Keys(x)) {
			if !y[w] && len(list) < 5 {
				list = append(list, w)
			}
		}
		return list
	}
	return missingWords(a, b), missingWords(b, a)
}
