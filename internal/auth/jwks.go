package auth

import (
	"crypto/ed25519"
	"encoding/json"
	"net/http"
	"slices"
)

// jwksCacheControl is for how long others may keep our public keys. A new key is to be
// in the bundle for that long before it signs.
const jwksCacheControl = "public, max-age=300"

// JWKSHandler answers with the public keys that verify our tokens, as a JWK Set (RFC 7517
// section 5), for others who want to check them. Secrets are never in it, so with
// those only it is empty.
func (t *Tokens) JWKSHandler() http.Handler {
	set := struct {
		Keys []jwk `json:"keys"`
	}{Keys: []jwk{}}
	for _, k := range t.keys {
		public, ok := k.public.(ed25519.PublicKey)
		if !ok {
			continue
		}
		if one := newPublicJWK(public); !slices.Contains(set.Keys, one) { // a bundle may hold both halves
			set.Keys = append(set.Keys, one)
		}
	}
	body, _ := json.Marshal(set) // of strings only
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "application/jwk-set+json")
		h.Set("Cache-Control", jwksCacheControl)
		_, _ = w.Write(body)
	})
}
