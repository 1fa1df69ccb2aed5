// Package highlight marks the words of a text that a search matched and returns the text as safe HTML.
//
// It replaces PostgreSQL's ts_headline, which drops text that resembles an HTML tag ("List<T>") and
// costs more than the search itself for twenty results. Words are compared by the stems of Snowball's
// English stemmer, which PostgreSQL's english configuration uses.
package highlight

import (
	"html"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/blevesearch/snowballstem"
	"github.com/blevesearch/snowballstem/english"
)

// Marker marks the words of one search.
type Marker struct {
	stems map[string]bool
	// firstBytes holds the first bytes of the stems. A word and its stem begin with the same byte,
	// so words with another first byte are not stemmed, which skips nine words of ten.
	firstBytes [256]bool
	// compounds are lexemes of more than one word, such as node.js or 3.11.
	compounds []string
	stemmer   *snowballstem.Env
}

// New returns a Marker for the words of a search, as PostgreSQL's querytree returns them: normalised
// words in quotes, e.g. 'practic' & 'rust'.
func New(querytree string) *Marker {
	m := &Marker{stems: map[string]bool{}, stemmer: snowballstem.NewEnv("")}
	parts := strings.Split(querytree, "'")
	for i := 1; i < len(parts); i += 2 {
		switch {
		case parts[i] == "":
		case wordLength(parts[i]) < len(parts[i]):
			m.compounds = append(m.compounds, parts[i])
		default:
			m.stems[parts[i]] = true
			m.firstBytes[parts[i][0]] = true
		}
	}
	return m
}

// RenderHTML returns the whole text, HTML-escaped, with the matched words between <mark> and </mark>.
func (m *Marker) RenderHTML(text string) string {
	var out strings.Builder
	out.Grow(len(text) + 64)
	for len(text) > 0 {
		n := m.compoundLength(text)
		marked := n > 0
		if !marked {
			n = wordLength(text)
			marked = n > 0 && m.matchesWord(text[:n])
		}
		if n == 0 {
			_, n = utf8.DecodeRuneInString(text)
		}
		if marked {
			out.WriteString("<mark>" + html.EscapeString(text[:n]) + "</mark>")
		} else {
			out.WriteString(html.EscapeString(text[:n]))
		}
		text = text[n:]
	}
	return out.String()
}

// compoundLength returns the length in bytes of the compound at the start of the text, or 0 if there is
// none. The text must start where a word can start.
func (m *Marker) compoundLength(text string) int {
	for _, compound := range m.compounds {
		if len(text) >= len(compound) && strings.EqualFold(text[:len(compound)], compound) && wordLength(text[len(compound):]) == 0 {
			return len(compound)
		}
	}
	return 0
}

// matchesWord reports whether a word has the stem of a searched word.
func (m *Marker) matchesWord(word string) bool {
	word = strings.ToLower(word)
	if !m.firstBytes[word[0]] {
		return false
	}
	if m.stems[word] {
		return true
	}
	m.stemmer.SetCurrent(word)
	english.Stem(m.stemmer)
	return m.stems[m.stemmer.Current()]
}

// wordLength returns the length in bytes of the word at the start of the text: letters, marks and digits.
func wordLength(text string) int {
	for i, r := range text {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) {
			return i
		}
	}
	return len(text)
}
