package validate

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// ValidateLine returns a single-line text in Unicode's normalization form C. It must have from minimum
// to maximum characters and no control characters; nothing else is changed.
func (in Input) ValidateLine(field, text string, minimum, maximum int) string {
	return in.validateString(field, text, minimum, maximum, "")
}

// ValidateText is ValidateLine for a text of several lines: tabs and line ends are allowed.
func (in Input) ValidateText(field, text string, minimum, maximum int) string {
	return in.validateString(field, text, minimum, maximum, "\t\n\r")
}

// validateString validates a text. The control characters of allowed may be in it.
func (in Input) validateString(field, text string, minimum, maximum int, allowed string) string {
	text = norm.NFC.String(text)
	if i := strings.IndexFunc(text, func(r rune) bool { return isControlRune(r) && !strings.ContainsRune(allowed, r) }); i >= 0 {
		r, _ := utf8.DecodeRuneInString(text[i:])
		in.RejectField(field, "must not contain the control character {character}", fmt.Sprintf("U+%04X", r))
		return text
	}
	n := utf8.RuneCountInString(text)
	switch {
	case n > maximum:
		in.RejectField(field, "must have at most {max} characters; it has {actual}", maximum, n)
	case minimum > 0 && !strings.ContainsFunc(text, isVisibleRune):
		in.RejectField(field, "must not be empty or blank")
	case n < minimum:
		in.RejectField(field, "must have at least {min} characters; it has {actual}", minimum, n)
	}
	return text
}

// isControlRune reports whether a character controls its surroundings instead of being displayed:
// control characters and bidirectional formatting characters. The latter can make a name resemble
// another one (Unicode Technical Report 36, section 2.11).
func isControlRune(r rune) bool {
	return unicode.IsControl(r) || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}

// isVisibleRune reports whether a character is visible. Some letters are blank.
func isVisibleRune(r rune) bool {
	return unicode.IsPrint(r) && !unicode.IsSpace(r) && !strings.ContainsRune("\u115f\u1160\u2800\u3164\uffa0", r)
}
