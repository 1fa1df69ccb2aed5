package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
)

// refreshTokenBytes is the number of random bytes of a refresh token.
const refreshTokenBytes = 32

// refreshTokenBase64 is the encoding of a refresh token: 43 characters, with one spelling per token.
var refreshTokenBase64 = base64.RawURLEncoding.Strict()

// RefreshHash is the stored form of a refresh token: its SHA-256.
type RefreshHash [sha256.Size]byte

// NewRefreshToken generates a refresh token for the client, and returns it with its hash.
func NewRefreshToken() (string, RefreshHash) {
	var secret [refreshTokenBytes]byte
	_, _ = rand.Read(secret[:]) // never fails: crypto/rand aborts the program instead
	return refreshTokenBase64.EncodeToString(secret[:]), sha256.Sum256(secret[:])
}

// HashRefreshToken returns the hash of a token that a client sent. ok is false if the text cannot be
// a token.
func HashRefreshToken(token string) (hash RefreshHash, ok bool) {
	if len(token) != refreshTokenBase64.EncodedLen(refreshTokenBytes) { // the decoder skips line ends
		return hash, false
	}
	secret, err := refreshTokenBase64.DecodeString(token)
	if err != nil || len(secret) != refreshTokenBytes {
		return hash, false
	}
	return sha256.Sum256(secret), true
}
