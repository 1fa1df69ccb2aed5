package ratelimit

import (
	"context"
	"net/http"
)

// tier has the limits of one kind of caller: anonymous, viewer, premium or trusted.
type tier struct {
	requests  *countedLimiter // of this process; nil if disabled
	mutations *countedLimiter // nil if disabled
	cost      *countedLimiter // of all tiers together; nil if disabled
	policies  []string        // the RateLimit-Policy header
}

// tierOf returns the limits of the caller of a request.
func (l *Limits) tierOf(ctx context.Context, c caller) *tier {
	switch {
	case c.isPremium():
		return &l.premium
	case c.viewer.SignedIn():
		return &l.viewer
	case ctx.Value(trustedAddressKey{}) != nil:
		return &l.trusted
	}
	return &l.anonymous
}

type trustedAddressKey struct{}

// WithTrustedAddress returns a context for a request to which only the limits of sign-in and of
// registrations apply, unless it has a viewer: its address sends requests for many users.
func WithTrustedAddress(ctx context.Context) context.Context {
	return context.WithValue(ctx, trustedAddressKey{}, true)
}

const (
	// requestsPerMutation is how many requests a caller may send for each of its mutations.
	requestsPerMutation = 100
	bytesPerRequest     = 1 << 10 // of a body
	bytesPerParse       = 100     // of a text that has to be parsed
	// maxPrice is the price of the largest request.
	maxPrice = 100
)

// newRequestPolicy returns the limit of the requests of a caller to one process: a hundred times that of
// its mutations, and at most 10,000 a second. A request takes one from the bucket for each KiB of its
// body, and one for each 100 bytes of a text that has to be parsed, but at most 100 of either. The bucket
// limits the work that has no cost: reading and parsing, and cached responses. It is in the process that
// does this work, so that a cached response needs no round trip to Redis.
func newRequestPolicy(mutations Policy) Policy {
	if mutations.Disabled() {
		return Policy{}
	}
	limit := min(requestsPerMutation*mutations.Limit, int(mutations.Window/minInterval))
	return Policy{Name: "requests", Limit: limit, Window: mutations.Window}
}

// requestPrice returns the price of a request by the size of its body, or of its query string. A body of
// unknown length has the largest price, because it is admitted before it is read.
func requestPrice(r *http.Request) int {
	if r.ContentLength < 0 {
		return maxPrice
	}
	return clampPrice(int(max(r.ContentLength, int64(len(r.URL.RawQuery)))), bytesPerRequest)
}

// clampPrice returns the price of a number of bytes, of which each unit begun costs one.
func clampPrice(bytes, unit int) int { return min(max((bytes+unit-1)/unit, 1), maxPrice) }
