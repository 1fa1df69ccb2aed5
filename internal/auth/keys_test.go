package auth_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/auth"
)

// pair is a key of Ed25519 and both of its PEM blocks.
type pair struct {
	key             ed25519.PrivateKey
	private, public string
}

func newPair(t testing.TB) pair {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return pair{private, block(t, "PRIVATE KEY", private), block(t, "PUBLIC KEY", public)}
}

func block(t testing.TB, kind string, key any) string {
	t.Helper()
	marshal := x509.MarshalPKCS8PrivateKey
	if kind == "PUBLIC KEY" {
		marshal = x509.MarshalPKIXPublicKey
	}
	der, err := marshal(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func made(t testing.TB, secrets, bundle string) *auth.Tokens {
	t.Helper()
	tokens, err := auth.NewTokens(secrets, bundle)
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

var somebody = edu.Viewer{ID: 7, Role: edu.RoleStudent}

func mintBy(t testing.TB, tokens *auth.Tokens) string {
	t.Helper()
	token, err := tokens.IssueToken(somebody, time.Now(), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// Keys are changed by putting the new one first, and taking the old one out once
// the last of its tokens has expired.
func TestRotation(t *testing.T) {
	t.Parallel()
	first, second := newPair(t), newPair(t)
	other := strings.Repeat("another secret ", 3)
	issuers := map[string]*auth.Tokens{
		"secret": made(t, secret, ""), "other secret": made(t, other, ""),
		"first": made(t, "", first.private), "second": made(t, "", second.private),
	}
	for _, c := range []struct {
		secrets, bundle string
		signs           string
		takes           []string
	}{
		{secret, "", "secret", []string{"secret"}},
		{other + ", " + secret, "", "other secret", []string{"secret", "other secret"}},
		{"", first.private, "first", []string{"first"}},
		{"", second.private + first.private, "second", []string{"first", "second"}},
		{"", first.public + second.private, "second", []string{"first", "second"}},
		{secret, first.private, "first", []string{"secret", "first"}},
	} {
		tokens := made(t, c.secrets, c.bundle)
		for name, by := range issuers {
			_, err := tokens.VerifyToken(t.Context(), mintBy(t, by))
			if taken := err == nil; taken != slices.Contains(c.takes, name) {
				t.Errorf("with %q: a token of %s is taken: %v", c.takes, name, taken)
			}
		}
		if _, err := issuers[c.signs].VerifyToken(t.Context(), mintBy(t, tokens)); err != nil {
			t.Errorf("with %q: new tokens are not signed by %s", c.takes, c.signs)
		}
	}
}

// A public key is no secret: a token "signed" with its bytes is refused, and so
// is one whose kid names a key of another algorithm.
func TestAlgorithmConfusion(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	tokens := made(t, secret, p.private)
	public := p.key.Public().(ed25519.PublicKey)
	kidOf := func(token string) any {
		parsed, _, err := jwt.NewParser().ParseUnverified(token, jwt.MapClaims{})
		if err != nil {
			t.Fatal(err)
		}
		return parsed.Header["kid"]
	}
	edKid, hsKid := kidOf(mintBy(t, tokens)), kidOf(mintBy(t, made(t, secret, "")))
	for name, c := range map[string]struct {
		method jwt.SigningMethod
		key    any
		kid    any
		want   bool
	}{
		"as it should be":            {jwt.SigningMethodEdDSA, p.key, edKid, true},
		"without a kid":              {jwt.SigningMethodEdDSA, p.key, nil, true},
		"secret without a kid":       {jwt.SigningMethodHS256, []byte(secret), nil, true},
		"the public key as a secret": {jwt.SigningMethodHS256, []byte(public), nil, false},
		"and with its kid":           {jwt.SigningMethodHS256, []byte(public), edKid, false},
		"its PEM as a secret":        {jwt.SigningMethodHS256, []byte(p.public), nil, false},
		"the kid of the secret":      {jwt.SigningMethodEdDSA, p.key, hsKid, false},
		"an unknown kid":             {jwt.SigningMethodEdDSA, p.key, "other", false},
		"a kid that is no text":      {jwt.SigningMethodEdDSA, p.key, 7, false},
		"another key":                {jwt.SigningMethodEdDSA, newPair(t).key, edKid, false},
	} {
		token := jwt.NewWithClaims(c.method, cachedToken())
		if c.kid != nil {
			token.Header["kid"] = c.kid
		}
		text, err := token.SignedString(c.key)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tokens.VerifyToken(t.Context(), text); (err == nil) != c.want {
			t.Errorf("%s: %v, want it taken: %v", name, err, c.want)
		}
	}
}

func TestBundlesThatAreRefused(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	large, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for name, bundle := range map[string]string{
		"public only": p.public, "no PEM": "hello", "RSA": block(t, "PRIVATE KEY", large),
		"half of one": p.private[:60], "half behind a whole": p.private + p.private[:60],
		"a certificate": strings.ReplaceAll(p.public, "PUBLIC KEY", "CERTIFICATE"),
	} {
		if _, err := auth.NewTokens("", bundle); err == nil || strings.Contains(err.Error(), bundle) {
			t.Errorf("%s: %v, want an error that does not repeat it", name, err)
		}
	}
}

// What is published verifies what is signed, and holds no secret.
func TestJWKS(t *testing.T) {
	t.Parallel()
	p, old := newPair(t), newPair(t)
	rec := httptest.NewRecorder()
	tokens := made(t, secret, p.private+p.public+old.public)
	tokens.JWKSHandler().ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), "GET", "/", nil))
	var set struct{ Keys []map[string]string }
	if err := json.Unmarshal(rec.Body.Bytes(), &set); err != nil || len(set.Keys) != 2 {
		t.Fatalf("%v: %s, want two keys", err, rec.Body)
	}
	for _, k := range set.Keys {
		if k["kty"] != "OKP" || k["crv"] != "Ed25519" || k["alg"] != "EdDSA" || k["kid"] == "" || k["d"] != "" || len(k) != 6 {
			t.Errorf("published %v", k)
		}
	}
	if !strings.Contains(rec.Header().Get("Cache-Control"), "max-age") {
		t.Error("others may not keep it")
	}
}

// Nothing but a token of our keys gives a viewer.
func FuzzToken(f *testing.F) {
	p := newPair(f)
	tokens := made(f, secret, p.private)
	ours := []string{mintBy(f, tokens), mintBy(f, made(f, secret, ""))}
	for _, token := range ours {
		f.Add(token)
		f.Add(strings.ToLower(token))
		f.Add(token + "=")
		f.Add(token + "\n")
	}
	f.Add("..")
	f.Add("eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.")
	f.Fuzz(func(t *testing.T, token string) {
		v, err := tokens.VerifyToken(t.Context(), token)
		if err == nil && token != ours[0] && token != ours[1] {
			t.Fatalf("%q names %+v", token, v)
		}
		if err != nil && (v.SignedIn() || !errors.Is(err, edu.Unauthenticated)) {
			t.Fatalf("%q: %+v, %v", token, v, err)
		}
	})
}
