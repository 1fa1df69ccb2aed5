package validate

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// ValidateURL returns an absolute address of http or https, of at most some characters,
// in Unicode's normalization form C. One with a user's name or password in it is
// refused: everyone would see them.
func (in Input) ValidateURL(field, text string, most int) string {
	text = norm.NFC.String(text)
	if n := utf8.RuneCountInString(text); n > most {
		in.RejectField(field, "this is too long: %d characters at most, it has %d", most, n)
		return text
	}
	u, err := url.Parse(text)
	// What RFC 3986 has no place for, whatever a browser may make of it.
	strange := strings.ContainsFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || isControlRune(r) || strings.ContainsRune("<>\"\\^`{|}", r)
	})
	if err != nil || strange || strings.ContainsFunc(u.Host, func(r rune) bool { return r > unicode.MaxASCII }) || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil {
		in.RejectField(field, "this must be an address like https://example.com/picture.png: http or https, a host, no user or password, no blanks, brackets or quotes")
	}
	return text
}
