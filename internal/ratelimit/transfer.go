package ratelimit

import (
	"context"
	"net/http"

	"github.com/7p-education/api/edu"
)

// TransferCaller returns a function that returns a copy of a context in which costs and requests count for the viewer
// of from, and for the address of its request: the viewer may have signed in after the request. The copy has a header
// of its own, since the response of that request may have begun. The function does not hold on to from.
func (l *Limits) TransferCaller(from context.Context) func(context.Context) context.Context {
	limited := limitedRequestFrom(from)
	if limited == nil {
		return func(to context.Context) context.Context { return to }
	}
	c := caller{edu.ViewerFrom(from), limited.caller.address}
	tier, trusted := l.tierOf(from, c), from.Value(trustedAddressKey{}) != nil
	return func(to context.Context) context.Context {
		if trusted {
			to = WithTrustedAddress(to)
		}
		return context.WithValue(to, limitedRequestKey{}, &limitedRequest{caller: c, tier: tier, header: http.Header{}})
	}
}
