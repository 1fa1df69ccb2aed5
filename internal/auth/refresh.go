package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
)

// refreshTokenBytes is the number of random bytes of a refresh token.
const refreshTokenBytes = 32

// refreshTokenBase64 is how a refresh token is written: 43 characters, one way only.
var refreshTokenBase64 = base64.RawURLEncoding.Strict()

// RefreshHash is what is stored of a refresh token: its SHA-256.
type RefreshHash [sha256.Size]byte

// NewRefreshToken makes a refresh token, as the client gets it, and its hash.
func NewRefreshToken() (string, RefreshHash) {
	var secret [refreshTokenBytes]byte
	_, _ = rand.Read(secret[:]) // never fails: crypto/rand ends the program instead
	return refreshTokenBase64.EncodeToString(secret[:]), sha256.Sum256(secret[:])
}

// HashRefreshToken returns the hash of a token that a client sent; ok is false
// for what cannot be one.
func HashRefreshToken(token string) (hash RefreshHash, ok bool) {
	if len(token) != refreshTokenBase64.EncodedLen(refreshTokenBytes) { // the decoder passes over ends of lines
		return hash, false
	}
	secret, err := refreshTokenBase64.DecodeString(token)
	if err != nil || len(secret) != refreshTokenBytes {
		return hash, false
	}
	return sha256.Sum256(secret), true
}
