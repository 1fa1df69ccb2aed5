package validate

import (
	"regexp"
	"sync"
	"unicode/utf8"

	"github.com/7p-education/api/edu"
)

// emailPattern matches the emails that browsers accept: "valid e-mail address" of the HTML Living
// Standard, section 4.10.5.1.5.
var emailPattern = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile("^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@" + domainLabel + `(\.` + domainLabel + ")*$")
})

const domainLabel = "[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"

// ValidateEmail returns an email, trimmed. It must have the syntax of emailPattern and at most
// edu.MaxEmailLength characters.
func (in Input) ValidateEmail(field, text string) string {
	text = edu.TrimEmail(text)
	switch n := utf8.RuneCountInString(text); {
	case n > edu.MaxEmailLength:
		in.RejectField(field, "must have at most {max} characters; it has {actual}", edu.MaxEmailLength, n)
	case !emailPattern().MatchString(text):
		in.RejectField(field, "must be an email like name@example.com, in ASCII characters")
	}
	return text
}
