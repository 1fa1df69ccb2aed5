package edu

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// SearchQuery is a search text as PostgreSQL's to_tsquery reads it. Words are in the form of
// SearchText, so they contain letters, marks and digits only.
type SearchQuery struct {
	// Exact is the SearchText of the whole text. Titles that equal it match, and rank first.
	Exact string
	// Whole is the query with the last word as a whole word, e.g. "'react' & 'na'".
	Whole string
	// Prefix is the last word as the start of a word, e.g. "'na':*", and PrefixRest is the query
	// that must match beside it. Prefix is "" if the text does not end in a word.
	Prefix, PrefixRest string
	// Optional are words that need not occur but rank, "" for none: see optionalWords.
	Optional string
	// Words are the words that must occur; of alternatives, all.
	Words []string
	// Excluded are words and phrases that must not occur, as a tsquery, "" for none.
	Excluded string
}

// IsWord reports whether the text is a single word.
func (q SearchQuery) IsWord() bool { return len(q.Words) == 1 && q.Exact == q.Words[0] }

// optionalWords are words that people add to the subject of a search and that few courses contain,
// because every course is one, and stop words of languages other than English, whose stop words
// PostgreSQL knows. They are required only if there is no other word.
var optionalWords = func() map[string]bool {
	words := map[string]bool{}
	for _, list := range []string{
		"course courses class classes tutorial tutorials lesson lessons training curso cursos cours kurs kurse corso corsi курс курсы",
		"de del la el los las en y para con un una le les des du et pour une der das und fur mit di il per da em os и в на для",
	} {
		for _, word := range strings.Fields(list) {
			words[word] = true
		}
	}
	return words
}()

// searchTerm is one part of a search text between blanks, or a phrase between quotes.
type searchTerm struct {
	words           []string
	phrase, exclude bool
}

// sql returns the term as a part of a tsquery.
func (t searchTerm) sql() string {
	operator := " & "
	if t.phrase || t.exclude {
		operator = " <-> "
	}
	words := "'" + strings.Join(t.words, "'"+operator+"'") + "'"
	if t.exclude {
		return "!(" + words + ")"
	}
	if t.phrase {
		return "(" + words + ")"
	}
	return words
}

// ParseSearchQuery parses a search text. Words must all occur; "a phrase" must occur as it is, `or`
// between words requires one side, and a word or phrase directly after a dash must not occur. A dash
// before a blank, and a quote without a second one, mean nothing.
func ParseSearchQuery(text string) SearchQuery {
	q := SearchQuery{Exact: SearchText(text)}
	groups := parseSearchTerms(text)
	var whole []string
	for i, terms := range groups {
		required, optional := splitOptional(terms)
		var parts []string
		for _, t := range required {
			parts = append(parts, t.sql())
			if t.exclude {
				q.Excluded = joinNonEmpty(" | ", q.Excluded, strings.TrimPrefix(t.sql(), "!"))
			} else {
				q.Words = append(q.Words, t.words...)
			}
		}
		for _, t := range optional {
			q.Optional = joinNonEmpty(" | ", q.Optional, t.sql())
		}
		if len(parts) > 0 {
			whole = append(whole, strings.Join(parts, " & "))
		}
		if i == len(groups)-1 && len(required) > 0 && slices.Equal(required[len(required)-1].words, terms[len(terms)-1].words) {
			q.setPrefix(required, parts)
		}
	}
	q.Whole = strings.Join(whole, " | ")
	return q
}

// setPrefix makes the last word of the last terms the start of a word. A single letter is one only
// beside other words, because most courses contain a word that starts with it.
func (q *SearchQuery) setPrefix(terms []searchTerm, parts []string) {
	if len(terms) == 0 {
		return
	}
	end := terms[len(terms)-1]
	n := len(end.words) - 1
	word := end.words[n]
	if end.phrase || end.exclude || len(q.Words) == 1 && len(word) == 1 {
		return
	}
	rest := slices.Clone(parts[:len(parts)-1])
	if n > 0 {
		rest = append(rest, searchTerm{words: end.words[:n]}.sql())
	}
	q.Prefix, q.PrefixRest = "'"+word+"':*", strings.Join(rest, " & ")
}

// splitOptional separates the terms of one optional word from the others. If there are no other
// positive terms, all terms are required.
func splitOptional(terms []searchTerm) (required, optional []searchTerm) {
	for _, t := range terms {
		if len(t.words) == 1 && !t.exclude && !t.phrase && optionalWords[t.words[0]] {
			optional = append(optional, t)
		} else {
			required = append(required, t)
		}
	}
	if !slices.ContainsFunc(required, func(t searchTerm) bool { return !t.exclude }) {
		return terms, nil
	}
	return required, optional
}

func joinNonEmpty(separator, a, b string) string {
	if a == "" {
		return b
	}
	return a + separator + b
}

// parseSearchTerms returns the terms of a search text, in the groups that `or` separates.
func parseSearchTerms(text string) [][]searchTerm {
	groups := [][]searchTerm{nil}
	for {
		text = strings.TrimLeftFunc(text, unicode.IsSpace)
		if text == "" {
			return groups
		}
		var t searchTerm
		body := strings.TrimLeft(text, "-")
		t.exclude = len(body) < len(text) && strings.IndexFunc(body, unicode.IsSpace) != 0
		var content string
		content, text, t.phrase = cutSearchTerm(body)
		if strings.EqualFold(content, "or") && !t.phrase && !t.exclude && len(groups[len(groups)-1]) > 0 && strings.TrimSpace(text) != "" {
			groups = append(groups, nil)
			continue
		}
		if t.words = strings.Fields(SearchText(content)); len(t.words) > 0 {
			groups[len(groups)-1] = append(groups[len(groups)-1], t)
		}
	}
}

// searchQuotes are the characters that begin and end a phrase.
const searchQuotes = "\"“”„«»"

// cutSearchTerm returns the phrase or word at the start of a text, and the text after it. A quote
// without a second one is skipped.
func cutSearchTerm(text string) (content, after string, phrase bool) {
	isQuote := func(r rune) bool { return strings.ContainsRune(searchQuotes, r) }
	if first, size := utf8.DecodeRuneInString(text); isQuote(first) {
		text = text[size:]
		if end := strings.IndexFunc(text, isQuote); end >= 0 {
			_, size = utf8.DecodeRuneInString(text[end:])
			return text[:end], text[end+size:], true
		}
	}
	end := strings.IndexFunc(text, func(r rune) bool { return unicode.IsSpace(r) || isQuote(r) })
	if end < 0 {
		return text, "", false
	}
	return text[:end], text[end:], false
}
