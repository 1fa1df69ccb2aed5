package edu

import (
	"iter"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// SearchWord is a word of a text in the form of SearchText, and its place in the text in bytes.
type SearchWord struct {
	Start, End int
	Word       string
}

// SearchWords returns the words of a text in their order, each with its place in the text as it is.
// Places overlap where letters form pairs: see SearchText.
func SearchWords(text string) iter.Seq[SearchWord] {
	return func(yield func(SearchWord) bool) {
		for at := 0; at < len(text); {
			end, plain := wordEnd(text, at)
			if end == at {
				_, size := utf8.DecodeRuneInString(text[at:])
				at += size
				continue
			}
			start := at
			at = end
			base := baseLetters(text[start:end])
			if !plain && !isLetter(base) {
				if !yieldFolded(text, start, end, yield) {
					return
				}
				continue
			}
			word := SearchWord{Start: start, End: end, Word: base}
			after, single := text[end:], isLetter(base)
			sharp := 0
			if r, size := utf8.DecodeRuneInString(after); r == '#' || r == '♯' {
				sharp = size
			}
			switch {
			case single && strings.HasPrefix(after, "++"):
				word.End, word.Word = end+2, word.Word+"plusplus"
			case single && sharp > 0 && !startsWithLetter(after[sharp:]):
				word.End, word.Word = end+sharp, word.Word+"sharp"
			case start > 0 && text[start-1] == '.' && strings.HasPrefix(word.Word, "net") && !startsWithLetter(word.Word[3:]):
				word.End, word.Word = start+3, "net"
				if !yield(SearchWord{start - 1, word.End, "dotnet"}) {
					return
				}
			}
			if !yield(word) {
				return
			}
			at = word.End
		}
	}
}

// baseLetters returns a text in lower case and without accents, before SearchText replaces other letters.
func baseLetters(text string) string { return lowerASCII(removeRunes(norm.NFKD.String(text))) }

func isLetter(word string) bool { return len(word) == 1 && isASCIILetter(word[0]) }

func startsWithLetter(text string) bool {
	_, size := utf8.DecodeRuneInString(text)
	first := baseLetters(text[:size])
	return first != "" && isASCIILetter(first[0])
}

// wordEnd returns the end of the word at the start of a text, and whether it is in ASCII. Letters
// that form pairs are words apart from other letters.
func wordEnd(text string, at int) (end int, plain bool) {
	plain, end = true, at
	first, _ := utf8.DecodeRuneInString(text[at:])
	for end < len(text) {
		if c := text[end]; c < utf8.RuneSelf {
			if !isASCIILetter(c|0x20) && !isASCIIDigit(c) || isPairedRune(first) {
				return end, plain
			}
			end++
			continue
		}
		r, size := utf8.DecodeRuneInString(text[end:])
		if isSearchSeparator(r) && !unicode.IsNumber(r) && !inRanges(removedRunes, r) {
			return end, plain
		}
		if end > at && isPairedRune(first) != isPairedRune(r) {
			return end, plain
		}
		plain = false
		end += size
	}
	return end, plain
}

// yieldFolded yields the words of text[start:end], which is one word or a run of letters that form
// pairs.
func yieldFolded(text string, start, end int, yield func(SearchWord) bool) bool {
	run := text[start:end]
	words := strings.Fields(SearchText(run))
	var starts []int
	for i := range run {
		starts = append(starts, start+i)
	}
	starts = append(starts, end)
	first, _ := utf8.DecodeRuneInString(run)
	pairs := isPairedRune(first) && len(words) == len(starts)-2
	for i, word := range words {
		w := SearchWord{Start: start, End: end, Word: word}
		if pairs {
			w.Start, w.End = starts[i], starts[i+2]
		}
		if !yield(w) {
			return false
		}
	}
	return true
}
