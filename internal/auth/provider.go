package auth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/MicahParks/keyfunc/v3"
	"github.com/golang-jwt/jwt/v5"

	"github.com/7p-education/api/edu"
)

const (
	// leeway is how far the provider's clock may be from ours.
	leeway = 30 * time.Second

	// maxEmail is the most characters of an email (RFC 5321 section 4.5.3.1).
	maxEmail = 254
)

// asymmetricAlgorithms are the algorithms that a provider may sign with (RFC 7518 section
// 3.1, RFC 8037): who can verify cannot sign.
var asymmetricAlgorithms = []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}

var (
	errEmailUnverified     = edu.Errorf(edu.Unauthenticated, "the email of this token is not verified: verify it where you signed in, and sign in again")
	errProviderUnavailable = edu.Errorf(edu.Unavailable, "the identity provider cannot be reached just now: try again")
)

// ProviderOptions say which tokens of others are taken, and for whose.
type ProviderOptions struct {
	URL       string // of the provider's JWK Set
	Issuer    string // what iss must be
	Audience  string // what aud must be or hold
	UserClaim string // that names the user
	// MatchByID tells that the claim holds the user's key, as sub does in tokens of our
	// own; otherwise it is their email.
	MatchByID bool
	Log       *slog.Logger // is told where keys cannot be fetched
}

// Provider checks the tokens of an outside identity provider. Who somebody is, it
// knows; what they may do, our database does.
type Provider struct {
	options ProviderOptions
	parser  *jwt.Parser
	keys    *providerKeys
	keyfunc keyfunc.Keyfunc
}

// NewProvider returns a Provider that keeps the keys of the URL until the context
// ends. Where they cannot be fetched it goes on without, after 5 s at most, and
// fetches them once they are asked for. The error is about the options.
func NewProvider(ctx context.Context, o ProviderOptions) (*Provider, error) {
	if o.Issuer == issuer {
		return nil, fmt.Errorf("JWKS_ISSUER must not be %q: that is the issuer of our own tokens", issuer)
	}
	keys, err := fetchProviderKeys(ctx, o.URL, o.Log)
	if err != nil {
		return nil, fmt.Errorf("JWKS_URL: %w", err)
	}
	find, err := keyfunc.New(keyfunc.Options{Ctx: ctx, Storage: keys})
	if err != nil {
		return nil, fmt.Errorf("JWKS_URL: %w", err)
	}
	return &Provider{options: o, keys: keys, keyfunc: find, parser: jwt.NewParser(
		jwt.WithValidMethods(asymmetricAlgorithms), jwt.WithIssuer(o.Issuer), jwt.WithAudience(o.Audience),
		jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(leeway),
		jwt.WithStrictDecoding(), jwt.WithJSONNumber(),
	)}, nil
}

// isIssuerOf tells whether a token claims to be the provider's; without a provider,
// none is.
func (p *Provider) isIssuerOf(token string) bool {
	if p == nil {
		return false
	}
	var c jwt.RegisteredClaims
	_, _, err := p.parser.ParseUnverified(token, &c)
	return err == nil && c.Issuer == p.options.Issuer
}

// VerifyIdentity returns whom a token of the provider names; ErrTokenExpired, ErrInvalidToken or
// another refusal; or an error of edu.Unavailable while there are no keys.
func (p *Provider) VerifyIdentity(ctx context.Context, token string) (Identity, error) {
	c := jwt.MapClaims{}
	_, err := p.parser.ParseWithClaims(token, c, func(t *jwt.Token) (any, error) {
		// The keys that an unknown kid fetches are for others too, who may still be there.
		return p.keyfunc.KeyfuncCtx(context.WithoutCancel(ctx))(t)
	})
	switch {
	case err == nil:
		return p.identityFromClaims(c)
	case errors.Is(err, jwt.ErrTokenUnverifiable) && p.keys.isEmpty():
		return Identity{}, errProviderUnavailable
	default:
		return Identity{}, tokenError(err)
	}
}

// identityFromClaims reads the claim that names the user.
func (p *Provider) identityFromClaims(c jwt.MapClaims) (Identity, error) {
	value := c[p.options.UserClaim]
	if p.options.MatchByID {
		if id := parseDecimalID(fmt.Sprint(value)); id != 0 { // a string or a number
			return Identity{ID: id}, nil
		}
		return Identity{}, ErrInvalidToken
	}
	email, _ := value.(string)
	if email == "" || len(email) > maxEmail || strings.ContainsRune(email, 0) {
		return Identity{}, ErrInvalidToken
	}
	// Some providers write it as a string; one that leaves it out vouches for all.
	if verified, told := c["email_verified"]; told && verified != true && verified != "true" {
		return Identity{}, errEmailUnverified
	}
	return Identity{Email: email}, nil
}
