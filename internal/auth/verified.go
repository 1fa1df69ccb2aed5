package auth

import (
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/7p-education/api/edu"
)

// maxVerified is how many tokens are remembered, in some 6 MB.
const maxVerified = 16_384

// verified are tokens whose signature and claims were found good: they need not be
// looked at again until they expire, which with EdDSA costs seven times what all else
// of a kept answer does. Whether the account and the session are good is asked each
// time, elsewhere. It is safe for concurrent use.
type verified struct{ kept *lru.Cache[string, good] }

// good is whom a token names, and when it is good.
type good struct {
	viewer      edu.Viewer
	from, until time.Time
}

func newVerified() verified {
	kept, err := lru.New[string, good](maxVerified)
	if err != nil {
		panic(err) // of a size below 1
	}
	return verified{kept}
}

// find returns whom a token names that was found good and is so at a time.
func (v verified) find(token string, now time.Time) (edu.Viewer, bool) {
	g, ok := v.kept.Get(token)
	return g.viewer, ok && !now.Before(g.from) && now.Before(g.until)
}

// remember remembers a token that was found good.
func (v verified) remember(token string, viewer edu.Viewer, c *claims) {
	if c.ExpiresAt == nil || c.NotBefore == nil {
		return
	}
	v.kept.Add(token, good{viewer, c.NotBefore.Time, c.ExpiresAt.Time})
}
