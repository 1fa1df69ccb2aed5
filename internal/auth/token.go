// Package auth tells who is asking: it makes and checks access tokens. It must
// never know of GraphQL or SQL.
package auth

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/7p-education/api/edu"
)

// ErrToken is what every broken, foreign or expired token is refused with.
var ErrToken = errors.New("the token is not valid or has expired")

// issuer and audience keep tokens of other systems out, even where a secret is
// shared by mistake.
const (
	issuer   = "7p"
	audience = "7p-api"
)

// MinSecret is the least number of bytes of a secret, as RFC 7518 section 3.2
// has it for HS256.
const MinSecret = 32

// Tokens makes and checks access tokens: JSON Web Tokens, signed by HS256.
type Tokens struct {
	secret []byte
	parser *jwt.Parser
}

type claims struct {
	Role edu.Role `json:"role"`
	jwt.RegisteredClaims
}

// NewTokens returns Tokens for a secret of MinSecret bytes at least.
func NewTokens(secret string) (*Tokens, error) {
	if len(secret) < MinSecret {
		return nil, fmt.Errorf("JWT_SECRET needs %d bytes at least, it has %d: make one with \"openssl rand -base64 48\"", MinSecret, len(secret))
	}
	return &Tokens{secret: []byte(secret), parser: jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), // no "none", no confusion
		jwt.WithIssuer(issuer), jwt.WithAudience(audience),
		jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithStrictDecoding(),
	)}, nil
}

// Mint makes a token that names a viewer from now on for a while.
func (t *Tokens) Mint(v edu.Viewer, now time.Time, ttl time.Duration) (string, error) {
	return jwt.NewWithClaims(jwt.SigningMethodHS256, claims{
		Role: v.Role,
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: issuer, Audience: jwt.ClaimStrings{audience},
			Subject:  strconv.FormatInt(v.ID, 10),
			IssuedAt: jwt.NewNumericDate(now), NotBefore: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(ttl)),
		},
	}).SignedString(t.secret)
}

// Viewer returns whom a token names, or ErrToken.
func (t *Tokens) Viewer(token string) (edu.Viewer, error) {
	var c claims
	if _, err := t.parser.ParseWithClaims(token, &c, func(*jwt.Token) (any, error) { return t.secret, nil }); err != nil {
		return edu.Viewer{}, ErrToken
	}
	id, err := strconv.ParseInt(c.Subject, 10, 64)
	v := edu.Viewer{ID: id, Role: c.Role}
	if err != nil || id <= 0 || !v.Has(edu.RoleStudent) {
		return edu.Viewer{}, ErrToken
	}
	return v, nil
}
