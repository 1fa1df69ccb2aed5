package middleware

import (
	"iter"
	"strings"
)

// maxForwardedLine is the maximum length in bytes of a Forwarded line that is parsed. An element
// has about 50 bytes.
const maxForwardedLine = 4 << 10

// forwardedClients yields the clients of the Forwarded header (RFC 7239 section 4), last first.
// The flag is false for an element without a valid address. Each header line is parsed separately,
// so an unclosed quote ends with its line.
func forwardedClients(lines []string) iter.Seq2[Client, bool] {
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

// forwardedElement is a forwarded-element of the grammar: parameter values by lower-case name.
type forwardedElement map[string]string

// parseForwarded parses one line. It returns false if the line does not match the grammar exactly;
// blanks around separators are accepted, because some proxies write them.
func parseForwarded(line string) (elements []forwardedElement, ok bool) {
	if len(line) > maxForwardedLine {
		return nil, false
	}
	in := fieldReader{line}
	e := forwardedElement{}
	for {
		in.skipBlanks()
		if name := in.readToken(); name != "" {
			value, ok := in.readValue()
			name = strings.ToLower(name)
			if _, twice := e[name]; !ok || twice {
				return nil, false
			}
			e[name] = value
			in.skipBlanks()
		}
		end := in.rest == ""
		if end || in.skipByte(',') {
			if len(e) > 0 {
				elements, e = append(elements, e), forwardedElement{}
			}
			if end {
				return elements, true
			}
		} else if !in.skipByte(';') {
			return nil, false
		}
	}
}

// fieldReader reads the lexical elements of HTTP fields (RFC 9110 section 5.6).
type fieldReader struct{ rest string }

func (in *fieldReader) skipBlanks() { in.rest = strings.TrimLeft(in.rest, " \t") }

func (in *fieldReader) skipByte(c byte) bool {
	ok := in.rest != "" && in.rest[0] == c
	if ok {
		in.rest = in.rest[1:]
	}
	return ok
}

// readToken reads a token, or returns "" if there is none.
func (in *fieldReader) readToken() string {
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

// readValue reads "=" followed by a token or a quoted string.
func (in *fieldReader) readValue() (string, bool) {
	if !in.skipByte('=') {
		return "", false
	}
	if !in.skipByte('"') {
		value := in.readToken()
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
