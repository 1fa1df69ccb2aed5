package auth_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/7p-education/api/internal/auth"
)

func TestRefreshToken(t *testing.T) {
	t.Parallel()
	token, another := auth.NewRefreshToken(), auth.NewRefreshToken()
	text, hash := token.Encode(), token.Hash()
	if token == another || hash == another.Hash() {
		t.Error("two tokens are the same")
	}
	if !regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`).MatchString(text) || bytes.Contains(hash[:], []byte(text)) {
		t.Errorf("got token %s and hash %x", text, hash)
	}
	if again, ok := auth.ParseRefreshToken(text); !ok || again != token {
		t.Errorf("%v, %v; want %v", again, ok, token)
	}
	for name, sent := range map[string]string{
		"nothing": "", "cut": text[1:], "longer": text + "A", "a line": text + "\n", "a line within": text[:42] + "\n",
		"a line instead of a byte": strings.Repeat("A", 42) + "\n",
		"padded":                   text + "=", "another alphabet": strings.Repeat("+", 43), "unused bits set": strings.Repeat("A", 42) + "B",
		"NUL": strings.Repeat("\x00", 43), "long": strings.Repeat("A", 1<<16),
	} {
		if _, ok := auth.ParseRefreshToken(sent); ok {
			t.Errorf("%s: accepted as a token", name)
		}
	}
}

// TestDeriveSuccessor checks that a successor depends on both the token and the salt, and that servers of
// all releases derive the same one.
func TestDeriveSuccessor(t *testing.T) {
	t.Parallel()
	token, salt := auth.NewRefreshToken(), auth.NewSuccessorSalt()
	next := token.DeriveSuccessor(salt)
	if token.DeriveSuccessor(salt) != next {
		t.Error("two successors of one token and salt differ")
	}
	derived := []auth.RefreshToken{
		token, next, next.DeriveSuccessor(salt),
		token.DeriveSuccessor(auth.NewSuccessorSalt()), auth.NewRefreshToken().DeriveSuccessor(salt), token.DeriveSuccessor(auth.SuccessorSalt{}),
	}
	for i, one := range derived {
		if slices.Contains(derived[:i], one) {
			t.Errorf("token %d equals an earlier one", i)
		}
	}
	secret, err := base64.RawURLEncoding.DecodeString(token.Encode())
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha256.New, secret)
	mac.Write(append([]byte("7p successor"), salt[:]...))
	if want := base64.RawURLEncoding.EncodeToString(mac.Sum(nil)); next.Encode() != want {
		t.Errorf("the successor is %s, want %s", next.Encode(), want)
	}
}
