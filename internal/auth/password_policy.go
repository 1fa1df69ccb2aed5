package auth

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// The minimum length of a password in characters and its maximum length in bytes. No character
// classes are required, following NIST SP 800-63B section 3.1.1.2.
const (
	MinPasswordChars = 10
	MaxPasswordBytes = 1024
)

// commonPasswordText holds the most common passwords of at least MinPasswordChars characters in leaks
// of recent years, one a line in lower case.
//
//go:embed common_passwords.txt
var commonPasswordText string

var commonPasswords = sync.OnceValue(func() map[string]bool {
	set := map[string]bool{}
	for line := range strings.Lines(commonPasswordText) {
		set[strings.TrimSpace(line)] = true
	}
	return set
})

// PasswordWeakness returns the reason to reject a password, or "" to accept it. Name and email are
// those of the account, which attackers guess first.
func PasswordWeakness(password, name, email string) string {
	if len(password) > MaxPasswordBytes {
		return fmt.Sprintf("this is too long: %d bytes at most, it has %d", MaxPasswordBytes, len(password))
	}
	password = norm.NFC.String(password)
	if n := utf8.RuneCountInString(password); n < MinPasswordChars {
		return fmt.Sprintf("this is too short: %d characters at least, it has %d", MinPasswordChars, n)
	}
	if commonPasswords()[strings.ToLower(password)] {
		return "this is one of the most common passwords, which are guessed first"
	}
	local, _, _ := strings.Cut(email, "@")
	for _, own := range []string{name, email, local} {
		if strings.EqualFold(password, norm.NFC.String(own)) {
			return "this is the account's own name or email, which is guessed first"
		}
	}
	return ""
}
