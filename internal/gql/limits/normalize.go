package limits

import "strings"

// normalizeText returns a text with its tokens separated by single blanks, and the number of its tokens
// and comments. Comments, commas, line ends, blanks and byte order marks between tokens do not change the
// document, so texts that differ in them alone are equal in this form. Strings remain as they are. A text
// that is not a sequence of tokens is returned as it is.
func normalizeText(text string) (normalized string, tokens int) {
	s := scanner{text: text}
	var b strings.Builder
	for {
		start, ok := s.skipIgnored()
		if !ok {
			return text, 0
		}
		if start == len(text) {
			break
		}
		if !s.skipToken() {
			return text, 0
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(text[start:s.at])
		s.tokens++
	}
	if b.String() == text {
		return text, s.tokens // without a second copy in memory
	}
	return b.String(), s.tokens
}

// scanner scans the tokens of a text as gqlparser's lexer does. It may take several tokens without
// anything between them for one, such as 1a.
type scanner struct {
	text   string
	at     int
	tokens int // comments, too: gqlparser counts them
}

const byteOrderMark = "\ufeff"

// skipIgnored skips what is insignificant before the next token, and returns where that begins. It returns
// false for a comment with a control character.
func (s *scanner) skipIgnored() (start int, ok bool) {
	for s.at < len(s.text) {
		switch c := s.text[s.at]; {
		case c == ' ' || c == '\t' || c == ',' || c == '\n' || c == '\r':
			s.at++
		case strings.HasPrefix(s.text[s.at:], byteOrderMark):
			s.at += len(byteOrderMark)
		case c == '#':
			s.tokens++
			if !s.skipComment() {
				return 0, false
			}
		default:
			return s.at, true
		}
	}
	return s.at, true
}

func (s *scanner) skipComment() bool {
	for ; s.at < len(s.text); s.at++ {
		switch c := s.text[s.at]; {
		case c == '\n' || c == '\r':
			return true
		case c < ' ' && c != '\t':
			return false
		}
	}
	return true
}

// skipToken skips the next token. It returns false if there is none.
func (s *scanner) skipToken() bool {
	switch c := s.text[s.at]; {
	case strings.IndexByte("!$&():=@[]{|}", c) >= 0:
		s.at++
		return true
	case strings.HasPrefix(s.text[s.at:], "..."):
		s.at += len("...")
		return true
	case strings.HasPrefix(s.text[s.at:], `"""`):
		s.at += len(`"""`)
		return s.skipBlockString()
	case c == '"':
		s.at++
		return s.skipString()
	case isNameByte(c) || c == '-':
		s.skipWord(c == '-' || isDigit(c))
		return true
	}
	return false
}

// skipWord skips a name, or a number with all that may belong to it.
func (s *scanner) skipWord(number bool) {
	for s.at++; s.at < len(s.text); s.at++ {
		c := s.text[s.at]
		if !isNameByte(c) && (!number || c != '.' && c != '-' && c != '+') {
			return
		}
	}
}

func (s *scanner) skipString() bool {
	for ; s.at < len(s.text); s.at++ {
		switch s.text[s.at] {
		case '\n', '\r':
			return false
		case '\\':
			s.at++
		case '"':
			s.at++
			return true
		}
	}
	return false
}

// skipBlockString skips the rest of a block string. As in gqlparser, the last three of more quotes end it.
func (s *scanner) skipBlockString() bool {
	for s.at < len(s.text) {
		rest := s.text[s.at:]
		switch {
		case strings.HasPrefix(rest, `\"""`):
			s.at += len(`\"""`)
		case strings.HasPrefix(rest, `"""`):
			s.at += len(rest) - len(strings.TrimLeft(rest, `"`))
			return true
		default:
			s.at++
		}
	}
	return false
}

func isNameByte(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || isDigit(c)
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
