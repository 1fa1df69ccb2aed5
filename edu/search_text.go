package edu

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// SearchText returns the words of a text in the form in which they are compared: in lower case and
// without accents, with one blank between words. Documents, queries, suggestions, corrections and
// tags are compared in this form. The function search_text of the
// database is its twin: TestSearchTextTwins compares them.
//
//   - Unicode: compatibility forms are equal (NFKC), and so are letters with and without accents.
//   - Compounds are split at every character that is not a letter, mark or digit: node.js is "node js".
//   - Symbols that carry meaning become words: c++ is "cplusplus", c# is "csharp", .net is
//     "dotnet net", so that its part finds it too.
//   - Runs of Chinese, Japanese, Korean, Thai, Lao, Khmer and Burmese letters, which have no blanks
//     between words, become overlapping pairs of letters: 株式投資 is "株式 式投 投資".
func SearchText(text string) string {
	text = lowerASCII(strings.ReplaceAll(text, "♯", "#"))
	plain := isASCII(text)
	if !plain {
		text = lowerASCII(removeRunes(norm.NFKD.String(text)))
	}
	text = replaceSymbols(text)
	var b strings.Builder
	b.Grow(len(text))
	gap := false
	for _, r := range text {
		if isSearchSeparator(r) {
			gap = b.Len() > 0
			continue
		}
		if gap {
			b.WriteByte(' ')
			gap = false
		}
		b.WriteRune(r)
	}
	if plain {
		return b.String()
	}
	return pairLetters(norm.NFC.String(foldLetters(b.String())))
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// lowerASCII converts ASCII letters to lower case. The other letters follow in foldLetters, by a
// table of our own, so that the result does not depend on the locale and version of the database.
func lowerASCII(text string) string {
	if !strings.ContainsFunc(text, func(r rune) bool { return r >= 'A' && r <= 'Z' }) {
		return text
	}
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, text)
}

// runeRange is a range of characters, both ends included.
type runeRange struct{ first, last rune }

func inRanges(ranges []runeRange, r rune) bool {
	for _, x := range ranges {
		if r <= x.last {
			return r >= x.first
		}
	}
	return false
}

// removedRunes are accents, vowel points, joiners and other characters that do not distinguish
// words. Sorted, as are the ranges below.
var removedRunes = []runeRange{
	{0xad, 0xad},
	{0x300, 0x36f},
	{0x483, 0x489},
	{0x591, 0x5bd},
	{0x5bf, 0x5bf},
	{0x5c1, 0x5c2},
	{0x5c4, 0x5c5},
	{0x5c7, 0x5c7},
	{0x610, 0x61a},
	{0x640, 0x640},
	{0x64b, 0x65f},
	{0x670, 0x670},
	{0x6d6, 0x6dc},
	{0x6df, 0x6e4},
	{0x6e7, 0x6e8},
	{0x6ea, 0x6ed},
	{0x1ab0, 0x1aff},
	{0x1dc0, 0x1dff},
	{0x200b, 0x200f},
	{0x2060, 0x2064},
	{0x20d0, 0x20ff},
	{0xfe00, 0xfe0f},
	{0xfe20, 0xfe2f},
	{0xfeff, 0xfeff},
}

// separatorRunes separate words: blanks, punctuation, symbols, and characters without a meaning.
var separatorRunes = []runeRange{
	{0x0, 0x2f},
	{0x3a, 0x40},
	{0x5b, 0x60},
	{0x7b, 0xbf},
	{0xd7, 0xd7},
	{0xf7, 0xf7},
	{0x2c2, 0x2c5},
	{0x2d2, 0x2df},
	{0x37e, 0x37e},
	{0x387, 0x387},
	{0x55a, 0x55f},
	{0x589, 0x58a},
	{0x5be, 0x5be},
	{0x5c0, 0x5c0},
	{0x5c3, 0x5c3},
	{0x5f3, 0x5f4},
	{0x60c, 0x60d},
	{0x61b, 0x61f},
	{0x66a, 0x66d},
	{0x6d4, 0x6d4},
	{0x964, 0x965},
	{0xe2f, 0xe2f},
	{0xe3f, 0xe3f},
	{0xe5a, 0xe5b},
	{0x104a, 0x104f},
	{0x1680, 0x1680},
	{0x17d4, 0x17db},
	{0x2000, 0x206f},
	{0x20a0, 0x20cf},
	{0x2190, 0x2bff},
	{0x2e00, 0x2fff},
	{0x3000, 0x3004},
	{0x3008, 0x3020},
	{0x3030, 0x3030},
	{0x3036, 0x3037},
	{0x303d, 0x303f},
	{0x30a0, 0x30a0},
	{0x30fb, 0x30fb},
	{0xe000, 0xf8ff},
	{0xfd3e, 0xfd3f},
	{0xfe10, 0xfe1f},
	{0xfe30, 0xfe6f},
	{0xfff9, 0xffff},
	{0x1f000, 0x1faff},
	{0xf0000, 0x10ffff},
}

// pairedRunes are the letters of scripts without blanks between words.
var pairedRunes = []runeRange{
	{0xe01, 0xeff},
	{0x1000, 0x109f},
	{0x1780, 0x17d3},
	{0x3005, 0x3007},
	{0x3041, 0x309f},
	{0x30a1, 0x30ff},
	{0x3105, 0x312f},
	{0x3400, 0x4dbf},
	{0x4e00, 0x9fff},
	{0xac00, 0xd7a3},
	{0x20000, 0x3ffff},
}

func isSearchSeparator(r rune) bool { return inRanges(separatorRunes, r) }

func isPairedRune(r rune) bool { return r >= 0xe01 && inRanges(pairedRunes, r) }

func removeRunes(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= 0x80 && inRanges(removedRunes, r) {
			return -1
		}
		return r
	}, text)
}

// replaceSymbols replaces c++, c# and .net, for each letter in place of the c, by words.
func replaceSymbols(text string) string {
	if !strings.Contains(text, "++") && !strings.Contains(text, "#") && !strings.Contains(text, ".net") {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		single := isASCIILetter(text[i]) && (i == 0 || !isASCIILetter(text[i-1]) && !isASCIIDigit(text[i-1]))
		switch rest := text[i+1:]; {
		case single && strings.HasPrefix(rest, "++"):
			b.WriteByte(text[i])
			b.WriteString("plusplus ")
			i += 2
		case single && strings.HasPrefix(rest, "#") && (len(rest) == 1 || !isASCIILetter(rest[1])):
			b.WriteByte(text[i])
			b.WriteString("sharp ")
			i++
		case text[i] == '.' && strings.HasPrefix(rest, "net") && (len(rest) == 3 || !isASCIILetter(rest[3])):
			b.WriteString(" dotnet net ")
			i += 3
		default:
			b.WriteByte(text[i])
		}
	}
	return b.String()
}

func isASCIILetter(c byte) bool { return c >= 'a' && c <= 'z' }

func isASCIIDigit(c byte) bool { return c >= '0' && c <= '9' }

// The letters that foldLetters replaces, at the place of their replacement: capitals of the Greek,
// Cyrillic and Armenian alphabets, and Latin letters that are not an ASCII letter with an accent.
const (
	foldedLetters = "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩςϘϚϜϞϠ" +
		"АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯЂЄЅІЈЉЊЋЏҐҒҔҖҘҚҜҞҠҢҤҦҨҪҬҮҰҲҴҶҸҺҼҾӀӃӅӇӉӋӍӔӘӠӨӶӺӼӾ" +
		"ԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔՕՖ" +
		"ØøĐđŁłĦħŦŧŊŋıƏÐðƁɓƊɗƘƙ"
	letterFolds = "αβγδεζηθικλμνξοπρστυφχψωσϙϛϝϟϡ" +
		"абвгдежзийклмнопрстуфхцчшщъыьэюяђєѕіјљњћџґғҕҗҙқҝҟҡңҥҧҩҫҭүұҳҵҷҹһҽҿӏӄӆӈӊӌӎӕәӡөӷӻӽӿ" +
		"աբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆ" +
		"oodd" + "llhh" + "ttnniəddbbddkk"
)

var letterFold = func() map[rune]string {
	fold := map[rune]string{'ẞ': "ss", 'ß': "ss", 'Æ': "ae", 'æ': "ae", 'Œ': "oe", 'œ': "oe", 'Þ': "th", 'þ': "th"}
	to := []rune(letterFolds)
	for i, r := range []rune(foldedLetters) {
		fold[r] = string(to[i])
	}
	return fold
}()

func foldLetters(text string) string {
	if isASCII(text) {
		return text
	}
	var b strings.Builder
	b.Grow(len(text))
	for _, r := range text {
		if to, ok := letterFold[r]; ok && r >= utf8.RuneSelf {
			b.WriteString(to)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// pairLetters separates runs of pairedRunes from other letters and turns each into overlapping pairs.
// A run of one letter stays.
func pairLetters(text string) string {
	if !strings.ContainsFunc(text, isPairedRune) {
		return text
	}
	var b strings.Builder
	letters := []rune(text)
	at := func(i int) rune {
		if i < 0 || i >= len(letters) {
			return ' '
		}
		return letters[i]
	}
	for i, r := range letters {
		paired, before, after := isPairedRune(r), at(i-1), at(i+1)
		if !paired && r != ' ' && isPairedRune(before) {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
		switch {
		case paired && isPairedRune(before) && isPairedRune(after):
			b.WriteByte(' ')
			b.WriteRune(r)
		case !paired && r != ' ' && isPairedRune(after):
			b.WriteByte(' ')
		}
	}
	return b.String()
}
