package auth

import (
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/7p-education/api/edu"
)

// maxCachedTokens is the maximum number of cached tokens, about 6 MB.
const maxCachedTokens = 16_384

// tokenCache stores tokens whose signature and claims are valid, until they expire. Verifying an
// EdDSA signature again would cost seven times as much as the rest of a cached response. The account
// and the session are checked on every request, by AccountCache. It is safe for concurrent use.
type tokenCache struct {
	entries *otter.Cache[string, cachedToken]
}

// cachedToken is the viewer of a token and the token's period of validity.
type cachedToken struct {
	viewer               edu.Viewer
	notBefore, expiresAt time.Time
}

func newTokenCache() tokenCache {
	return tokenCache{otter.Must(&otter.Options[string, cachedToken]{MaximumSize: maxCachedTokens})}
}

// lookupToken returns the viewer of a cached token that is valid at now.
func (c tokenCache) lookupToken(token string, now time.Time) (edu.Viewer, bool) {
	entry, ok := c.entries.GetIfPresent(token)
	return entry.viewer, ok && !now.Before(entry.notBefore) && now.Before(entry.expiresAt)
}

// storeToken caches a verified token. A token without exp or nbf is not cached.
func (c tokenCache) storeToken(token string, viewer edu.Viewer, verified *claims) {
	if verified.ExpiresAt == nil || verified.NotBefore == nil {
		return
	}
	c.entries.Set(token, cachedToken{viewer, verified.NotBefore.Time, verified.ExpiresAt.Time})
}
