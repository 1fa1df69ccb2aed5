package validate

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// MaxSlugLength is the most characters of what Slug returns: with a hyphen and a suffix
// of six, which the store adds where a slug is taken, they are 80.
const MaxSlugLength = 73

// latinLetters are the letters of the Latin script that do not decompose into one of
// ASCII and marks.
var latinLetters = map[rune]string{
	'ß': "ss", 'æ': "ae", 'œ': "oe", 'ø': "o", 'đ': "d", 'ð': "d", 'þ': "th", 'ł': "l", 'ħ': "h", 'ŧ': "t", 'ŋ': "ng", 'ı': "i",
}

// Slugify makes of a title what is fit for an address: lower-case letters and digits
// of ASCII, with single hyphens between them. Letters lose their marks; apostrophes
// are left out; a title without any letter of the Latin script and without a digit
// is "course". What is too long is cut at a hyphen.
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

// truncateSlug shortens a slug to MaxSlugLength characters, at a hyphen if there is one.
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
