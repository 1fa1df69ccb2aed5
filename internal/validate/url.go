package validate

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// ValidateURL returns an absolute URL of http or https in Unicode's normalization form C. It must have
// at most maximum characters. A URL with a user name or password is rejected, because every viewer of
// the URL could read them.
func (in Input) ValidateURL(field, text string, maximum int) string {
	text = norm.NFC.String(text)
	if n := utf8.RuneCountInString(text); n > maximum {
		in.RejectField(field, "must have at most {max} characters; it has {actual}", maximum, n)
		return text
	}
	u, err := url.Parse(text)
	// RFC 3986 allows none of these characters, although browsers accept some of them.
	hasInvalidRune := strings.ContainsFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || isControlRune(r) || strings.ContainsRune("<>\"\\^`{|}", r)
	})
	if err != nil || hasInvalidRune || !isPublicHTTPURL(u) {
		in.RejectField(field, "must be a URL like https://example.com/picture.png: http or https, with an ASCII host, without user and password, without spaces and the characters <>\"\\^`{|}")
	}
	return text
}

// isPublicHTTPURL reports whether a URL has the scheme http or https, an ASCII host, and neither user
// name nor password.
func isPublicHTTPURL(u *url.URL) bool {
	return (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" && u.User == nil &&
		!strings.ContainsFunc(u.Host, func(r rune) bool { return r > unicode.MaxASCII })
}
