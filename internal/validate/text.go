package validate

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// ValidateLine returns a text of one line in Unicode's normalization form C, of least to
// most characters. Control characters are refused; all else is kept as it was
// sent.
func (in Input) ValidateLine(field, text string, least, most int) string {
	return in.validateString(field, text, least, most, "")
}

// ValidateText is Line for a text of several lines: tabs and line ends may be in it.
func (in Input) ValidateText(field, text string, least, most int) string {
	return in.validateString(field, text, least, most, "\t\n\r")
}

func (in Input) validateString(field, text string, least, most int, allowed string) string {
	text = norm.NFC.String(text)
	if i := strings.IndexFunc(text, func(r rune) bool { return isControlRune(r) && !strings.ContainsRune(allowed, r) }); i >= 0 {
		r, _ := utf8.DecodeRuneInString(text[i:])
		in.RejectField(field, "this holds the control character U+%04X, which is not allowed", r)
		return text
	}
	n := utf8.RuneCountInString(text)
	switch {
	case n > most:
		in.RejectField(field, "this is too long: %d characters at most, it has %d", most, n)
	case least > 0 && !strings.ContainsFunc(text, isVisibleRune):
		in.RejectField(field, "this must not be empty")
	case n < least:
		in.RejectField(field, "this is too short: %d characters at least, it has %d", least, n)
	}
	return text
}

// isControlRune tells whether a character does something to those around it in place of
// being seen: control characters, and those that turn the direction of text, which
// make a name look like another (Unicode Technical Report 36, section 2.11).
func isControlRune(r rune) bool {
	return unicode.IsControl(r) || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}

// isVisibleRune tells whether a character is seen. Some letters are blank.
func isVisibleRune(r rune) bool {
	return unicode.IsPrint(r) && !unicode.IsSpace(r) && !strings.ContainsRune("\u115f\u1160\u2800\u3164\uffa0", r)
}
