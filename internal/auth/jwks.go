package auth

import (
	"crypto/ed25519"
	"encoding/json"
	"net/http"
	"slices"
)

// jwksCacheControl allows clients to cache the public keys for 300 s. A new key must be in the
// bundle for that long before it signs.
const jwksCacheControl = "public, max-age=300"

// JWKSHandler serves the public keys that verify this server's tokens, as a JWK Set (RFC 7517
// section 5). The set never contains secrets, so it is empty if there are only secrets.
func (t *Tokens) JWKSHandler() http.Handler {
	set := struct {
		Keys []jwk `json:"keys"`
	}{Keys: []jwk{}}
	for _, k := range t.keys {
		public, ok := k.public.(ed25519.PublicKey)
		if !ok {
			continue
		}
		if key := newPublicJWK(public); !slices.Contains(set.Keys, key) { // a bundle may hold both halves
			set.Keys = append(set.Keys, key)
		}
	}
	body, _ := json.Marshal(set) // strings only: no error is possible
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "application/jwk-set+json")
		h.Set("Cache-Control", jwksCacheControl)
		_, _ = w.Write(body)
	})
}
