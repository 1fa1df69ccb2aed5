package validate

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// MaxSlugLength is the maximum length of a slug that Slugify returns. If a slug already exists, the
// store appends a hyphen and six characters, which makes 80.
const MaxSlugLength = 73

// latinLetters maps the Latin letters that do not decompose into an ASCII letter and marks.
var latinLetters = map[rune]string{
	'ß': "ss", 'æ': "ae", 'œ': "oe", 'ø': "o", 'đ': "d", 'ð': "d", 'þ': "th", 'ł': "l", 'ħ': "h", 'ŧ': "t", 'ŋ': "ng", 'ı': "i",
}

// Slugify returns the slug of a title for URLs: lower-case ASCII letters and digits, with single hyphens
// between words. Letters lose their marks and apostrophes are dropped. The slug of a title without Latin
// letters and digits is "course". Long slugs are truncated at a hyphen.
func Slugify(title string) string {
	var slug strings.Builder
	gap := false
	for _, r := range norm.NFKD.String(title) {
		r = unicode.ToLower(r)
		text := latinLetters[r]
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			text = string(r)
		case unicode.IsMark(r), r == '\'', r == '’':
			continue
		case text == "":
			gap = slug.Len() > 0
			continue
		}
		if gap {
			slug.WriteByte('-')
			gap = false
		}
		slug.WriteString(text)
	}
	return truncateSlug(slug.String())
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
