// Package highlight marks the words of a text that a search matched, as safe
// HTML.
//
// PostgreSQL's ts_headline could do it, but it drops what looks like an HTML tag
// ("List<T>") from the text, and at twenty results it costs more than the
// search. Words are compared by the stems of Snowball's English stemmer, the one
// behind PostgreSQL's english configuration.
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
	// firstBytes holds the first bytes of the stems. A stem begins as its word
	// does, so a word that begins otherwise need not be stemmed: that spares
	// nine words in ten.
	firstBytes [256]bool
	// compounds are lexemes that are more than a word, such as node.js or 3.11.
	compounds []string
	stemmer   *snowballstem.Env
}

// New makes a Marker for what PostgreSQL's querytree says of a search:
// normalised words in quotes, e.g. 'practic' & 'rust'.
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

// RenderHTML returns the whole text, HTML-escaped, with the matched words between
// <mark> and </mark>.
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

// compoundLength returns how many bytes of the text's start, where a word may begin,
// are a lexeme that is more than a word; 0 for none.
func (m *Marker) compoundLength(text string) int {
	for _, run := range m.compounds {
		if len(text) >= len(run) && strings.EqualFold(text[:len(run)], run) && wordLength(text[len(run):]) == 0 {
			return len(run)
		}
	}
	return 0
}

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

// wordLength returns how many bytes of the text's start are one word: letters,
// marks and digits.
func wordLength(text string) int {
	for i, r := range text {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) {
			return i
		}
	}
	return len(text)
}
