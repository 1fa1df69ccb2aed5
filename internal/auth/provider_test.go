package auth_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
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

// idp is an identity provider: a server that publishes keys, or does not.
type idp struct {
	*httptest.Server
	mu   sync.Mutex
	keys []map[string]string
	down bool
	asks int
}

func newIDP(t *testing.T) *idp {
	t.Helper()
	p := &idp{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.asks++
		if p.down {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"keys": p.keys})
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *idp) change(do func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	do()
}

// add makes a key and publishes it under a kid.
func (p *idp) add(t *testing.T, kid string) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	b64 := base64.RawURLEncoding.EncodeToString
	p.change(func() {
		p.keys = append(p.keys, map[string]string{
			"kty": "RSA", "kid": kid, "use": "sig", "n": b64(key.N.Bytes()), "e": b64(big.NewInt(int64(key.E)).Bytes()),
		})
	})
	return key
}

func (p *idp) options() auth.ProviderOptions {
	return auth.ProviderOptions{URL: p.URL, Issuer: "https://id.example", Audience: "edu", UserClaim: "email", Log: slog.New(slog.DiscardHandler)}
}

func provider(t *testing.T, o auth.ProviderOptions) *auth.Provider {
	t.Helper()
	p, err := auth.NewProvider(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func outside() jwt.MapClaims {
	now := time.Now()
	return jwt.MapClaims{"sub": "u-1", "email": "ada@7p.example", "iss": "https://id.example", "aud": "edu", "iat": now.Unix(), "exp": now.Add(time.Minute).Unix()}
}

func token(t *testing.T, method jwt.SigningMethod, key any, kid string, claims jwt.MapClaims) string {
	t.Helper()
	made := jwt.NewWithClaims(method, claims)
	made.Header["kid"] = kid
	text, err := made.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestProvider(t *testing.T) {
	t.Parallel()
	idp := newIDP(t)
	key := idp.add(t, "one")
	byEmail := provider(t, idp.options())
	byID := idp.options()
	byID.UserClaim, byID.MatchByID = "user_id", true
	withID := provider(t, byID)
	public := idp.keys[0]["n"]
	for name, c := range map[string]struct {
		token string
		p     *auth.Provider
		want  auth.Identity
	}{
		"good":           {token(t, jwt.SigningMethodRS256, key, "one", outside()), byEmail, auth.Identity{Email: "ada@7p.example"}},
		"verified":       {token(t, jwt.SigningMethodRS256, key, "one", with(outside(), "email_verified", true)), byEmail, auth.Identity{Email: "ada@7p.example"}},
		"not verified":   {token(t, jwt.SigningMethodRS256, key, "one", with(outside(), "email_verified", false)), byEmail, auth.Identity{}},
		"a little early": {token(t, jwt.SigningMethodRS256, key, "one", with(outside(), "nbf", time.Now().Add(20*time.Second).Unix())), byEmail, auth.Identity{Email: "ada@7p.example"}},
		"expired":        {token(t, jwt.SigningMethodRS256, key, "one", with(outside(), "exp", time.Now().Add(-time.Hour).Unix())), byEmail, auth.Identity{}},
		"endless":        {token(t, jwt.SigningMethodRS256, key, "one", with(outside(), "exp", nil)), byEmail, auth.Identity{}},
		"for others":     {token(t, jwt.SigningMethodRS256, key, "one", with(outside(), "aud", "web")), byEmail, auth.Identity{}},
		"of others":      {token(t, jwt.SigningMethodRS256, key, "one", with(outside(), "iss", "https://id.evil")), byEmail, auth.Identity{}},
		"no email":       {token(t, jwt.SigningMethodRS256, key, "one", with(outside(), "email", nil)), byEmail, auth.Identity{}},
		"a number":       {token(t, jwt.SigningMethodRS256, key, "one", with(outside(), "email", 7)), byEmail, auth.Identity{}},
		"confusion":      {token(t, jwt.SigningMethodHS256, []byte(public), "one", outside()), byEmail, auth.Identity{}},
		"none":           {token(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, "one", outside()), byEmail, auth.Identity{}},
		"id":             {token(t, jwt.SigningMethodRS256, key, "one", with(outside(), "user_id", "7")), withID, auth.Identity{ID: 7}},
		"id, a number":   {token(t, jwt.SigningMethodRS256, key, "one", with(outside(), "user_id", 7)), withID, auth.Identity{ID: 7}},
		"no id":          {token(t, jwt.SigningMethodRS256, key, "one", with(outside(), "user_id", "7 or 8")), withID, auth.Identity{}},
	} {
		got, err := c.p.VerifyIdentity(t.Context(), c.token)
		if got != c.want || (err == nil) != (c.want != auth.Identity{}) || err != nil && !errors.Is(err, edu.Unauthenticated) {
			t.Errorf("%s: %+v, %v; want %+v", name, got, err, c.want)
		}
	}
}

func with(c jwt.MapClaims, name string, value any) jwt.MapClaims {
	c[name] = value
	if value == nil {
		delete(c, name)
	}
	return c
}

// A provider that is down, from the start or later, is no reason to refuse what is
// known, and a key that is not known is fetched once.
func TestProviderThatIsDown(t *testing.T) {
	t.Parallel()
	idp := newIDP(t)
	idp.change(func() { idp.down = true })
	one := idp.add(t, "one")
	p := provider(t, idp.options())
	good := token(t, jwt.SigningMethodRS256, one, "one", outside())
	if _, err := p.VerifyIdentity(t.Context(), good); !errors.Is(err, edu.Unavailable) {
		t.Errorf("without any key: %v, want %v", err, edu.Unavailable)
	}

	idp.change(func() { idp.down = false })
	p = provider(t, idp.options())
	idp.change(func() { idp.down = true })
	for range 3 {
		if _, err := p.VerifyIdentity(t.Context(), good); err != nil {
			t.Errorf("with a key that is known: %v", err)
		}
	}
	idp.change(func() { idp.down = false })
	two := idp.add(t, "two")
	idp.change(func() { idp.asks = 0 })
	if _, err := p.VerifyIdentity(t.Context(), token(t, jwt.SigningMethodRS256, two, "two", outside())); err != nil {
		t.Errorf("with a new key: %v", err)
	}
	// Whoever makes kids up does not make us ask each time.
	var wait sync.WaitGroup
	for range 5 {
		wait.Go(func() {
			_, _ = p.VerifyIdentity(t.Context(), token(t, jwt.SigningMethodRS256, two, "made up", outside()))
		})
	}
	wait.Wait()
	idp.change(func() {
		if idp.asks > 2 {
			t.Errorf("asked %d times", idp.asks)
		}
	})
}

// The server's verifier asks the provider for its own tokens only.
func TestAuthenticator(t *testing.T) {
	t.Parallel()
	idp := newIDP(t)
	key := idp.add(t, "one")
	k := &known{accounts: map[auth.Identity]auth.Account{
		{ID: 7}:                   account,
		{Email: "ada@7p.example"}: {ID: 8, Role: edu.RoleInstructor, Active: true},
	}}
	a := &auth.Authenticator{Tokens: made(t, secret, ""), Provider: provider(t, idp.options()), Accounts: accountsOf(t, k)}
	if v, err := a.VerifyToken(t.Context(), mintBy(t, a.Tokens)); err != nil || v.ID != 7 || v.Plan != edu.PlanPremium {
		t.Errorf("ours: %+v, %v", v, err)
	}
	// What the token says of roles counts for nothing.
	theirs := token(t, jwt.SigningMethodRS256, key, "one", with(outside(), "role", "ADMIN"))
	if v, err := a.VerifyToken(t.Context(), theirs); err != nil || v.ID != 8 || v.Role != edu.RoleInstructor {
		t.Errorf("theirs: %+v, %v", v, err)
	}
	strange := token(t, jwt.SigningMethodRS256, key, "one", with(outside(), "email", "eve@7p.example"))
	if _, err := a.VerifyToken(t.Context(), strange); !errors.Is(err, auth.ErrNoAccount) {
		t.Errorf("a stranger: %v, want %v", err, auth.ErrNoAccount)
	}
	// A token of the provider's that names one of ours by our own claims is theirs still.
	if _, err := a.VerifyToken(t.Context(), token(t, jwt.SigningMethodHS256, []byte(secret), "x", with(cachedToken(), "iss", "https://id.example"))); err == nil {
		t.Error("a token of neither is taken")
	}
}
