package auth_test

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/7p-education/api/internal/auth"
)

func TestRefreshToken(t *testing.T) {
	t.Parallel()
	token, hash := auth.NewRefreshToken()
	another, otherHash := auth.NewRefreshToken()
	if token == another || hash == otherHash {
		t.Error("two tokens are the same")
	}
	if !regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`).MatchString(token) || bytes.Contains(hash[:], []byte(token)) {
		t.Errorf("got token %s and hash %x", token, hash)
	}
	if again, ok := auth.HashRefreshToken(token); !ok || again != hash {
		t.Errorf("%x, %v; want %x", again, ok, hash)
	}
	for name, sent := range map[string]string{
		"nothing": "", "cut": token[1:], "longer": token + "A", "a line": token + "\n", "a line within": token[:42] + "\n",
		"a line instead of a byte": strings.Repeat("A", 42) + "\n",
		"padded":                   token + "=", "another alphabet": strings.Repeat("+", 43), "unused bits set": strings.Repeat("A", 42) + "B",
		"NUL": strings.Repeat("\x00", 43), "long": strings.Repeat("A", 1<<16),
	} {
		if _, ok := auth.HashRefreshToken(sent); ok {
			t.Errorf("%s: accepted as a token", name)
		}
	}
}
