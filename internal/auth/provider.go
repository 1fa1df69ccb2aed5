package auth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"unicode"

	"github.com/MicahParks/keyfunc/v3"
	"github.com/golang-jwt/jwt/v5"

	"github.com/7p-education/api/edu"
)

// asymmetricAlgorithms are the algorithms that a provider may sign with (RFC 7518 section 3.1,
// RFC 8037): a party that can verify cannot sign.
var asymmetricAlgorithms = []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}

var (
	errEmailUnverified     = edu.Errorf(edu.Unauthenticated, "the email of this token is not verified: verify it with the identity provider and sign in again")
	errProviderUnavailable = edu.Errorf(edu.Unavailable, "the identity provider is unreachable: try again")
)

// ProviderOptions configure which tokens of an identity provider are accepted.
type ProviderOptions struct {
	URL       string // URL of the provider's JWK Set
	Issuer    string // required value of iss
	Audience  string // required value or element of aud
	UserClaim string // claim that identifies the user
	// MatchByID reports that the claim holds the user's id, as sub does in tokens of this server;
	// otherwise it holds the user's email.
	MatchByID bool
	Log       *slog.Logger // for failed fetches of keys
}

// Provider verifies the tokens of an external identity provider. The provider only identifies users;
// their rights come from this server's database.
type Provider struct {
	options ProviderOptions
	parser  *jwt.Parser
	keys    *providerKeys
	keyfunc keyfunc.Keyfunc
}

// NewProvider returns a Provider that refreshes the keys of the URL until the context ends. If the
// first fetch fails, within 5 s, the Provider starts without keys and fetches them when a token needs
// one. The error concerns the options.
func NewProvider(ctx context.Context, o ProviderOptions) (*Provider, error) {
	if o.Issuer == issuer {
		return nil, fmt.Errorf("JWKS_ISSUER must not be %q: that is the issuer of this server's tokens", issuer)
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

// isIssuerOf reports whether a token claims to be from the provider; false for a nil Provider.
func (p *Provider) isIssuerOf(token string) bool {
	if p == nil {
		return false
	}
	var c jwt.RegisteredClaims
	_, _, err := p.parser.ParseUnverified(token, &c)
	return err == nil && c.Issuer == p.options.Issuer
}

// HasKeys reports whether the keys of the provider were fetched.
func (p *Provider) HasKeys() bool { return !p.keys.isEmpty() }

// VerifyIdentity returns the identity of a token of the provider. The error is ErrTokenExpired,
// ErrInvalidToken or another edu.Unauthenticated error, or has the code edu.Unavailable while there
// are no keys.
func (p *Provider) VerifyIdentity(ctx context.Context, token string) (Identity, error) {
	if isExpired(p.parser, token, leeway) {
		return Identity{}, ErrTokenExpired
	}
	c := jwt.MapClaims{}
	_, err := p.parser.ParseWithClaims(token, c, func(t *jwt.Token) (any, error) {
		if t.Header["crit"] != nil {
			return nil, errUnknownExtension
		}
		// The fetch that an unknown kid starts serves other requests too: do not cancel it with this one.
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

// identityFromClaims returns the identity in the configured claim.
func (p *Provider) identityFromClaims(c jwt.MapClaims) (Identity, error) {
	value := c[p.options.UserClaim]
	if p.options.MatchByID {
		if id := parseDecimalID(fmt.Sprint(value)); id != 0 { // a string or a number
			return Identity{ID: id, FromProvider: true, Verified: true}, nil
		}
		return Identity{}, ErrInvalidToken
	}
	email, _ := value.(string)
	// Accounts have emails of ASCII. The database ignores case, and letters such as the Kelvin sign are
	// another case of an ASCII letter: such an email is another person's.
	if email == "" || len(email) > edu.MaxEmailLength || strings.ContainsFunc(email, func(r rune) bool { return r == 0 || r > unicode.MaxASCII }) {
		return Identity{}, ErrInvalidToken
	}
	verified, present := c["email_verified"]
	isVerified := verified == true || verified == "true" // some providers write a string
	if present && !isVerified {
		return Identity{}, errEmailUnverified
	}
	// email_verified concerns the claim email, and no other that a user may choose.
	return Identity{Email: strings.ToLower(email), FromProvider: true, Verified: isVerified && p.options.UserClaim == "email"}, nil
}
