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

// keyPair is an Ed25519 key with its PEM blocks.
type keyPair struct {
	key             ed25519.PrivateKey
	private, public string
}

func newKeyPair(t testing.TB) keyPair {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return keyPair{private, pemBlock(t, "PRIVATE KEY", private), pemBlock(t, "PUBLIC KEY", public)}
}

func pemBlock(t testing.TB, kind string, key any) string {
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

func newTokens(t testing.TB, secrets, bundle string) *auth.Tokens {
	t.Helper()
	tokens, err := auth.NewTokens(secrets, bundle)
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

var student = edu.Viewer{ID: 7, Role: edu.RoleStudent}

func issueToken(t testing.TB, tokens *auth.Tokens) string {
	t.Helper()
	token, err := tokens.IssueToken(student, time.Now(), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// TestRotation checks the steps of a key rotation: the new key is put first, and the old one is
// removed after its last token has expired.
func TestRotation(t *testing.T) {
	t.Parallel()
	first, second := newKeyPair(t), newKeyPair(t)
	other := strings.Repeat("another secret ", 3)
	issuers := map[string]*auth.Tokens{
		"secret": newTokens(t, secret, ""), "other secret": newTokens(t, other, ""),
		"first": newTokens(t, "", first.private), "second": newTokens(t, "", second.private),
	}
	for _, c := range []struct {
		secrets, bundle string
		signer          string
		accepted        []string
	}{
		{secret, "", "secret", []string{"secret"}},
		{other + ", " + secret, "", "other secret", []string{"secret", "other secret"}},
		{"", first.private, "first", []string{"first"}},
		{"", second.private + first.private, "second", []string{"first", "second"}},
		{"", first.public + second.private, "second", []string{"first", "second"}},
		{secret, first.private, "first", []string{"secret", "first"}},
	} {
		tokens := newTokens(t, c.secrets, c.bundle)
		for name, by := range issuers {
			_, err := tokens.VerifyToken(t.Context(), issueToken(t, by))
			if got := err == nil; got != slices.Contains(c.accepted, name) {
				t.Errorf("keys of %q: accepted a token of %s: %v", c.accepted, name, got)
			}
		}
		if _, err := issuers[c.signer].VerifyToken(t.Context(), issueToken(t, tokens)); err != nil {
			t.Errorf("keys of %q: new tokens are not signed by %s", c.accepted, c.signer)
		}
	}
}

// TestAlgorithmConfusion checks that a public key is not usable as a secret: a token signed with its
// bytes is rejected, and so is one whose kid names a key of another algorithm.
func TestAlgorithmConfusion(t *testing.T) {
	t.Parallel()
	p := newKeyPair(t)
	tokens := newTokens(t, secret, p.private)
	public := p.key.Public().(ed25519.PublicKey)
	kidOf := func(token string) any {
		parsed, _, err := jwt.NewParser().ParseUnverified(token, jwt.MapClaims{})
		if err != nil {
			t.Fatal(err)
		}
		return parsed.Header["kid"]
	}
	edKid, hsKid := kidOf(issueToken(t, tokens)), kidOf(issueToken(t, newTokens(t, secret, "")))
	for name, c := range map[string]struct {
		method jwt.SigningMethod
		key    any
		kid    any
		want   bool
	}{
		"valid":                      {jwt.SigningMethodEdDSA, p.key, edKid, true},
		"without a kid":              {jwt.SigningMethodEdDSA, p.key, nil, true},
		"secret without a kid":       {jwt.SigningMethodHS256, []byte(secret), nil, true},
		"the public key as a secret": {jwt.SigningMethodHS256, []byte(public), nil, false},
		"the public key and its kid": {jwt.SigningMethodHS256, []byte(public), edKid, false},
		"its PEM as a secret":        {jwt.SigningMethodHS256, []byte(p.public), nil, false},
		"the kid of the secret":      {jwt.SigningMethodEdDSA, p.key, hsKid, false},
		"an unknown kid":             {jwt.SigningMethodEdDSA, p.key, "other", false},
		"a kid that is no text":      {jwt.SigningMethodEdDSA, p.key, 7, false},
		"another key":                {jwt.SigningMethodEdDSA, newKeyPair(t).key, edKid, false},
	} {
		token := jwt.NewWithClaims(c.method, validClaims())
		if c.kid != nil {
			token.Header["kid"] = c.kid
		}
		text, err := token.SignedString(c.key)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tokens.VerifyToken(t.Context(), text); (err == nil) != c.want {
			t.Errorf("%s: %v, want accepted: %v", name, err, c.want)
		}
	}
}

func TestInvalidBundles(t *testing.T) {
	t.Parallel()
	p := newKeyPair(t)
	large, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for name, bundle := range map[string]string{
		"public only": p.public, "no PEM": "hello", "RSA": pemBlock(t, "PRIVATE KEY", large),
		"truncated key": p.private[:60], "truncated second key": p.private + p.private[:60],
		"a certificate": strings.ReplaceAll(p.public, "PUBLIC KEY", "CERTIFICATE"),
	} {
		if _, err := auth.NewTokens("", bundle); err == nil || strings.Contains(err.Error(), bundle) {
			t.Errorf("%s: %v, want an error without the key", name, err)
		}
	}
}

// TestJWKS checks that the published set holds the public keys and no secrets.
func TestJWKS(t *testing.T) {
	t.Parallel()
	p, old := newKeyPair(t), newKeyPair(t)
	rec := httptest.NewRecorder()
	tokens := newTokens(t, secret, p.private+p.public+old.public)
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
		t.Error("no max-age in Cache-Control")
	}
}

// FuzzToken checks that only tokens signed with a key of the server authenticate a viewer.
func FuzzToken(f *testing.F) {
	p := newKeyPair(f)
	tokens := newTokens(f, secret, p.private)
	ours := []string{issueToken(f, tokens), issueToken(f, newTokens(f, secret, ""))}
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
			t.Fatalf("%q: accepted as %+v", token, v)
		}
		if err != nil && (v.SignedIn() || !errors.Is(err, edu.Unauthenticated)) {
			t.Fatalf("%q: %+v, %v", token, v, err)
		}
	})
}
