package gql

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql/admission"
	"github.com/7p-education/api/internal/gql/incremental"
	"github.com/7p-education/api/internal/gql/limits"
	"github.com/7p-education/api/internal/gql/live"
	"github.com/7p-education/api/internal/gql/memory"
	"github.com/7p-education/api/internal/gql/persisted"
	"github.com/7p-education/api/internal/gql/respcache"
	"github.com/7p-education/api/internal/gql/response"
	"github.com/7p-education/api/store"
)

// maxOverloadRetry is the longest time, in seconds, after which a client shall repeat a request that was rejected
// because of overload. Each gets another, so that they do not all come at once.
const maxOverloadRetry = 3

// withinSlot returns a handler that executes each response of a query within a slot of the limiter, or returns the
// error that the server is overloaded. Between the parts of a response the query has no slot: a slow client delays
// no other. A mutation needs no slot: the store limits writes to three quarters of the pool, and writes that need a
// connection occupy slots of queries. A mutation that waits for a row or for the invalidation log occupies none.
func (e operationExtension) withinSlot(v edu.Viewer, op *graphql.OperationContext, stats *store.Stats, respond graphql.ResponseHandler) graphql.ResponseHandler {
	if e.admission == nil || op.Operation.Operation == ast.Mutation {
		return respond
	}
	parts := incremental.PartsOf(op)
	return func(ctx context.Context) *graphql.Response {
		if ctx.Err() != nil {
			return respond(ctx) // nil, which ends the operation
		}
		slot, err := e.admission.Acquire(ctx, queryPriority(ctx, v, op))
		switch {
		case err != nil && ctx.Err() != nil:
			return respond(ctx)
		case err != nil:
			parts.SkipNext()
			return e.rejectOverload(ctx, err)
		}
		waited := stats.ConnWait()
		defer func() { slot.Release(stats.ConnWait() - waited) }()
		return respond(ctx)
	}
}

// beginLarge waits until a large query may begin, and returns a function that ends it, or the response that rejects it.
// An overloaded server rejects it at once. Other operations do not wait.
func (e operationExtension) beginLarge(ctx context.Context, op *graphql.OperationContext, meter *memory.Meter) (end func(), rejection *graphql.Response) {
	if !limits.IsLarge(op) {
		return func() {}, nil
	}
	if e.admission != nil {
		if err := e.admission.RejectIfOverloaded(admission.Expensive); err != nil {
			return nil, e.rejectOverload(ctx, err)
		}
	}
	if err := e.large.acquire(ctx, meter.Address()); err != nil {
		return nil, e.errorResponse(ctx, err)
	}
	return e.large.release, nil
}

// queryPriority returns the priority of a query or a subscription. An execution of a stream is for all its clients.
func queryPriority(ctx context.Context, v edu.Viewer, op *graphql.OperationContext) admission.Priority {
	switch {
	case limits.IsLarge(op):
		return admission.Expensive
	case persisted.IsListed(op):
		return admission.Trusted
	case v.SignedIn() || live.DependenciesFrom(ctx) != nil:
		return admission.SignedIn
	}
	return admission.Anonymous
}

// rejectOverload returns the response to a query that got no slot. Its error is not logged, because there may be
// thousands a second: metrics count them.
func (e operationExtension) rejectOverload(ctx context.Context, err error) *graphql.Response {
	if !errors.Is(err, admission.ErrOverloaded) {
		return e.errorResponse(ctx, err)
	}
	respcache.RequestLookupFrom(ctx).RecordOverload()
	rejection := response.ErrorWithCode(string(edu.Unavailable), "the server is overloaded: try again later")
	rejection.Extensions["retryAfter"] = 1 + rand.IntN(maxOverloadRetry)
	return &graphql.Response{Errors: gqlerror.List{rejection}}
}

// OverloadOptions configure what a Server does when it is overloaded.
type OverloadOptions struct {
	// Admission limits the queries that are executed at a time; nil for no limit.
	Admission *admission.Limiter
	// MaxStaleness is the age up to which a query without credentials that is rejected gets a cached response whose
	// data may have changed; 0 for none.
	MaxStaleness time.Duration
}
