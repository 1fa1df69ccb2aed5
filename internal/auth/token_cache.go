package auth

import (
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/7p-education/api/edu"
)

const (
	// maxCachedTokenBytes is the maximum size of the cached tokens and their entries: about 16,000 tokens
	// of 300 bytes.
	maxCachedTokenBytes = 8 << 20
	// cachedTokenBytes is the size of an entry without its token: 204 bytes by BenchmarkTokenCacheMemory.
	cachedTokenBytes = 220
)

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
	return tokenCache{otter.Must(&otter.Options[string, cachedToken]{
		MaximumWeight: maxCachedTokenBytes,
		Weigher:       func(token string, _ cachedToken) uint32 { return uint32(len(token)) + cachedTokenBytes },
	})}
}

// lookupToken returns the viewer of a cached token that is valid at now.
func (c tokenCache) lookupToken(token string, now time.Time) (edu.Viewer, bool) {
	entry, ok := c.entries.GetIfPresent(token)
	return entry.viewer, ok && !now.Before(entry.notBefore) && now.Before(entry.expiresAt)
}

// storeToken caches a verified token, whose period of validity begins earlier by the leeway. A token
// without nbf is not cached; all have exp.
func (c tokenCache) storeToken(token string, viewer edu.Viewer, verified *claims) {
	if verified.NotBefore == nil {
		return
	}
	c.entries.Set(token, cachedToken{viewer, verified.NotBefore.Add(-leeway), verified.ExpiresAt.Time})
}
