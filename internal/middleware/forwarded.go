package middleware

import (
	"iter"
	"strings"
)

// maxForwarded is the longest line of Forwarded that is read, in bytes: an element
// has some 50.
const maxForwarded = 4 << 10

// forwarded yields the clients of the header Forwarded (RFC 7239 section 4), the
// last first, and false with one that does not tell its address. Each line of the
// header stands for itself, so that a quote that is never closed ends with the line
// that it is in.
func forwarded(lines []string) iter.Seq2[Client, bool] {
	return func(yield func(Client, bool) bool) {
		for i := len(lines) - 1; i >= 0; i-- {
			elements, ok := parseForwarded(lines[i])
			if !ok {
				yield(Client{}, false)
				return
			}
			for j := len(elements) - 1; j >= 0; j-- {
				e := elements[j]
				a, ok := parseNode(e["for"])
				if !yield(Client{Address: a, TLS: strings.EqualFold(e["proto"], "https")}, ok) {
					return
				}
			}
		}
	}
}

// element is a forwarded-element: its parameters by their names in lower case.
type element map[string]string

// parseForwarded reads a line, or returns false for one that is not to the letter of
// the grammar, but for blanks around its separators, which some proxies write.
func parseForwarded(line string) (elements []element, ok bool) {
	if len(line) > maxForwarded {
		return nil, false
	}
	in := fieldReader{line}
	e := element{}
	for {
		in.blanks()
		if name := in.token(); name != "" {
			value, ok := in.value()
			name = strings.ToLower(name)
			if _, twice := e[name]; !ok || twice {
				return nil, false
			}
			e[name] = value
			in.blanks()
		}
		end := in.rest == ""
		if end || in.skip(',') {
			if len(e) > 0 {
				elements, e = append(elements, e), element{}
			}
			if end {
				return elements, true
			}
		} else if !in.skip(';') {
			return nil, false
		}
	}
}

// fieldReader reads the parts that fields of HTTP are made of (RFC 9110 section 5.6).
type fieldReader struct{ rest string }

func (in *fieldReader) blanks() { in.rest = strings.TrimLeft(in.rest, " \t") }

func (in *fieldReader) skip(c byte) bool {
	ok := in.rest != "" && in.rest[0] == c
	if ok {
		in.rest = in.rest[1:]
	}
	return ok
}

// token reads a token, "" where there is none.
func (in *fieldReader) token() string {
	n := 0
	for n < len(in.rest) && isTokenByte(in.rest[n]) {
		n++
	}
	token := in.rest[:n]
	in.rest = in.rest[n:]
	return token
}

func isTokenByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}

// value reads "=" and a token or a quoted string.
func (in *fieldReader) value() (string, bool) {
	if !in.skip('=') {
		return "", false
	}
	if !in.skip('"') {
		value := in.token()
		return value, value != ""
	}
	var value strings.Builder
	for i := 0; i < len(in.rest); i++ {
		switch c := in.rest[i]; c {
		case '"':
			in.rest = in.rest[i+1:]
			return value.String(), true
		case '\\':
			if i++; i == len(in.rest) {
				return "", false
			}
			value.WriteByte(in.rest[i])
		default:
			value.WriteByte(c)
		}
	}
	return "", false
}
