package documents

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
	known    atomic.Pointer[index]
}

type index struct {
	byID, byHash, byNormal map[string]*Document
}

// NewList returns a list of the documents of a manifest.
func NewList(manifest []*Document) *List {
	l := &List{manifest: manifest}
	l.Replace(nil)
	return l
}

// Replace makes the list that of the manifest and of some more documents, which
// go before: they may be retired.
func (l *List) Replace(more []*Document) {
	x := &index{byID: map[string]*Document{}, byHash: map[string]*Document{}, byNormal: map[string]*Document{}}
	for _, d := range slices.Concat(l.manifest, more) {
		x.byID[d.ID], x.byHash[d.Hash], x.byNormal[d.normal] = d, d, d
	}
	l.known.Store(x)
}

// Find returns the document with an id, or with a hash, or nil.
func (l *List) Find(id string) *Document {
	x := l.known.Load()
	if d := x.byID[id]; d != nil {
		return d
	}
	return x.byHash[id]
}

// Match returns the document that a text is, to the letter or in what it says, or
// nil.
func (l *List) Match(body string) *Document {
	x := l.known.Load()
	if d := x.byHash[Hash(body)]; d != nil {
		return d
	}
	if normal, ok := NormalHash(body); ok {
		return x.byNormal[normal]
	}
	return nil
}

// Len returns how many documents there are.
func (l *List) Len() int { return len(l.known.Load().byID) }

// Nearest returns the document that a text was most likely meant to be: one of the
// same operation name, or else the one that shares most of its words; nil where
// none shares half of them.
func (l *List) Nearest(operation, body string) *Document {
	words := wordsOf(body)
	var best *Document
	most := 0.5
	byID := l.known.Load().byID
	for _, id := range slices.Sorted(maps.Keys(byID)) {
		d := byID[id]
		if operation != "" && d.Operation == operation {
			return d
		}
		if share := shared(words, wordsOf(d.Body)); share > most {
			best, most = d, share
		}
	}
	return best
}

func wordsOf(body string) map[string]bool {
	words := map[string]bool{}
	for _, w := range strings.FieldsFunc(body, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' }) {
		words[w] = true
	}
	return words
}

// shared is the share of the words of both that both have.
func shared(a, b map[string]bool) float64 {
	both := 0
	for w := range a {
		if b[w] {
			both++
		}
	}
	return float64(both) / float64(max(1, len(a)+len(b)-both))
}

// Difference tells the first words that one text has and the other has not.
func Difference(body string, d *Document) (only, missing []string) {
	a, b := wordsOf(body), wordsOf(d.Body)
	less := func(x, y map[string]bool) []string {
		var list []string
		for _, w := range slices.Sorted(maps.Keys(x)) {
			if !y[w] && len(list) < 5 {
				list = append(list, w)
			}
		}
		return list
	}
	return less(a, b), less(b, a)
}
