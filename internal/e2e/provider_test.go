package e2e

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/7p-education/api/internal/auth"
	"github.com/7p-education/api/internal/gqltest"
	"github.com/7p-education/api/internal/testdb"
)

// identityProvider is an outside identity provider.
type identityProvider struct {
	private ed25519.PrivateKey
	env     []string    // of a server that accepts its tokens
	away    atomic.Bool // closes connections without a response
}

func newIdentityProvider(t *testing.T) *identityProvider {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	p := &identityProvider{private: private}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if p.away.Load() {
			panic(http.ErrAbortHandler)
		}
		key := map[string]string{"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": "one", "x": base64.RawURLEncoding.EncodeToString(public)}
		_ = json.NewEncoder(w).Encode(map[string]any{"keys": []any{key}})
	}))
	t.Cleanup(server.Close)
	p.env = []string{"JWKS_URL=" + server.URL, "JWKS_ISSUER=https://id.example", "JWKS_AUDIENCE=edu"}
	return p
}

// bearer returns a header with a token of the provider.
func (p *identityProvider) bearer(t *testing.T, claims jwt.MapClaims) string {
	t.Helper()
	return p.bearerAt(t, claims, time.Now(), "one")
}

// bearerAt is bearer for a clock and the id of a key.
func (p *identityProvider) bearerAt(t *testing.T, claims jwt.MapClaims, now time.Time, kid string) string {
	t.Helper()
	claims["iss"], claims["aud"], claims["iat"], claims["exp"] = "https://id.example", "edu", now.Unix(), now.Add(time.Hour).Unix()
	token := jwt.NewWithClaims(jwt.SigningMethodEdDSA, claims)
	token.Header["kid"] = kid
	text, err := token.SignedString(p.private)
	if err != nil {
		t.Fatal(err)
	}
	return "Authorization: Bearer " + text
}

// awaitViewer sends a query until its response has a status, for as long as a cached account is valid.
func (p *program) awaitViewer(t *testing.T, bearer string, status int, limit time.Duration) gqltest.Result {
	t.Helper()
	for start := time.Now(); ; {
		a := p.query(t, whoAmI, nil, bearer)
		if a.Status == status {
			return a
		}
		if time.Since(start) > limit {
			t.Fatalf("%+v, want %d", a, status)
		}
	}
}

// A stranger who signs up with the email of another person loses the account once the identity provider
// vouches for that person, on all servers, also without a Redis. A server with SIGN_UP=off has no such
// strangers.
func TestProviderClaimsAccount(t *testing.T) {
	t.Parallel()
	const email = "ada@7p.example"
	provider := newIdentityProvider(t)
	env := append([]string{"DATABASE_URL=" + testdb.New(t), "JWT_SECRET=" + secret, "MAX_BATCH=2"}, provider.env...)
	open, closed := serve7p(t, env...), serve7p(t, append(env, "SIGN_UP=off")...)
	if resp := open.send(t, http.MethodGet, "/readyz", ""); !strings.Contains(resp.Text(), `"identity_provider":"ok"`) {
		t.Errorf("/readyz: %s", resp)
	}
	owner := provider.bearer(t, jwt.MapClaims{"email": email, "email_verified": true})
	for _, p := range []*program{open, closed} {
		if a := p.query(t, whoAmI, nil, owner); a.Status != http.StatusUnauthorized {
			t.Fatalf("without an account: %+v", a)
		}
	}
	stranger := map[string]string{"name": "Eve", "email": email, "password": "a tall ship and a star"}
	checkSignUpDisabled(t, closed, stranger)
	session, a := open.startSession(t, signUp, stranger)
	if session.access == "" {
		t.Fatalf("not signed up: %+v", a)
	}
	for _, p := range []*program{open, closed} {
		if a := p.query(t, whoAmI, nil, session.bearer()); a.Status != http.StatusOK {
			t.Fatalf("the session of the stranger: %+v", a)
		}
	}
	// A provider that omits email_verified does not open an account with a password.
	if a := open.query(t, whoAmI, nil, provider.bearer(t, jwt.MapClaims{"email": email})); a.Status != http.StatusUnauthorized {
		t.Errorf("an email that may not be verified: %+v", a)
	}
	// The new account is found within a second, although that there was none is cached.
	if a := closed.awaitViewer(t, owner, http.StatusOK, time.Second); a.At("viewer", "email") != email {
		t.Errorf("the owner is %+v", a)
	}
	closed.awaitViewer(t, session.bearer(), http.StatusUnauthorized, 0)
	open.awaitViewer(t, session.bearer(), http.StatusUnauthorized, auth.AccountTTL+time.Second)
	for code, send := range map[string]func() gqltest.Result{
		"INVALID_CREDENTIALS": func() gqltest.Result {
			_, a := open.startSession(t, signIn, map[string]string{"email": email, "password": stranger["password"]})
			return a
		},
		"INVALID_CREDENTIALS by refreshing": func() gqltest.Result {
			_, a := open.startSession(t, refresh, map[string]string{"refreshToken": session.refresh})
			return a
		},
		"ALREADY_EXISTS": func() gqltest.Result { _, a := open.startSession(t, signUp, stranger); return a },
	} {
		if a := send(); a.Status != http.StatusOK || code[:14] != a.At("session", "userErrors", 0, "code").(string)[:14] {
			t.Errorf("%s: %+v", code, a)
		}
	}
	if a := open.query(t, whoAmI, nil, owner); a.At("viewer", "email") != email {
		t.Errorf("the owner is %+v", a)
	}
}

// checkSignUpDisabled checks that a server with SIGN_UP=off creates no account: by a request, by one with
// an Idempotency-Key, and by a batch.
func checkSignUpDisabled(t *testing.T, p *program, in map[string]string) {
	t.Helper()
	for name, headers := range map[string][]string{"a request": nil, "a request with a key": {"Idempotency-Key: once"}} {
		if _, a := p.startSession(t, signUp, in, headers...); a.Codes() != "FORBIDDEN" {
			t.Errorf("%s signed up: %+v", name, a)
		}
	}
	body := "[" + gqltest.QueryBody(signUp, map[string]any{"in": in}) + "]"
	batch := gqltest.NewHTTPClient(p.base).Do(t, gqltest.Request{Method: http.MethodPost, Path: "/graphql", Body: body}).Batch(t)
	if len(batch) != 1 || batch[0].Codes() != "FORBIDDEN" {
		t.Errorf("a batch signed up: %+v", batch)
	}
}

// With JWKS_MATCH_BY=id too, the first token of the provider ends the password and the sessions.
func TestProviderClaimsAccountByID(t *testing.T) {
	t.Parallel()
	provider := newIdentityProvider(t)
	env := append([]string{"DATABASE_URL=" + testdb.New(t), "JWT_SECRET=" + secret, "JWKS_CLAIM=user", "JWKS_MATCH_BY=id"}, provider.env...)
	p := serve7p(t, env...)
	session, a := p.startSession(t, signUp, map[string]string{"name": "Eve", "email": "ada@7p.example", "password": "a tall ship and a star"})
	if p.query(t, whoAmI, nil, session.bearer()).Status != http.StatusOK {
		t.Fatalf("not signed up: %+v", a)
	}
	if a := p.query(t, whoAmI, nil, provider.bearer(t, jwt.MapClaims{"user": "1"})); a.At("viewer", "email") != "ada@7p.example" {
		t.Errorf("the owner is %+v", a)
	}
	if a := p.query(t, whoAmI, nil, session.bearer()); a.Status != http.StatusUnauthorized {
		t.Errorf("the session of the stranger: %+v", a)
	}
}
