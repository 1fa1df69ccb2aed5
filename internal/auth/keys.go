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

// MinSecretBytes is the minimum size of a secret in bytes, as RFC 7518 section 3.2 requires for
// HS256.
const MinSecretBytes = 32

// tokenKey is valid for one algorithm only, regardless of the token's header: a public key is never
// used as a secret.
type tokenKey struct {
	id      string // kid, derived from the key
	method  jwt.SigningMethod
	private any // nil if the key only verifies
	public  jwt.VerificationKey
}

// keyring holds the signing keys, followed by the keys that only verify.
type keyring []tokenKey

// parseKeyring parses the arguments of NewTokens.
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
			return nil, fmt.Errorf("JWT_SECRET needs %d bytes at least, number %d of %d has %d: generate one with \"openssl rand -base64 48\"",
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

// parsePEMBundle parses PEM blocks: private keys in PKCS #8, public keys in PKIX.
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
	// Decode skips unreadable blocks, so compare their number.
	if n := strings.Count(bundle, "-----BEGIN "); n != len(keys) {
		return nil, fmt.Errorf("only %d of %d PEM blocks are readable", len(keys), n)
	}
	if len(keys) == 0 || keys[0].private == nil {
		return nil, errors.New("no PEM block with a private key to sign with: generate one with \"openssl genpkey -algorithm ed25519\"")
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
		return tokenKey{}, fmt.Errorf("unreadable %s: %w", block.Type, err)
	}
	return tokenKey{}, fmt.Errorf("%s is not an Ed25519 PRIVATE KEY or PUBLIC KEY: generate one with \"openssl genpkey -algorithm ed25519\"", block.Type)
}

// signingKey returns the key that signs new tokens.
func (k keyring) signingKey() *tokenKey { return &k[0] }

// algorithms returns the algorithms of all keys.
func (k keyring) algorithms() []string {
	var all []string
	for _, key := range k {
		all = append(all, key.method.Alg())
	}
	return all
}

// errUnknownExtension rejects a token with critical extensions: none is known (RFC 7515 section 4.1.11).
var errUnknownExtension = errors.New("unknown critical extension")

// candidateKeys returns the keys that may have signed a token: the key that its kid names, or
// without a kid all keys of its algorithm.
func (k keyring) candidateKeys(t *jwt.Token) (any, error) {
	if t.Header["crit"] != nil {
		return nil, errUnknownExtension
	}
	id, named := t.Header["kid"]
	var set jwt.VerificationKeySet
	for i := range k {
		if k[i].method.Alg() == t.Method.Alg() && (!named || id == k[i].id) {
			set.Keys = append(set.Keys, k[i].public)
		}
	}
	return set, nil // the parser rejects an empty set
}

// jwk is an Ed25519 JSON Web Key (RFC 8037 section 2).
type jwk struct {
	Curve     string `json:"crv"`
	Type      string `json:"kty"`
	X         string `json:"x"`
	KeyID     string `json:"kid,omitempty"`
	Use       string `json:"use,omitempty"`
	Algorithm string `json:"alg,omitempty"`
}

// newPublicJWK returns the JWK of a public key. Its id is the thumbprint: the SHA-256 of the required
// members in the order of their names (RFC 7638 section 3).
func newPublicJWK(public ed25519.PublicKey) jwk {
	k := jwk{Curve: "Ed25519", Type: "OKP", X: base64.RawURLEncoding.EncodeToString(public)}
	required, _ := json.Marshal(k) // strings only: no error is possible
	sum := sha256.Sum256(required)
	k.KeyID, k.Use, k.Algorithm = base64.RawURLEncoding.EncodeToString(sum[:]), "sig", jwt.SigningMethodEdDSA.Alg()
	return k
}
