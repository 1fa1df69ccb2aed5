package auth

import (
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/7p-education/api/edu"
)

// maxCachedTokens is how many tokens are remembered, in some 6 MB.
const maxCachedTokens = 16_384

// tokenCache are tokens whose signature and claims were found good: they need not be
// looked at again until they expire, which with EdDSA costs seven times what all else
// of a kept answer does. Whether the account and the session are good is asked each
// time, elsewhere. It is safe for concurrent use.
type tokenCache struct {
	entries *lru.Cache[string, cachedToken]
}

// cachedToken is whom a token names, and when it is good.
type cachedToken struct {
	viewer               edu.Viewer
	notBefore, expiresAt time.Time
}

func newTokenCache() tokenCache {
	kept, err := lru.New[string, cachedToken](maxCachedTokens)
	if err != nil {
		panic(err) // of a size below 1
	}
	return tokenCache{kept}
}

// lookupToken returns whom a token names that was found good and is so at a time.
func (v tokenCache) lookupToken(token string, now time.Time) (edu.Viewer, bool) {
	g, ok := v.entries.Get(token)
	return g.viewer, ok && !now.Before(g.notBefore) && now.Before(g.expiresAt)
}

// storeToken remembers a token that was found good.
func (v tokenCache) storeToken(token string, viewer edu.Viewer, c *claims) {
	if c.ExpiresAt == nil || c.NotBefore == nil {
		return
	}
	v.entries.Add(token, cachedToken{viewer, c.NotBefore.Time, c.ExpiresAt.Time})
}
