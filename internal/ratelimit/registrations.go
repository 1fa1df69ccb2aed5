package ratelimit

import (
	"context"
	"fmt"
)

// ConsumeRegistration takes the bytes of a text that is to be stored as a persisted query, in whole KiB,
// from the budget of the request's caller, or returns an *edu.Error of the code RATE_LIMITED. It sets no
// header for an allowed text. The rules of ConsumeCost apply.
func (l *Limits) ConsumeRegistration(ctx context.Context, bytes int) error {
	limited := limitedRequestFrom(ctx)
	if limited == nil || l.registrations == nil {
		return nil
	}
	d := l.registrations.Allow(ctx, limited.caller.bucketKey(), (bytes+1023)/1024)
	if d.Allowed {
		return nil
	}
	return limited.rejectRequest(d, fmt.Sprintf("too many new persisted queries: the limit is %d KiB in %s; send the text without its hash",
		d.Policy.Limit, formatSeconds(ceilSeconds(d.Policy.Window))))
}
