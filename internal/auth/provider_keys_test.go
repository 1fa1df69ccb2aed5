package auth_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/auth"
)

var encodeBase64 = base64.RawURLEncoding.EncodeToString

// TestProviderKeys checks that all kinds of keys that verify are accepted. Secrets, weak keys and
// keys for encryption are not.
func TestProviderKeys(t *testing.T) {
	t.Parallel()
	idp := newIDP(t)
	rsaKey := idp.publishKey(t, "rsa")
	edPublic, edKey, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	ecKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	point, err := ecKey.PublicKey.Bytes() // 4, x, y
	if err != nil {
		t.Fatal(err)
	}
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	e := encodeBase64(big.NewInt(int64(weak.E)).Bytes())
	idp.update(func() {
		idp.keys = append(idp.keys,
			map[string]string{"kty": "OKP", "crv": "Ed25519", "kid": "ed", "alg": "EdDSA", "x": encodeBase64(edPublic)},
			map[string]string{"kty": "EC", "crv": "P-256", "kid": "ec", "alg": "ES256", "x": encodeBase64(point[1:33]), "y": encodeBase64(point[33:])},
			map[string]string{"kty": "RSA", "kid": "encrypts", "use": "enc", "n": encodeBase64(rsaKey.N.Bytes()), "e": e},
			map[string]string{"kty": "RSA", "kid": "weak", "n": encodeBase64(weak.N.Bytes()), "e": e},
			map[string]string{"kty": "oct", "kid": "secret", "alg": "HS256", "k": encodeBase64([]byte(secret))},
		)
	})
	p := newProvider(t, idp.options())
	noKid := func(method jwt.SigningMethod, key any) string {
		text, err := jwt.NewWithClaims(method, providerClaims()).SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	for name, c := range map[string]struct {
		token string
		want  bool
	}{
		"RSA":                    {signWithKID(t, jwt.SigningMethodRS256, rsaKey, "rsa", providerClaims()), true},
		"RSA with PSS padding":   {signWithKID(t, jwt.SigningMethodPS512, rsaKey, "rsa", providerClaims()), true},
		"Ed25519":                {signWithKID(t, jwt.SigningMethodEdDSA, edKey, "ed", providerClaims()), true},
		"P-256":                  {signWithKID(t, jwt.SigningMethodES256, ecKey, "ec", providerClaims()), true},
		"no kid":                 {noKid(jwt.SigningMethodES256, ecKey), true},
		"kid of another key":     {signWithKID(t, jwt.SigningMethodEdDSA, edKey, "ec", providerClaims()), false},
		"encryption key":         {signWithKID(t, jwt.SigningMethodRS256, rsaKey, "encrypts", providerClaims()), false},
		"weak":                   {signWithKID(t, jwt.SigningMethodRS256, weak, "weak", providerClaims()), false},
		"a secret":               {signWithKID(t, jwt.SigningMethodHS256, []byte(secret), "secret", providerClaims()), false},
		"a secret without a kid": {noKid(jwt.SigningMethodHS256, []byte(secret)), false},
		"unknown key, no kid":    {noKid(jwt.SigningMethodEdDSA, newKeyPair(t).key), false},
		"the public key's bytes": {noKid(jwt.SigningMethodHS256, []byte(edPublic)), false},
		"unsigned, no kid":       {noKid(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType), false},
	} {
		_, err := p.VerifyIdentity(t.Context(), c.token)
		if (err == nil) != c.want || err != nil && !errors.Is(err, auth.ErrInvalidToken) {
			t.Errorf("%s: %v, want accepted: %t", name, err, c.want)
		}
	}
}

// TestProviderResponseInvalid checks that a response without keys, or one that is no JWK Set of an
// acceptable size, leaves the keys unchanged.
func TestProviderResponseInvalid(t *testing.T) {
	t.Parallel()
	idp := newIDP(t)
	key := idp.publishKey(t, "one")
	var invalid http.HandlerFunc
	var mu sync.Mutex
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if invalid != nil {
			invalid(w, r)
			return
		}
		idp.Config.Handler.ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	good := signWithKID(t, jwt.SigningMethodRS256, key, "one", providerClaims())
	for name, handler := range map[string]http.HandlerFunc{
		"no keys":       func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"keys":[]}`)) },
		"not a key set": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"error":"busy"}`)) },
		"no JSON":       func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`<html>`)) },
		"too large": func(w http.ResponseWriter, r *http.Request) {
			_, _ = w.Write([]byte(strings.Repeat(" ", 1<<20)))
			idp.Config.Handler.ServeHTTP(w, r)
		},
		"redirect": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, idp.URL, http.StatusFound) },
	} {
		o := idp.options()
		o.URL = front.URL
		set := func(h http.HandlerFunc) { mu.Lock(); defer mu.Unlock(); invalid = h }
		set(nil)
		known := newProvider(t, o)
		set(handler)
		if _, err := known.VerifyIdentity(t.Context(), signWithKID(t, jwt.SigningMethodRS256, key, "unknown", providerClaims())); !errors.Is(err, auth.ErrInvalidToken) {
			t.Errorf("%s: unknown kid: %v, want %v", name, err, auth.ErrInvalidToken)
		}
		if _, err := known.VerifyIdentity(t.Context(), good); err != nil {
			t.Errorf("%s: known key: %v", name, err)
		}
		if _, err := newProvider(t, o).VerifyIdentity(t.Context(), good); !errors.Is(err, edu.Unavailable) {
			t.Errorf("%s: provider without keys: %v, want %v", name, err, edu.Unavailable)
		}
	}
}

// TestProviderRotatesKeys checks that concurrent requests with a new key share one fetch.
func TestProviderRotatesKeys(t *testing.T) {
	t.Parallel()
	idp := newIDP(t)
	idp.publishKey(t, "one")
	p := newProvider(t, idp.options())
	fresh := signWithKID(t, jwt.SigningMethodRS256, idp.publishKey(t, "two"), "two", providerClaims())
	idp.update(func() { idp.requests = 0 })
	var wait sync.WaitGroup
	for range 20 {
		wait.Go(func() {
			if _, err := p.VerifyIdentity(t.Context(), fresh); err != nil {
				t.Errorf("new key: %v", err)
			}
		})
	}
	wait.Wait()
	idp.update(func() {
		if idp.requests != 1 {
			t.Errorf("%d requests, want 1", idp.requests)
		}
	})
}

// TestProviderClaims checks the identity that each claim yields.
func TestProviderClaims(t *testing.T) {
	t.Parallel()
	idp := newIDP(t)
	key := idp.publishKey(t, "one")
	byID := idp.options()
	byID.MatchByID = true
	providers := map[bool]*auth.Provider{false: newProvider(t, idp.options()), true: newProvider(t, byID)}
	for _, c := range []struct {
		byID            bool
		value, verified any
		want            auth.Identity
	}{
		{false, "ada@7p.example", nil, auth.Identity{Email: "ada@7p.example", FromProvider: true}},
		{false, "ada@7p.example", "true", auth.Identity{Email: "ada@7p.example", FromProvider: true, Verified: true}},
		{false, "ada@7p.example", "false", auth.Identity{}},
		{false, "ada@7p.example", 1, auth.Identity{}},
		{false, "", nil, auth.Identity{}},
		{false, "ada\x00@7p.example", nil, auth.Identity{}},
		{false, strings.Repeat("a", 254), nil, auth.Identity{Email: strings.Repeat("a", 254), FromProvider: true}},
		{false, strings.Repeat("a", 255), nil, auth.Identity{}},
		{false, "\x01\x7f@7p.example", nil, auth.Identity{Email: "\x01\x7f@7p.example", FromProvider: true}},
		{false, "\u0080@7p.example", nil, auth.Identity{}},
		{false, []string{"ada@7p.example"}, nil, auth.Identity{}},
		{true, "9007199254740993", false, auth.Identity{ID: 1<<53 + 1, FromProvider: true, Verified: true}},
		{true, 1<<53 + 1, nil, auth.Identity{ID: 1<<53 + 1, FromProvider: true, Verified: true}},
		{true, 7.5, nil, auth.Identity{}},
		{true, "+7", nil, auth.Identity{}},
		{true, "0", nil, auth.Identity{}},
		{true, nil, nil, auth.Identity{}},
	} {
		claims := withClaim(withClaim(providerClaims(), "email", c.value), "email_verified", c.verified)
		got, err := providers[c.byID].VerifyIdentity(t.Context(), signWithKID(t, jwt.SigningMethodRS256, key, "one", claims))
		if got != c.want || (err == nil) != (c.want != auth.Identity{}) || err != nil && !errors.Is(err, edu.Unauthenticated) {
			t.Errorf("%v, verified %v: %+v, %v; want %+v", c.value, c.verified, got, err, c.want)
		}
	}
}

// TestProviderLeeway checks that the provider's clock may differ by half a minute, and that tokens of
// this server have no leeway.
func TestProviderLeeway(t *testing.T) {
	t.Parallel()
	idp := newIDP(t)
	key := idp.publishKey(t, "one")
	p, ours := newProvider(t, idp.options()), newTokens(t, secret, "")
	for seconds, want := range map[time.Duration]bool{-15: true, -45: false} {
		ended := time.Now().Add(seconds * time.Second).Unix()
		_, err := p.VerifyIdentity(t.Context(), signWithKID(t, jwt.SigningMethodRS256, key, "one", withClaim(providerClaims(), "exp", ended)))
		if (err == nil) != want || err != nil && !errors.Is(err, auth.ErrTokenExpired) {
			t.Errorf("expired %d s ago: %v, want accepted: %t", -seconds, err, want)
		}
	}
	if _, err := ours.VerifyToken(t.Context(), sign(t, jwt.SigningMethodHS256, []byte(secret), withClaim(validClaims(), "exp", time.Now().Add(-time.Second).Unix()))); !errors.Is(err, auth.ErrTokenExpired) {
		t.Errorf("own token, expired 1 s ago: %v, want %v", err, auth.ErrTokenExpired)
	}
}

func TestProviderOfOurIssuer(t *testing.T) {
	t.Parallel()
	o := newIDP(t).options()
	o.Issuer = "7p"
	if _, err := auth.NewProvider(t.Context(), o); err == nil || !strings.Contains(err.Error(), "JWKS_ISSUER") {
		t.Errorf("%v, want an error about JWKS_ISSUER", err)
	}
}
