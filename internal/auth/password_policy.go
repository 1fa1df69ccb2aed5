package auth

import (
	_ "embed"
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

// PasswordWeakness returns the reason to reject a password, or "" to accept it, as a template and its values
// for edu.NewUserError. Name and email are those of the account, which attackers guess first.
func PasswordWeakness(password, name, email string) (template string, values []any) {
	if len(password) > MaxPasswordBytes {
		return "this is too long: {max} bytes at most, it has {actual}", []any{MaxPasswordBytes, len(password)}
	}
	password = norm.NFC.String(password)
	if n := utf8.RuneCountInString(password); n < MinPasswordChars {
		return "this is too short: {min} characters at least, it has {actual}", []any{MinPasswordChars, n}
	}
	if commonPasswords()[strings.ToLower(password)] {
		return "this is one of the most common passwords, which are guessed first", nil
	}
	local, _, _ := strings.Cut(email, "@")
	for _, own := range []string{name, email, local} {
		if strings.EqualFold(password, norm.NFC.String(own)) {
			return "this is the account's own name or email, which is guessed first", nil
		}
	}
	return "", nil
}
