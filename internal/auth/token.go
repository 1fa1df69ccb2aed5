// Package auth tells who is asking: it makes and checks access tokens, of our
// own and of an outside identity provider, and asks for the account behind each.
// It must never know of GraphQL or SQL.
package auth

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/7p-education/api/edu"
)

// What a token is refused with; each message says what to do about it.
var (
	// ErrInvalidToken is for every broken or foreign token.
	ErrInvalidToken = edu.Errorf(edu.Unauthenticated, "the token is not valid: sign in again")
	// ErrTokenExpired is for a token that was good.
	ErrTokenExpired = edu.Errorf(edu.Unauthenticated, "the token has expired: refresh the session")
)

// issuer and audience keep tokens of other systems out, even where a secret is
// shared by mistake.
const (
	issuer   = "7p"
	audience = "7p-api"
)

// Tokens makes and checks our own access tokens: JSON Web Tokens, signed by
// Ed25519 (EdDSA, RFC 8037) or HS256.
type Tokens struct {
	keys   keyring
	parser *jwt.Parser
	cache  tokenCache
}

// claims are RFC 7519's, the role, and the session as a decimal string.
type claims struct {
	Role    edu.Role `json:"role"`
	Session string   `json:"sid,omitempty"`
	jwt.RegisteredClaims
}

// NewTokens returns Tokens for secrets, separated by commas and of MinSecretBytes bytes
// at least, and a PEM bundle of Ed25519 keys; either may be "". The first private
// key of the bundle signs, or without a bundle the first secret; all verify, so
// that keys can be changed while tokens of the old ones are still about. The
// error says which of them is no good, and never repeats it.
func NewTokens(secrets, bundle string) (*Tokens, error) {
	keys, err := parseKeyring(secrets, bundle)
	if err != nil {
		return nil, err
	}
	return &Tokens{keys: keys, cache: newTokenCache(), parser: jwt.NewParser(
		jwt.WithValidMethods(keys.algorithms()), // no "none"
		jwt.WithIssuer(issuer), jwt.WithAudience(audience),
		jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithStrictDecoding(),
	)}, nil
}

// IssueToken makes a token that names a viewer, and their session if they have one,
// from now on for a while.
func (t *Tokens) IssueToken(v edu.Viewer, now time.Time, ttl time.Duration) (string, error) {
	c := claims{
		Role: v.Role,
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: issuer, Audience: jwt.ClaimStrings{audience},
			Subject:  strconv.FormatInt(v.ID, 10),
			IssuedAt: jwt.NewNumericDate(now), NotBefore: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(ttl)),
		},
	}
	if v.Session != 0 {
		c.Session = strconv.FormatInt(v.Session, 10)
	}
	k := t.keys.signingKey()
	token := jwt.NewWithClaims(k.method, c)
	token.Header["kid"] = k.id
	return token.SignedString(k.private)
}

// VerifyToken returns whom a token names, as of when it was made; ErrTokenExpired; or
// ErrInvalidToken.
func (t *Tokens) VerifyToken(_ context.Context, token string) (edu.Viewer, error) {
	if v, ok := t.cache.lookupToken(token, time.Now()); ok {
		return v, nil
	}
	if strings.ContainsAny(token, "\r\n") { // which the decoder passes over: a token has one text
		return edu.Viewer{}, ErrInvalidToken
	}
	var c claims
	if _, err := t.parser.ParseWithClaims(token, &c, t.keys.candidateKeys); err != nil {
		return edu.Viewer{}, tokenError(err)
	}
	v := edu.Viewer{ID: parseDecimalID(c.Subject), Role: c.Role, Session: parseDecimalID(c.Session)}
	if !v.HasRole(edu.RoleStudent) || v.Session == 0 && c.Session != "" {
		return edu.Viewer{}, ErrInvalidToken
	}
	t.cache.storeToken(token, v, &c)
	return v, nil
}

// tokenError turns an error of the JWT library into one of ours.
func tokenError(err error) error {
	if errors.Is(err, jwt.ErrTokenExpired) {
		return ErrTokenExpired
	}
	return ErrInvalidToken
}

// parseDecimalID reads a key as Mint writes it; 0 is for everything else.
func parseDecimalID(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 1 || strconv.FormatInt(n, 10) != s {
		return 0
	}
	return n
}
