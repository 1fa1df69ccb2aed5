package validate

import (
	"regexp"
	"unicode/utf8"
)

// MaxEmailLength is the maximum length of an email in characters: the limit of RFC 5321, section
// 4.5.3.1.3, without the enclosing angle brackets.
const MaxEmailLength = 254

// emailPattern matches the emails that browsers accept: "valid e-mail address" of the HTML Living
// Standard, section 4.10.5.1.5.
var emailPattern = regexp.MustCompile("^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@" + domainLabel + `(\.` + domainLabel + ")*$")

const domainLabel = "[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"

// ValidateEmail returns an email. It must have the syntax of emailPattern and at most MaxEmailLength
// characters.
func (in Input) ValidateEmail(field, text string) string {
	switch n := utf8.RuneCountInString(text); {
	case n > MaxEmailLength:
		in.RejectField(field, "must have at most %d characters; it has %d", MaxEmailLength, n)
	case !emailPattern.MatchString(text):
		in.RejectField(field, "must be an email like name@example.com, in ASCII characters")
	}
	return text
}
