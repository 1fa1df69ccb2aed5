package validate

import (
	"regexp"
	"unicode/utf8"
)

// MaxEmailLength is the most characters of an email, as RFC 5321 section 4.5.3.1.3 has
// it less the brackets around.
const MaxEmailLength = 254

// emailPattern is what browsers take as one: "valid e-mail address" of the HTML Living
// Standard, section 4.10.5.1.5.
var emailPattern = regexp.MustCompile("^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@" + domainLabel + `(\.` + domainLabel + ")*$")

const domainLabel = "[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"

// ValidateEmail returns a text that looks like an email.
func (in Input) ValidateEmail(field, text string) string {
	switch n := utf8.RuneCountInString(text); {
	case n > MaxEmailLength:
		in.RejectField(field, "this is too long: %d characters at most, it has %d", MaxEmailLength, n)
	case !emailPattern.MatchString(text):
		in.RejectField(field, "this is no email: it must look like name@example.com, in letters of ASCII")
	}
	return text
}
