package check

import (
	"regexp"
	"unicode/utf8"
)

// MaxEmail is the most characters of an email, as RFC 5321 section 4.5.3.1.3 has
// it less the brackets around.
const MaxEmail = 254

// email is what browsers take as one: "valid e-mail address" of the HTML Living
// Standard, section 4.10.5.1.5.
var email = regexp.MustCompile("^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@" + label + `(\.` + label + ")*$")

const label = "[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"

// Email returns a text that looks like an email.
func (c Checker) Email(field, text string) string {
	switch n := utf8.RuneCountInString(text); {
	case n > MaxEmail:
		c.Invalid(field, "this is too long: %d characters at most, it has %d", MaxEmail, n)
	case !email.MatchString(text):
		c.Invalid(field, "this is no email: it must look like name@example.com, in letters of ASCII")
	}
	return text
}
