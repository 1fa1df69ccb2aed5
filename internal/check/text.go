package check

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Line returns a text of one line in Unicode's normalization form C, of least to
// most characters. Control characters are refused; all else is kept as it was
// sent.
func (c Checker) Line(field, text string, least, most int) string {
	return c.text(field, text, least, most, "")
}

// Text is Line for a text of several lines: tabs and line ends may be in it.
func (c Checker) Text(field, text string, least, most int) string {
	return c.text(field, text, least, most, "\t\n\r")
}

func (c Checker) text(field, text string, least, most int, allowed string) string {
	text = norm.NFC.String(text)
	if i := strings.IndexFunc(text, func(r rune) bool { return control(r) && !strings.ContainsRune(allowed, r) }); i >= 0 {
		r, _ := utf8.DecodeRuneInString(text[i:])
		c.Invalid(field, "this holds the control character U+%04X, which is not allowed", r)
		return text
	}
	n := utf8.RuneCountInString(text)
	switch {
	case n > most:
		c.Invalid(field, "this is too long: %d characters at most, it has %d", most, n)
	case least > 0 && !strings.ContainsFunc(text, visible):
		c.Invalid(field, "this must not be empty")
	case n < least:
		c.Invalid(field, "this is too short: %d characters at least, it has %d", least, n)
	}
	return text
}

// control tells whether a character does something to those around it in place of
// being seen: control characters, and those that turn the direction of text, which
// make a name look like another (Unicode Technical Report 36, section 2.11).
func control(r rune) bool {
	return unicode.IsControl(r) || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}

// visible tells whether a character is seen. Some letters are blank.
func visible(r rune) bool {
	return unicode.IsPrint(r) && !unicode.IsSpace(r) && !strings.ContainsRune("\u115f\u1160\u2800\u3164\uffa0", r)
}
