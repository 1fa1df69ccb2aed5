// Package auth authenticates requests: it issues and verifies access tokens, verifies those of an
// external identity provider, and loads the account of each. It also hashes passwords and generates
// refresh tokens. It must not import database/sql; accounts come from an AccountLookup.
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

// leeway is the accepted difference between the clock of a token's issuer and this server's. Another
// server of ours is an issuer too.
const leeway = 30 * time.Second

// Errors of invalid tokens. Each message says what to do.
var (
	// ErrInvalidToken is the error of a malformed, forged or foreign token.
	ErrInvalidToken = edu.Errorf(edu.Unauthenticated, "the token is not valid: sign in again")
	// ErrTokenExpired is the error of a token that was valid.
	ErrTokenExpired = edu.Errorf(edu.Unauthenticated, "the token has expired: refresh the session")
)

// issuer and audience exclude the tokens of other systems, even if they share a secret by mistake.
const (
	issuer   = "7p"
	audience = "7p-api"
)

// Tokens issues and verifies this server's access tokens: JSON Web Tokens signed with Ed25519
// (EdDSA, RFC 8037) or HS256.
type Tokens struct {
	keys   keyring
	parser *jwt.Parser
	cache  tokenCache
}

// claims are the registered claims of RFC 7519, the role, and the session as a decimal string.
type claims struct {
	Role    edu.Role `json:"role"`
	Session string   `json:"sid,omitempty"`
	jwt.RegisteredClaims
}

// NewTokens returns Tokens for comma-separated secrets of at least MinSecretBytes bytes each and a
// PEM bundle of Ed25519 keys; either may be "". The first private key of the bundle signs, or
// without a bundle the first secret. All keys verify, so that a key can be replaced while tokens
// signed with it are in use. The error names the invalid key and never contains it.
func NewTokens(secrets, bundle string) (*Tokens, error) {
	keys, err := parseKeyring(secrets, bundle)
	if err != nil {
		return nil, err
	}
	return &Tokens{keys: keys, cache: newTokenCache(), parser: jwt.NewParser(
		jwt.WithValidMethods(keys.algorithms()), // excludes "none"
		jwt.WithIssuer(issuer), jwt.WithAudience(audience),
		// VerifyToken checks exp without the leeway, which is for iat and nbf.
		jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(leeway), jwt.WithStrictDecoding(),
	)}, nil
}

// IssueToken returns a token for a viewer, and its session if it has one, valid from now for ttl.
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
	signed, err := token.SignedString(k.private)
	if err == nil {
		t.cache.storeToken(signed, edu.Viewer{ID: v.ID, Role: v.Role, Session: v.Session}, &c)
	}
	return signed, err
}

// KnowsToken reports whether a token is valid without a check of its signature, because this process has
// issued or verified it.
func (t *Tokens) KnowsToken(token string) bool {
	_, ok := t.cache.lookupToken(token, time.Now())
	return ok
}

// VerifyToken returns the viewer of a token as of when it was issued, ErrTokenExpired or
// ErrInvalidToken.
func (t *Tokens) VerifyToken(_ context.Context, token string) (edu.Viewer, error) {
	if v, ok := t.cache.lookupToken(token, time.Now()); ok {
		return v, nil
	}
	if strings.ContainsAny(token, "\r\n") { // the decoder skips them: each token must have one spelling
		return edu.Viewer{}, ErrInvalidToken
	}
	if isExpired(t.parser, token, 0) {
		return edu.Viewer{}, ErrTokenExpired
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

// isExpired reports whether a token says that it expired more than tolerance ago. The signature is not
// checked: clients send expired tokens all the time, and each failed check counts (see Middleware).
func isExpired(parser *jwt.Parser, token string, tolerance time.Duration) bool {
	var c jwt.RegisteredClaims
	_, _, err := parser.ParseUnverified(token, &c)
	return err == nil && c.ExpiresAt != nil && !time.Now().Before(c.ExpiresAt.Add(tolerance))
}

// tokenError converts an error of the JWT library to one of this package.
func tokenError(err error) error {
	if errors.Is(err, jwt.ErrTokenExpired) {
		return ErrTokenExpired
	}
	return ErrInvalidToken
}

// parseDecimalID parses an id as IssueToken formats it, and returns 0 for any other text.
func parseDecimalID(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 1 || strconv.FormatInt(n, 10) != s {
		return 0
	}
	return n
}

// TokenExpiry returns when a token expires, the zero time for never. The token must have been verified: its
// signature is not checked.
func TokenExpiry(token string) time.Time {
	var c jwt.RegisteredClaims
	if _, _, err := jwt.NewParser().ParseUnverified(token, &c); err != nil || c.ExpiresAt == nil {
		return time.Time{}
	}
	return c.ExpiresAt.Time
}
