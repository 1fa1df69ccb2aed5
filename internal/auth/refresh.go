package auth

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
)

// refreshTokenBytes is the number of secret bytes of a refresh token.
const refreshTokenBytes = 32

// successorContext separates the HMAC that derives a successor from other uses of a token's secret.
const successorContext = "7p successor"

// refreshTokenBase64 is the encoding of a refresh token: 43 characters, with one spelling per token.
var refreshTokenBase64 = base64.RawURLEncoding.Strict()

// RefreshToken is a refresh token: 32 bytes that only its client has.
type RefreshToken struct{ secret [refreshTokenBytes]byte }

// RefreshHash is the stored form of a refresh token: its SHA-256.
type RefreshHash [sha256.Size]byte

// SuccessorSalt is the random part of what a successor is derived from.
type SuccessorSalt [16]byte

// NewRefreshToken generates a refresh token.
func NewRefreshToken() (t RefreshToken) {
	_, _ = rand.Read(t.secret[:]) // never fails: crypto/rand aborts the program instead
	return t
}

// NewSuccessorSalt generates the salt of a successor.
func NewSuccessorSalt() (s SuccessorSalt) {
	_, _ = rand.Read(s[:])
	return s
}

// ParseRefreshToken decodes a token that a client sent. ok is false if the text cannot be a token.
func ParseRefreshToken(text string) (t RefreshToken, ok bool) {
	if len(text) != refreshTokenBase64.EncodedLen(refreshTokenBytes) { // the decoder skips line ends
		return t, false
	}
	secret, err := refreshTokenBase64.DecodeString(text)
	if err != nil || len(secret) != refreshTokenBytes {
		return t, false
	}
	return RefreshToken{[refreshTokenBytes]byte(secret)}, true
}

// Encode returns the token as text for the client.
func (t RefreshToken) Encode() string { return refreshTokenBase64.EncodeToString(t.secret[:]) }

// Hash returns the stored form of the token.
func (t RefreshToken) Hash() RefreshHash { return sha256.Sum256(t.secret[:]) }

// DeriveSuccessor returns the token that t is exchanged for, the same one for the same salt. Neither t nor
// the salt alone is enough to compute it: the client has the one, the database has the other.
func (t RefreshToken) DeriveSuccessor(salt SuccessorSalt) RefreshToken {
	mac := hmac.New(sha256.New, t.secret[:])
	mac.Write([]byte(successorContext))
	mac.Write(salt[:])
	return RefreshToken{[refreshTokenBytes]byte(mac.Sum(nil))}
}
