package validate

import (
	"regexp"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/mozillazg/go-unidecode"
	"golang.org/x/text/unicode/norm"
)

// MaxSlugLength is the maximum length of a slug that Slugify returns. If a slug already exists, the
// store appends a hyphen and six characters, which makes 80.
const MaxSlugLength = 73

// The names of languages that a symbol ends, such as C++ and F#.
var (
	plusPlus = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?i)\b([a-z])\+\+`) })
	sharp    = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?i)\b([a-z])#(\W|$)`) })
)

// Slugify returns the slug of a title for URLs: lower-case ASCII letters and digits, with single hyphens
// between words. Letters of other scripts are transliterated, accents and apostrophes are dropped, C++
// is "c-plus-plus" and C# "c-sharp". The slug of a title without letters and digits is "course". Long
// slugs are truncated at a hyphen.
func Slugify(title string) string {
	title = sharp().ReplaceAllString(plusPlus().ReplaceAllString(norm.NFKC.String(title), "$1 plus plus "), "$1 sharp $2")
	var slug strings.Builder
	gap := false
	for _, r := range title {
		if r == '\'' || r == '’' || r >= 0x300 && r <= 0x36f {
			continue
		}
		for _, c := range transliterate(r) {
			if (c < 'a' || c > 'z') && (c < '0' || c > '9') {
				gap = slug.Len() > 0
				continue
			}
			if gap {
				slug.WriteByte('-')
				gap = false
			}
			slug.WriteRune(c)
		}
	}
	return truncateSlug(slug.String())
}

// transliterate returns a character in ASCII and in lower case; a blank if it is neither a letter nor a
// digit.
func transliterate(r rune) string {
	if !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r) {
		return " "
	}
	if base := norm.NFD.String(string(r))[0]; base < utf8.RuneSelf {
		return strings.ToLower(string(rune(base)))
	}
	return strings.ToLower(unidecode.Unidecode(string(r)))
}

// truncateSlug shortens a slug to at most MaxSlugLength characters, at a hyphen if there is one, and
// replaces an empty slug by "course".
func truncateSlug(slug string) string {
	if slug == "" {
		return "course"
	}
	if len(slug) <= MaxSlugLength {
		return slug
	}
	if hyphen := strings.LastIndexByte(slug[:MaxSlugLength+1], '-'); hyphen > 0 {
		return slug[:hyphen]
	}
	return slug[:MaxSlugLength]
}
