package highlight

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// RenderSnippet returns the part of a text with the most matched words, of at most limit characters,
// HTML-escaped and with the matched words between <mark> and </mark>. An ellipsis stands for text before and
// after it. Without matched words it is the start of the text.
func (m *Marker) RenderSnippet(text string, limit int) string {
	matches := m.findMatches(text)
	part := trimSpan(text, snippetSpan(text, matches, limit))
	var out strings.Builder
	if strings.TrimSpace(text[:part.start]) != "" {
		out.WriteString("…")
	}
	writeMarked(&out, text, matches, part)
	if strings.TrimSpace(text[part.end:]) != "" {
		out.WriteString("…")
	}
	return out.String()
}

// snippetSpan returns the part of a text that a snippet shows. It begins a quarter of the limit before the
// first match that it shows, and begins and ends between words where it can.
func snippetSpan(text string, matches []span, limit int) span {
	total := utf8.RuneCountInString(text)
	if total <= limit {
		return span{0, len(text)}
	}
	match, at := densestMatch(text, matches, limit-limit/4)
	first := max(0, min(at-limit/4, total-limit))
	start := skipRunes(text, 0, first)
	end := skipRunes(text, start, limit)
	if !isBetweenWords(text, start) {
		if blank := strings.IndexFunc(text[start:max(start, match.start)], unicode.IsSpace); blank >= 0 {
			start += blank
		}
	}
	if !isBetweenWords(text, end) {
		if blank := strings.LastIndexFunc(text[start:end], unicode.IsSpace); start+blank >= max(match.end, start+1) {
			end = start + blank
		}
	}
	return span{skipMarks(text, start, end), skipMarksBack(text, start, end)}
}

// isBetweenWords reports whether a place in a text is at its start or end, or beside a blank.
func isBetweenWords(text string, at int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:at])
	after, _ := utf8.DecodeRuneInString(text[at:])
	return at == 0 || at == len(text) || unicode.IsSpace(before) || unicode.IsSpace(after)
}

// densestMatch returns the first match after which the most matches end within a number of characters, and
// its place in characters.
func densestMatch(text string, matches []span, within int) (best span, bestAt int) {
	starts, ends := make([]int, len(matches)), make([]int, len(matches))
	at, n := 0, 0
	for i, s := range matches {
		n += utf8.RuneCountInString(text[at:s.start])
		starts[i] = n
		n += utf8.RuneCountInString(text[s.start:s.end])
		ends[i], at = n, s.end
	}
	most, last := 0, 0
	for i := range matches {
		for last < len(matches) && ends[last]-starts[i] <= within {
			last++
		}
		if last-i > most || i == 0 {
			most, best, bestAt = last-i, matches[i], starts[i]
		}
	}
	return best, bestAt
}

// skipRunes returns the place n characters after a place in a text.
func skipRunes(text string, at, n int) int {
	for ; n > 0 && at < len(text); n-- {
		_, size := utf8.DecodeRuneInString(text[at:])
		at += size
	}
	return at
}

// skipMarks returns the first place at which no combining mark is cut from its letter.
func skipMarks(text string, start, end int) int {
	for start > 0 && start < end {
		r, size := utf8.DecodeRuneInString(text[start:])
		if !unicode.IsMark(r) {
			break
		}
		start += size
	}
	return start
}

// skipMarksBack returns the last place before end, or end, at which no combining mark is cut from its letter.
func skipMarksBack(text string, start, end int) int {
	for end < len(text) && end > start {
		if r, _ := utf8.DecodeRuneInString(text[end:]); !unicode.IsMark(r) {
			break
		}
		_, size := utf8.DecodeLastRuneInString(text[:end])
		end -= size
	}
	return end
}

// trimSpan returns a part of a text without blanks at its ends.
func trimSpan(text string, s span) span {
	left := strings.TrimLeftFunc(text[s.start:s.end], unicode.IsSpace)
	s.start = s.end - len(left)
	s.end = s.start + len(strings.TrimRightFunc(left, unicode.IsSpace))
	return s
}
