package limits

import "context"

// Budget is what a caller, identified by the context of a request, may spend within some time. The
// errors are *edu.Error of the code RATE_LIMITED.
type Budget interface {
	// Requests takes n more requests, for the operations of a batch beyond the first: the request
	// itself is counted already.
	Requests(ctx context.Context, n int) error
	// Spend takes the cost of an operation.
	Spend(ctx context.Context, cost int64) error
	// Attempt takes an attempt to begin or to continue a session.
	Attempt(ctx context.Context) error
}
