package auth_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/auth"
)

// idp is an identity provider: a server that publishes keys, or fails while it is down.
type idp struct {
	*httptest.Server
	mu       sync.Mutex
	keys     []map[string]string
	down     bool
	requests int
}

func newIDP(t *testing.T) *idp {
	t.Helper()
	p := &idp{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.requests++
		if p.down {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"keys": p.keys})
	}))
	t.Cleanup(p.Close)
	return p
}

// update runs do under the lock.
func (p *idp) update(do func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	do()
}

// publishKey generates a key and publishes it under a kid.
func (p *idp) publishKey(t *testing.T, kid string) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	b64 := base64.RawURLEncoding.EncodeToString
	p.update(func() {
		p.keys = append(p.keys, map[string]string{
			"kty": "RSA", "kid": kid, "use": "sig", "n": b64(key.N.Bytes()), "e": b64(big.NewInt(int64(key.E)).Bytes()),
		})
	})
	return key
}

func (p *idp) options() auth.ProviderOptions {
	return auth.ProviderOptions{URL: p.URL, Issuer: "https://id.example", Audience: "edu", UserClaim: "email", Log: slog.New(slog.DiscardHandler)}
}

func newProvider(t *testing.T, o auth.ProviderOptions) *auth.Provider {
	t.Helper()
	p, err := auth.NewProvider(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// providerClaims returns the claims of a valid token of the provider.
func providerClaims() jwt.MapClaims {
	now := time.Now()
	return jwt.MapClaims{"sub": "u-1", "email": "ada@7p.example", "iss": "https://id.example", "aud": "edu", "iat": now.Unix(), "exp": now.Add(time.Minute).Unix()}
}

func signWithKID(t *testing.T, method jwt.SigningMethod, key any, kid string, claims jwt.MapClaims) string {
	t.Helper()
	return signWithHeader(t, method, key, map[string]any{"kid": kid}, claims)
}

// signWithHeader signs a token with further fields of its header.
func signWithHeader(t *testing.T, method jwt.SigningMethod, key any, header map[string]any, claims jwt.MapClaims) string {
	t.Helper()
	token := jwt.NewWithClaims(method, claims)
	maps.Copy(token.Header, header)
	text, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestProvider(t *testing.T) {
	t.Parallel()
	idp := newIDP(t)
	key := idp.publishKey(t, "one")
	byEmail := newProvider(t, idp.options())
	byID := idp.options()
	byID.UserClaim, byID.MatchByID = "user_id", true
	withID := newProvider(t, byID)
	byName := idp.options()
	byName.UserClaim = "preferred_username"
	withName := newProvider(t, byName)
	omitted := auth.Identity{Email: "ada@7p.example", FromProvider: true}
	verified := auth.Identity{Email: "ada@7p.example", FromProvider: true, Verified: true}
	public := idp.keys[0]["n"]
	for name, c := range map[string]struct {
		token string
		p     *auth.Provider
		want  auth.Identity
	}{
		"good":           {signWithKID(t, jwt.SigningMethodRS256, key, "one", providerClaims()), byEmail, omitted},
		"verified":       {signWithKID(t, jwt.SigningMethodRS256, key, "one", withClaim(providerClaims(), "email_verified", true)), byEmail, verified},
		"not verified":   {signWithKID(t, jwt.SigningMethodRS256, key, "one", withClaim(providerClaims(), "email_verified", false)), byEmail, auth.Identity{}},
		"verified, text": {signWithKID(t, jwt.SigningMethodRS256, key, "one", withClaim(providerClaims(), "email_verified", "true")), byEmail, verified},
		"upper case":     {signWithKID(t, jwt.SigningMethodRS256, key, "one", withClaim(providerClaims(), "email", "ADA@7p.Example")), byEmail, omitted},
		"Kelvin sign":    {signWithKID(t, jwt.SigningMethodRS256, key, "one", withClaim(providerClaims(), "email", "\u212ate@7p.example")), byEmail, auth.Identity{}},
		"another claim":  {signWithKID(t, jwt.SigningMethodRS256, key, "one", withClaim(withClaim(providerClaims(), "preferred_username", "ada@7p.example"), "email_verified", true)), withName, omitted},
		"a little early": {signWithKID(t, jwt.SigningMethodRS256, key, "one", withClaim(providerClaims(), "nbf", time.Now().Add(20*time.Second).Unix())), byEmail, omitted},
		"expired":        {signWithKID(t, jwt.SigningMethodRS256, key, "one", withClaim(providerClaims(), "exp", time.Now().Add(-time.Hour).Unix())), byEmail, auth.Identity{}},
		"no expiry":      {signWithKID(t, jwt.SigningMethodRS256, key, "one", withClaim(providerClaims(), "exp", nil)), byEmail, auth.Identity{}},
		"other audience": {signWithKID(t, jwt.SigningMethodRS256, key, "one", withClaim(providerClaims(), "aud", "web")), byEmail, auth.Identity{}},
		"other issuer":   {signWithKID(t, jwt.SigningMethodRS256, key, "one", withClaim(providerClaims(), "iss", "https://id.evil")), byEmail, auth.Identity{}},
		"no email":       {signWithKID(t, jwt.SigningMethodRS256, key, "one", withClaim(providerClaims(), "email", nil)), byEmail, auth.Identity{}},
		"a number":       {signWithKID(t, jwt.SigningMethodRS256, key, "one", withClaim(providerClaims(), "email", 7)), byEmail, auth.Identity{}},
		"confusion":      {signWithKID(t, jwt.SigningMethodHS256, []byte(public), "one", providerClaims()), byEmail, auth.Identity{}},
		"none":           {signWithKID(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, "one", providerClaims()), byEmail, auth.Identity{}},
		"crit":           {signWithHeader(t, jwt.SigningMethodRS256, key, map[string]any{"kid": "one", "crit": []string{"b64"}}, providerClaims()), byEmail, auth.Identity{}},
		"id":             {signWithKID(t, jwt.SigningMethodRS256, key, "one", withClaim(providerClaims(), "user_id", "7")), withID, auth.Identity{ID: 7, FromProvider: true, Verified: true}},
		"id, a number":   {signWithKID(t, jwt.SigningMethodRS256, key, "one", withClaim(providerClaims(), "user_id", 7)), withID, auth.Identity{ID: 7, FromProvider: true, Verified: true}},
		"no id":          {signWithKID(t, jwt.SigningMethodRS256, key, "one", withClaim(providerClaims(), "user_id", "7 or 8")), withID, auth.Identity{}},
	} {
		got, err := c.p.VerifyIdentity(t.Context(), c.token)
		if got != c.want || (err == nil) != (c.want != auth.Identity{}) || err != nil && !errors.Is(err, edu.Unauthenticated) {
			t.Errorf("%s: %+v, %v; want %+v", name, got, err, c.want)
		}
	}
}

// withClaim sets a claim in c, or deletes it for a nil value, and returns c.
func withClaim(c jwt.MapClaims, name string, value any) jwt.MapClaims {
	c[name] = value
	if value == nil {
		delete(c, name)
	}
	return c
}

// TestProviderDown checks that known keys remain usable while the provider is down, whether from the
// start or later, and that an unknown key is fetched once.
func TestProviderDown(t *testing.T) {
	t.Parallel()
	idp := newIDP(t)
	idp.update(func() { idp.down = true })
	one := idp.publishKey(t, "one")
	p := newProvider(t, idp.options())
	good := signWithKID(t, jwt.SigningMethodRS256, one, "one", providerClaims())
	if _, err := p.VerifyIdentity(t.Context(), good); !errors.Is(err, edu.Unavailable) {
		t.Errorf("no key: %v, want %v", err, edu.Unavailable)
	}
	// Tokens that no key could verify are invalid regardless of the keys.
	if _, err := p.VerifyIdentity(t.Context(), signWithKID(t, jwt.SigningMethodHS256, []byte(secret), "one", providerClaims())); !errors.Is(err, auth.ErrInvalidToken) {
		t.Errorf("no key, token with a secret: %v, want %v", err, auth.ErrInvalidToken)
	}
	a := &auth.Authenticator{Tokens: newTokens(t, secret, ""), Provider: p}
	unknown := signWithHeader(t, jwt.SigningMethodRS256, one, map[string]any{"kid": "one", "alg": "RS257"}, providerClaims())
	if _, err := a.VerifyToken(t.Context(), unknown); !errors.Is(err, auth.ErrInvalidToken) {
		t.Errorf("no key, unknown algorithm: %v, want %v", err, auth.ErrInvalidToken)
	}

	idp.update(func() { idp.down = false })
	p = newProvider(t, idp.options())
	idp.update(func() { idp.down = true })
	for range 3 {
		if _, err := p.VerifyIdentity(t.Context(), good); err != nil {
			t.Errorf("known key: %v", err)
		}
	}
	idp.update(func() { idp.down = false })
	two := idp.publishKey(t, "two")
	idp.update(func() { idp.requests = 0 })
	if _, err := p.VerifyIdentity(t.Context(), signWithKID(t, jwt.SigningMethodRS256, two, "two", providerClaims())); err != nil {
		t.Errorf("new key: %v", err)
	}
	// Made-up kids do not cause a request each.
	var wait sync.WaitGroup
	for range 5 {
		wait.Go(func() {
			_, _ = p.VerifyIdentity(t.Context(), signWithKID(t, jwt.SigningMethodRS256, two, "made up", providerClaims()))
		})
	}
	wait.Wait()
	idp.update(func() {
		if idp.requests > 2 {
			t.Errorf("%d requests, want 2 at most", idp.requests)
		}
	})
}

// TestAuthenticator checks that the provider verifies only tokens of its own issuer.
func TestAuthenticator(t *testing.T) {
	t.Parallel()
	idp := newIDP(t)
	key := idp.publishKey(t, "one")
	k := &fakeAccounts{accounts: map[auth.Identity]auth.Account{
		{ID: 7}: account,
		{Email: "ada@7p.example", FromProvider: true}: {ID: 8, Role: edu.RoleInstructor, Active: true, Claimed: true},
		{Email: "bob@7p.example", FromProvider: true}: {ID: 9, Role: edu.RoleStudent, Active: true},
	}}
	a := &auth.Authenticator{Tokens: newTokens(t, secret, ""), Provider: newProvider(t, idp.options()), Accounts: newAccountCache(t, k)}
	if v, err := a.VerifyToken(t.Context(), issueToken(t, a.Tokens)); err != nil || v.ID != 7 || v.Plan != edu.PlanPremium {
		t.Errorf("own token: %+v, %v", v, err)
	}
	// A role in the provider's token is ignored.
	withRole := signWithKID(t, jwt.SigningMethodRS256, key, "one", withClaim(providerClaims(), "role", "ADMIN"))
	if v, err := a.VerifyToken(t.Context(), withRole); err != nil || v.ID != 8 || v.Role != edu.RoleInstructor {
		t.Errorf("token of the provider: %+v, %v", v, err)
	}
	unknown := signWithKID(t, jwt.SigningMethodRS256, key, "one", withClaim(providerClaims(), "email", "eve@7p.example"))
	if _, err := a.VerifyToken(t.Context(), unknown); !errors.Is(err, auth.ErrNoAccount) {
		t.Errorf("unknown email: %v, want %v", err, auth.ErrNoAccount)
	}
	unclaimed := signWithKID(t, jwt.SigningMethodRS256, key, "one", withClaim(providerClaims(), "email", "bob@7p.example"))
	if v, err := a.VerifyToken(t.Context(), unclaimed); !errors.Is(err, auth.ErrAccountUnclaimed) || v.SignedIn() {
		t.Errorf("account with the password of another person: %+v, %v; want %v", v, err, auth.ErrAccountUnclaimed)
	}
	// A token with the provider's issuer and this server's claims and signature is the provider's.
	if _, err := a.VerifyToken(t.Context(), signWithKID(t, jwt.SigningMethodHS256, []byte(secret), "x", withClaim(validClaims(), "iss", "https://id.example"))); err == nil {
		t.Error("accepted a token of neither issuer")
	}
}
