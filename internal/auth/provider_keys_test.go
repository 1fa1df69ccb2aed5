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

var phcBase64 = base64.RawURLEncoding.EncodeToString

// Keys that verify are taken, of whatever kind; a secret among them, a weak one or
// one for encryption is not.
func TestProviderKeys(t *testing.T) {
	t.Parallel()
	idp := newIDP(t)
	rsaKey := idp.add(t, "rsa")
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
	e := phcBase64(big.NewInt(int64(weak.E)).Bytes())
	idp.change(func() {
		idp.keys = append(idp.keys,
			map[string]string{"kty": "OKP", "crv": "Ed25519", "kid": "ed", "alg": "EdDSA", "x": phcBase64(edPublic)},
			map[string]string{"kty": "EC", "crv": "P-256", "kid": "ec", "alg": "ES256", "x": phcBase64(point[1:33]), "y": phcBase64(point[33:])},
			map[string]string{"kty": "RSA", "kid": "encrypts", "use": "enc", "n": phcBase64(rsaKey.N.Bytes()), "e": e},
			map[string]string{"kty": "RSA", "kid": "weak", "n": phcBase64(weak.N.Bytes()), "e": e},
			map[string]string{"kty": "oct", "kid": "secret", "alg": "HS256", "k": phcBase64([]byte(secret))},
		)
	})
	p := provider(t, idp.options())
	noKid := func(method jwt.SigningMethod, key any) string {
		text, err := jwt.NewWithClaims(method, outside()).SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	for name, c := range map[string]struct {
		token string
		want  bool
	}{
		"RSA":                     {token(t, jwt.SigningMethodRS256, rsaKey, "rsa", outside()), true},
		"RSA, padded otherwise":   {token(t, jwt.SigningMethodPS512, rsaKey, "rsa", outside()), true},
		"Ed25519":                 {token(t, jwt.SigningMethodEdDSA, edKey, "ed", outside()), true},
		"P-256":                   {token(t, jwt.SigningMethodES256, ecKey, "ec", outside()), true},
		"no kid":                  {noKid(jwt.SigningMethodES256, ecKey), true},
		"another's kid":           {token(t, jwt.SigningMethodEdDSA, edKey, "ec", outside()), false},
		"for encryption":          {token(t, jwt.SigningMethodRS256, rsaKey, "encrypts", outside()), false},
		"weak":                    {token(t, jwt.SigningMethodRS256, weak, "weak", outside()), false},
		"a secret":                {token(t, jwt.SigningMethodHS256, []byte(secret), "secret", outside()), false},
		"a secret without a kid":  {noKid(jwt.SigningMethodHS256, []byte(secret)), false},
		"a strange one, no kid":   {noKid(jwt.SigningMethodEdDSA, newPair(t).key), false},
		"the public key's bytes":  {noKid(jwt.SigningMethodHS256, []byte(edPublic)), false},
		"an unsigned one, no kid": {noKid(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType), false},
	} {
		_, err := p.VerifyIdentity(t.Context(), c.token)
		if (err == nil) != c.want || err != nil && !errors.Is(err, auth.ErrInvalidToken) {
			t.Errorf("%s: %v, want it taken: %t", name, err, c.want)
		}
	}
}

// An answer without keys, or one that is no JWK Set of a fit size, changes nothing.
func TestProviderAnswersNonsense(t *testing.T) {
	t.Parallel()
	idp := newIDP(t)
	key := idp.add(t, "one")
	var nonsense http.HandlerFunc
	var mu sync.Mutex
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if nonsense != nil {
			nonsense(w, r)
			return
		}
		idp.Config.Handler.ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	good := token(t, jwt.SigningMethodRS256, key, "one", outside())
	for name, handler := range map[string]http.HandlerFunc{
		"no keys":        func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"keys":[]}`)) },
		"another answer": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"error":"busy"}`)) },
		"no JSON":        func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`<html>`)) },
		"too large": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(strings.Repeat(" ", 1<<20) + "{}"))
		},
		"another's address": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, idp.URL, http.StatusFound) },
	} {
		o := idp.options()
		o.URL = front.URL
		set := func(h http.HandlerFunc) { mu.Lock(); defer mu.Unlock(); nonsense = h }
		set(nil)
		known := provider(t, o)
		set(handler)
		if _, err := known.VerifyIdentity(t.Context(), token(t, jwt.SigningMethodRS256, key, "unknown", outside())); !errors.Is(err, auth.ErrInvalidToken) {
			t.Errorf("%s: an unknown kid: %v, want %v", name, err, auth.ErrInvalidToken)
		}
		if _, err := known.VerifyIdentity(t.Context(), good); err != nil {
			t.Errorf("%s: the known key is lost: %v", name, err)
		}
		if _, err := provider(t, o).VerifyIdentity(t.Context(), good); !errors.Is(err, edu.Unavailable) {
			t.Errorf("%s: from the start: %v, want %v", name, err, edu.Unavailable)
		}
	}
}

// All who come with a new key wait for the one fetch that brings it.
func TestProviderChangesKeys(t *testing.T) {
	t.Parallel()
	idp := newIDP(t)
	idp.add(t, "one")
	p := provider(t, idp.options())
	fresh := token(t, jwt.SigningMethodRS256, idp.add(t, "two"), "two", outside())
	idp.change(func() { idp.asks = 0 })
	var wait sync.WaitGroup
	for range 20 {
		wait.Go(func() {
			if _, err := p.VerifyIdentity(t.Context(), fresh); err != nil {
				t.Errorf("with the new key: %v", err)
			}
		})
	}
	wait.Wait()
	idp.change(func() {
		if idp.asks != 1 {
			t.Errorf("asked %d times, want once", idp.asks)
		}
	})
}

// Whom the claim names, told by the claim alone.
func TestProviderClaims(t *testing.T) {
	t.Parallel()
	idp := newIDP(t)
	key := idp.add(t, "one")
	byID := idp.options()
	byID.MatchByID = true
	providers := map[bool]*auth.Provider{false: provider(t, idp.options()), true: provider(t, byID)}
	for _, c := range []struct {
		byID            bool
		value, verified any
		want            auth.Identity
	}{
		{false, "ada@7p.example", nil, auth.Identity{Email: "ada@7p.example"}},
		{false, "ada@7p.example", "true", auth.Identity{Email: "ada@7p.example"}},
		{false, "ada@7p.example", "false", auth.Identity{}},
		{false, "ada@7p.example", 1, auth.Identity{}},
		{false, "", nil, auth.Identity{}},
		{false, "ada\x00@7p.example", nil, auth.Identity{}},
		{false, strings.Repeat("a", 255), nil, auth.Identity{}},
		{false, []string{"ada@7p.example"}, nil, auth.Identity{}},
		{true, "9007199254740993", false, auth.Identity{ID: 1<<53 + 1}},
		{true, 1<<53 + 1, nil, auth.Identity{ID: 1<<53 + 1}},
		{true, 7.5, nil, auth.Identity{}},
		{true, "+7", nil, auth.Identity{}},
		{true, "0", nil, auth.Identity{}},
		{true, nil, nil, auth.Identity{}},
	} {
		claims := with(with(outside(), "email", c.value), "email_verified", c.verified)
		got, err := providers[c.byID].VerifyIdentity(t.Context(), token(t, jwt.SigningMethodRS256, key, "one", claims))
		if got != c.want || (err == nil) != (c.want != auth.Identity{}) || err != nil && !errors.Is(err, edu.Unauthenticated) {
			t.Errorf("%v, verified %v: %+v, %v; want %+v", c.value, c.verified, got, err, c.want)
		}
	}
}

// The provider's clock may be half a minute off; ours is our own.
func TestProviderLeeway(t *testing.T) {
	t.Parallel()
	idp := newIDP(t)
	key := idp.add(t, "one")
	p, ours := provider(t, idp.options()), made(t, secret, "")
	for seconds, want := range map[time.Duration]bool{-15: true, -45: false} {
		ended := time.Now().Add(seconds * time.Second).Unix()
		_, err := p.VerifyIdentity(t.Context(), token(t, jwt.SigningMethodRS256, key, "one", with(outside(), "exp", ended)))
		if (err == nil) != want || err != nil && !errors.Is(err, auth.ErrTokenExpired) {
			t.Errorf("expired %d s ago: %v, want it taken: %t", -seconds, err, want)
		}
	}
	if _, err := ours.VerifyToken(t.Context(), signed(t, jwt.SigningMethodHS256, []byte(secret), with(cachedToken(), "exp", time.Now().Add(-time.Second).Unix()))); !errors.Is(err, auth.ErrTokenExpired) {
		t.Errorf("ours, expired a second ago: %v, want %v", err, auth.ErrTokenExpired)
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
