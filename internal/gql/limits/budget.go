package limits

import "context"

// Budget is what a caller, identified by the context of a request, may spend within some time. The
// errors are *edu.Error of the code RATE_LIMITED.
type Budget interface {
	// ConsumeRequests takes n more requests, for the operations of a batch beyond the first: the request
	// itself is counted already.
	ConsumeRequests(ctx context.Context, n int) error
	// ConsumeText takes the bytes of a text that has to be parsed.
	ConsumeText(ctx context.Context, bytes int) error
	// ConsumeMutation takes a mutation that does not begin or continue a session, and may wait before it
	// returns. The error may also be that of the context.
	ConsumeMutation(ctx context.Context) error
	// ConsumeCost takes the cost of an operation.
	ConsumeCost(ctx context.Context, cost int64) error
	// ConsumeSignIn takes an attempt to begin a session, and may wait before it returns.
	ConsumeSignIn(ctx context.Context) error
	// RefundSignIn returns the attempt that ConsumeSignIn took, because it succeeded.
	RefundSignIn(ctx context.Context)
	// ConsumeRefresh takes the refresh of a session, and may wait before it returns.
	ConsumeRefresh(ctx context.Context) error
	// ConsumeRejectedRefresh takes an attempt to continue a session with an invalid token.
	ConsumeRejectedRefresh(ctx context.Context) error
	// ConsumeMail takes a mail to an email that a caller requests.
	ConsumeMail(ctx context.Context, email string) error
	// ConsumeEmailSignIn takes an attempt to sign in with an email, and may wait before it returns. The
	// error may also be that of the context, or have the code SERVICE_UNAVAILABLE.
	ConsumeEmailSignIn(ctx context.Context, email string) error
}
