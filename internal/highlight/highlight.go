// Package highlight marks the words of a text that a search matched and returns the text as safe HTML.
//
// It replaces PostgreSQL's ts_headline, which drops text that resembles an HTML tag ("List<T>") and
// costs more than the search itself for twenty results. Words are compared in the form of
// edu.SearchText, and by the stems of Snowball's English stemmer, which PostgreSQL's english
// configuration uses.
package highlight

import (
	"slices"
	"strings"

	"github.com/blevesearch/snowballstem"
	"github.com/blevesearch/snowballstem/english"

	"github.com/7p-education/api/edu"
)

// Marker marks the words of one search.
type Marker struct {
	stems    map[string]bool
	prefixes []string
	// firstBytes holds the first bytes of the stems and prefixes. A word and its stem begin with the
	// same byte, so words with another first byte are not stemmed, which skips nine words of ten.
	firstBytes [256]bool
	stemmer    *snowballstem.Env
}

// New returns a Marker for the words of a search, as PostgreSQL's querytree returns them: normalised
// words in quotes, e.g. 'practic' & 'rust':*. A star follows the start of a word.
func New(querytree string) *Marker {
	m := &Marker{stems: map[string]bool{}, stemmer: snowballstem.NewEnv("")}
	parts := strings.Split(querytree, "'")
	for i := 1; i < len(parts); i += 2 {
		if parts[i] == "" {
			continue
		}
		if i+1 < len(parts) && strings.HasPrefix(parts[i+1], ":*") {
			m.prefixes = append(m.prefixes, parts[i])
		} else {
			m.stems[parts[i]] = true
		}
		m.firstBytes[parts[i][0]] = true
	}
	return m
}

// RenderHTML returns the whole text, HTML-escaped, with the matched words between <mark> and </mark>.
func (m *Marker) RenderHTML(text string) string {
	var out strings.Builder
	out.Grow(len(text) + 64)
	writeMarked(&out, text, m.findMatches(text), span{0, len(text)})
	return out.String()
}

// writeMarked writes a part of a text, HTML-escaped, with the matches in it between <mark> and </mark>.
func writeMarked(out *strings.Builder, text string, matches []span, part span) {
	at := part.start
	for _, s := range matches {
		start, end := max(s.start, at), min(s.end, part.end)
		if start >= end {
			continue
		}
		writeEscaped(out, text[at:start])
		out.WriteString("<mark>")
		writeEscaped(out, text[start:end])
		out.WriteString("</mark>")
		at = end
	}
	writeEscaped(out, text[at:part.end])
}

// htmlEscaper escapes as html.EscapeString does.
var htmlEscaper = strings.NewReplacer("&", "&amp;", "'", "&#39;", "<", "&lt;", ">", "&gt;", `"`, "&#34;")

// writeEscaped writes a text without a copy of it.
func writeEscaped(out *strings.Builder, text string) {
	_, _ = htmlEscaper.WriteString(out, text)
}

// span is a part of a text, in bytes.
type span struct{ start, end int }

// joiners connect the words of a compound: matched words on both sides have one mark.
const joiners = "./-_"

// findMatches returns the parts of a text to be marked, in their order.
func (m *Marker) findMatches(text string) []span {
	var spans []span
	for w := range edu.SearchWords(text) {
		if !m.matchesWord(w.Word) {
			continue
		}
		if last := len(spans) - 1; last >= 0 {
			gap := w.Start - spans[last].end
			if gap <= 0 || gap == 1 && strings.IndexByte(joiners, text[spans[last].end]) >= 0 {
				spans[last].end = max(spans[last].end, w.End)
				spans[last].start = min(spans[last].start, w.Start)
				continue
			}
		}
		spans = append(spans, span{w.Start, w.End})
	}
	return spans
}

// matchesWord reports whether a word has the stem of a searched word or starts with a searched prefix.
func (m *Marker) matchesWord(word string) bool {
	if !m.firstBytes[word[0]] {
		return false
	}
	if m.stems[word] || slices.ContainsFunc(m.prefixes, func(p string) bool { return strings.HasPrefix(word, p) }) {
		return true
	}
	m.stemmer.SetCurrent(word)
	english.Stem(m.stemmer)
	return m.stems[m.stemmer.Current()]
}
