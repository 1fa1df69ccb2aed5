package auth

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// The length of a password: of characters at least, of bytes as sent at most.
// No kinds of characters are asked for, after NIST SP 800-63B section 3.1.1.2.
const (
	MinPassword = 10
	MaxPassword = 1024
)

// commonText holds the commonest passwords of MinPassword characters and more,
// one a line in small letters, from what leaks of the last years had most.
//
//go:embed common_passwords.txt
var commonText string

var common = sync.OnceValue(func() map[string]bool {
	set := map[string]bool{}
	for line := range strings.Lines(commonText) {
		set[strings.TrimSpace(line)] = true
	}
	return set
})

// Weakness tells a person why a password is not taken, "" where it is. Name and
// email are those of the account, which are guessed first.
func Weakness(password, name, email string) string {
	if len(password) > MaxPassword {
		return fmt.Sprintf("this is too long: %d bytes at most, it has %d", MaxPassword, len(password))
	}
	password = norm.NFC.String(password)
	if n := utf8.RuneCountInString(password); n < MinPassword {
		return fmt.Sprintf("this is too short: %d characters at least, it has %d", MinPassword, n)
	}
	if common()[strings.ToLower(password)] {
		return "this is one of the commonest passwords, which are guessed first"
	}
	local, _, _ := strings.Cut(email, "@")
	for _, own := range []string{name, email, local} {
		if strings.EqualFold(password, norm.NFC.String(own)) {
			return "this is the account's own name or email, which is guessed first"
		}
	}
	return ""
}
