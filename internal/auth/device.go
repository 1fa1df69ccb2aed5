package auth

import (
	"strings"
	"unicode"

	"github.com/mileusna/useragent"
)

const (
	maxUserAgentBytes = 512 // that are read
	maxDeviceChars    = 100
)

// DescribeDevice returns the program and the system of a User-Agent header for people, such as "Firefox on
// Linux" or "Safari on iPhone", and "" for an empty header. Other programs than browsers are called by the
// first product of their header (RFC 9110, section 10.1.5). The result has at most 100 characters, all of
// them printable.
func DescribeDevice(userAgent string) string {
	userAgent = strings.ToValidUTF8(userAgent[:min(len(userAgent), maxUserAgentBytes)], "")
	parsed := useragent.Parse(userAgent)
	program, system := parsed.Name, parsed.Device
	if !strings.HasPrefix(userAgent, "Mozilla/") || program == userAgent {
		program, _, _ = strings.Cut(userAgent, "/")
	}
	if system == "" {
		system = parsed.OS
	}
	if program != "" && system != "" {
		program += " on " + system
	}
	printable := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, program)
	text := []rune(strings.TrimSpace(printable))
	return string(text[:min(len(text), maxDeviceChars)])
}
