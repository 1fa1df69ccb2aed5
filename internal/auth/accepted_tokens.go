package auth

import (
	"hash/maphash"

	"github.com/maypok86/otter/v2"
)

// maxAcceptedTokens is the maximum number of tokens that acceptedTokens remembers, about 100 bytes each.
const maxAcceptedTokens = 16_384

// acceptedTokens remembers tokens that were accepted lately, by their hashes. Each token is verified each
// time; a hash only exempts it from the limit of failed authentications. It is safe for concurrent use.
type acceptedTokens struct {
	seed   maphash.Seed
	hashes *otter.Cache[uint64, struct{}]
}

func newAcceptedTokens() acceptedTokens {
	return acceptedTokens{maphash.MakeSeed(), otter.Must(&otter.Options[uint64, struct{}]{MaximumSize: maxAcceptedTokens})}
}

func (a acceptedTokens) hashToken(token string) uint64 { return maphash.String(a.seed, token) }

func (a acceptedTokens) hasToken(token string) bool {
	_, ok := a.hashes.GetIfPresent(a.hashToken(token))
	return ok
}

func (a acceptedTokens) addToken(token string) { a.hashes.Set(a.hashToken(token), struct{}{}) }

func (a acceptedTokens) removeToken(token string) { a.hashes.Invalidate(a.hashToken(token)) }
