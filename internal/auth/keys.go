package auth

import (
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

// MinSecretBytes is the least number of bytes of a secret, as RFC 7518 section 3.2
// has it for HS256.
const MinSecretBytes = 32

// tokenKey is good for one algorithm only, whatever a token says of itself: a public
// key can never be taken for a secret.
type tokenKey struct {
	id      string // kid, derived from the key
	method  jwt.SigningMethod
	private any // nil where the key only verifies
	public  jwt.VerificationKey
}

// keyring holds what signs before what only verifies.
type keyring []tokenKey

// parseKeyring takes the keys of NewTokens.
func parseKeyring(secrets, bundle string) (keyring, error) {
	var keys keyring
	var err error
	if bundle != "" {
		if keys, err = parsePEMBundle(bundle); err != nil {
			return nil, fmt.Errorf("JWT_KEYS: %w", err)
		}
		if secrets == "" {
			return keys, nil
		}
	}
	list := strings.Split(secrets, ",")
	for i, secret := range list {
		secret = strings.TrimSpace(secret)
		if len(secret) < MinSecretBytes {
			return nil, fmt.Errorf("JWT_SECRET needs %d bytes at least, number %d of %d has %d: make one with \"openssl rand -base64 48\"",
				MinSecretBytes, i+1, len(list), len(secret))
		}
		sum := sha256.Sum256([]byte("7p kid " + secret))
		keys = append(keys, tokenKey{
			id: base64.RawURLEncoding.EncodeToString(sum[:8]), method: jwt.SigningMethodHS256,
			private: []byte(secret), public: []byte(secret),
		})
	}
	return keys, nil
}

// parsePEMBundle reads PEM blocks: private keys in PKCS #8, public ones in PKIX.
func parsePEMBundle(bundle string) (keyring, error) {
	var keys keyring
	for block, rest := pem.Decode([]byte(bundle)); block != nil; block, rest = pem.Decode(rest) {
		k, err := parsePEMBlock(block)
		if err != nil {
			return nil, fmt.Errorf("key %d: %w", len(keys)+1, err)
		}
		if k.private != nil && !slices.ContainsFunc(keys, func(k tokenKey) bool { return k.private != nil }) {
			keys = slices.Insert(keys, 0, k)
			continue
		}
		keys = append(keys, k)
	}
	// What pem cannot read, it passes over.
	if n := strings.Count(bundle, "-----BEGIN "); n != len(keys) {
		return nil, fmt.Errorf("of %d PEM blocks only %d can be read", n, len(keys))
	}
	if len(keys) == 0 || keys[0].private == nil {
		return nil, errors.New("there is no private key to sign with, which is a PEM block: make one with \"openssl genpkey -algorithm ed25519\"")
	}
	return keys, nil
}

func parsePEMBlock(block *pem.Block) (tokenKey, error) {
	var parsed any
	var err error
	switch block.Type {
	case "PRIVATE KEY":
		parsed, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case "PUBLIC KEY":
		parsed, err = x509.ParsePKIXPublicKey(block.Bytes)
	}
	switch k := parsed.(type) {
	case ed25519.PrivateKey:
		public := k.Public().(ed25519.PublicKey)
		return tokenKey{id: newPublicJWK(public).KeyID, method: jwt.SigningMethodEdDSA, private: k, public: public}, nil
	case ed25519.PublicKey:
		return tokenKey{id: newPublicJWK(k).KeyID, method: jwt.SigningMethodEdDSA, public: k}, nil
	}
	if err != nil {
		return tokenKey{}, fmt.Errorf("the %s cannot be read: %w", block.Type, err)
	}
	return tokenKey{}, fmt.Errorf("%s is not taken, only PRIVATE KEY and PUBLIC KEY of Ed25519: make one with \"openssl genpkey -algorithm ed25519\"", block.Type)
}

// signingKey is the key that new tokens are signed with.
func (k keyring) signingKey() *tokenKey { return &k[0] }

// algorithms are those that any of the keys is for.
func (k keyring) algorithms() []string {
	var all []string
	for _, one := range k {
		all = append(all, one.method.Alg())
	}
	return all
}

// candidateKeys returns the keys that a token may be signed with: the one that its
// kid names, or without a kid all of its algorithm.
func (k keyring) candidateKeys(t *jwt.Token) (any, error) {
	if t.Header["crit"] != nil {
		return nil, errors.New("a critical extension that is not understood") // RFC 7515 section 4.1.11
	}
	id, named := t.Header["kid"]
	var set jwt.VerificationKeySet
	for i := range k {
		if k[i].method.Alg() == t.Method.Alg() && (!named || id == k[i].id) {
			set.Keys = append(set.Keys, k[i].public)
		}
	}
	return set, nil // an empty one is refused
}

// jwk is a JSON Web Key of Ed25519 (RFC 8037 section 2).
type jwk struct {
	Curve     string `json:"crv"`
	Type      string `json:"kty"`
	X         string `json:"x"`
	KeyID     string `json:"kid,omitempty"`
	Use       string `json:"use,omitempty"`
	Algorithm string `json:"alg,omitempty"`
}

// newPublicJWK names the key by its thumbprint: the SHA-256 of the required members in
// the order of their names (RFC 7638 section 3).
func newPublicJWK(public ed25519.PublicKey) jwk {
	k := jwk{Curve: "Ed25519", Type: "OKP", X: base64.RawURLEncoding.EncodeToString(public)}
	required, _ := json.Marshal(k) // of strings only
	sum := sha256.Sum256(required)
	k.KeyID, k.Use, k.Algorithm = base64.RawURLEncoding.EncodeToString(sum[:]), "sig", jwt.SigningMethodEdDSA.Alg()
	return k
}
