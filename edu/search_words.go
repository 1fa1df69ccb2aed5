package edu

import (
	"iter"
	"strings"
	"unicode"
	"unicode/utf8"
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
			if !plain {
				if !yieldFolded(text, start, end, yield) {
					return
				}
				continue
			}
			word := SearchWord{Start: start, End: end, Word: lowerASCII(text[start:end])}
			if end-start == 1 && strings.HasPrefix(text[end:], "++") {
				word.End, word.Word = end+2, word.Word+"plusplus"
			} else if end-start == 1 && strings.HasPrefix(text[end:], "#") && !startsWithASCIILetter(text[end+1:]) {
				word.End, word.Word = end+1, word.Word+"sharp"
			} else if word.Word == "net" && start > 0 && text[start-1] == '.' && !yield(SearchWord{start - 1, end, "dotnet"}) {
				return
			}
			if !yield(word) {
				return
			}
			at = word.End
		}
	}
}

func startsWithASCIILetter(text string) bool { return text != "" && isASCIILetter(text[0]|0x20) }

// wordEnd returns the end of the word at the start of a text, and whether it is in ASCII. Letters
// that form pairs are words apart from other letters.
func wordEnd(text string, at int) (end int, plain bool) {
	plain, end = true, at
	for end < len(text) {
		if c := text[end]; c < utf8.RuneSelf {
			if !isASCIILetter(c|0x20) && !isASCIIDigit(c) {
				return end, plain
			}
			end++
			continue
		}
		r, size := utf8.DecodeRuneInString(text[end:])
		if isSearchSeparator(r) && !unicode.IsNumber(r) && !inRanges(removedRunes, r) {
			return end, plain
		}
		if first, _ := utf8.DecodeRuneInString(text[at:]); end > at && isPairedRune(first) != isPairedRune(r) {
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
