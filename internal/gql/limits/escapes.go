package limits

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// checkEscapes rejects a text with half a surrogate pair in a string (GraphQL specification, section
// 2.9.4). gqlparser reads it as U+FFFD.
func checkEscapes(text string) *gqlerror.Error {
	if !strings.Contains(text, `\u`) {
		return nil
	}
	s := scanner{text: text}
	for {
		start, ok := s.skipIgnored()
		if !ok || start == len(text) || !s.skipToken() {
			return nil // gqlparser rejects what is not a token
		}
		token := text[start:s.at]
		if token[0] != '"' || strings.HasPrefix(token, `"""`) {
			continue
		}
		if at := findHalfSurrogate(token); at >= 0 {
			return halfSurrogateError(text, start+at)
		}
	}
}

// findHalfSurrogate returns the place of the first half of a surrogate pair in a string without its other
// half, -1 for none.
func findHalfSurrogate(token string) int {
	for i := 0; i < len(token); i++ {
		if token[i] != '\\' {
			continue
		}
		first, ok := parseEscape(token[i:])
		if !ok || !utf16.IsSurrogate(first) {
			i++ // the escaped character
			continue
		}
		second, ok := parseEscape(token[i+6:])
		if !ok || utf16.DecodeRune(first, second) == utf8.RuneError {
			return i
		}
		i += 11
	}
	return -1
}

// parseEscape parses \uXXXX at the beginning of a text.
func parseEscape(text string) (rune, bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(text[2:6], 16, 16)
	return rune(n), err == nil
}

func halfSurrogateError(text string, at int) *gqlerror.Error {
	before := text[:at]
	line := 1 + strings.Count(before, "\n")
	column := 1 + utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
	return &gqlerror.Error{
		Message:    "Invalid Unicode escape sequence: half of a surrogate pair",
		Locations:  []gqlerror.Location{{Line: line, Column: column}},
		Extensions: map[string]any{"code": errcode.ParseFailed},
	}
}
