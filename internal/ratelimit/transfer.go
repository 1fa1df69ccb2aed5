package ratelimit

import (
	"context"
	"net/http"
)

// TransferCaller returns a copy of a context in which costs and requests count for the caller of the request of
// from. It has a header of its own: the response of that request may have begun.
func TransferCaller(from, to context.Context) context.Context {
	limited := limitedRequestFrom(from)
	if limited == nil {
		return to
	}
	return context.WithValue(to, limitedRequestKey{}, &limitedRequest{caller: limited.caller, tier: limited.tier, header: http.Header{}})
}
