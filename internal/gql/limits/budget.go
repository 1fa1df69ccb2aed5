package limits

import "context"

// Budget is what a caller, identified by the context of a request, may spend within some time. The
// errors are *edu.Error of the code RATE_LIMITED.
type Budget interface {
	// ConsumeRequests takes n more requests, for the operations of a batch beyond the first: the request
	// itself is counted already.
	ConsumeRequests(ctx context.Context, n int) error
	// ConsumeCost takes the cost of an operation.
	ConsumeCost(ctx context.Context, cost int64) error
	// ConsumeSignIn takes an attempt to begin a session, or one to continue it with an invalid token.
	ConsumeSignIn(ctx context.Context) error
	// ConsumeEmailSignIn takes an attempt to sign in with an email, and may wait before it returns. The
	// error may also be that of the context, or have the code SERVICE_UNAVAILABLE.
	ConsumeEmailSignIn(ctx context.Context, email string) error
}
