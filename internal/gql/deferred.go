package gql

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/7p-education/api/internal/gql/incremental"
	"github.com/7p-education/api/internal/gql/limits"
	"github.com/7p-education/api/internal/gql/memory"
	"github.com/7p-education/api/internal/gql/response"
	"github.com/7p-education/api/resolvers"
)

// deferExtension gives an operation with @defer the parts of its response, if the client accepts parts. Otherwise
// the directive has no effect. It runs after the response cache, which may have the whole response.
type deferExtension struct{}

var _ interface {
	graphql.HandlerExtension
	graphql.OperationContextMutator
} = deferExtension{}

// ExtensionName implements graphql.HandlerExtension.
func (deferExtension) ExtensionName() string { return "Defer" }

// Validate accepts every schema.
func (deferExtension) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationContext begins the parts of an operation. It rejects a subscription with @defer, as the specification
// does: each of its responses is sent as a whole.
func (deferExtension) MutateOperationContext(ctx context.Context, op *graphql.OperationContext) *gqlerror.Error {
	if !strings.Contains(op.RawQuery, "defer") || !incremental.HasDefer(op) {
		return nil
	}
	if op.Operation.Operation == ast.Subscription {
		return response.ErrorWithCode(errcode.ValidationFailed, "@defer is not for subscriptions: remove it, or disable it with if: false")
	}
	if format := incremental.AcceptedFormat(ctx); format != incremental.Whole && mayDefer(op) {
		incremental.Begin(op, format)
	}
	return nil
}

// mayDefer reports whether the response to an operation may be sent in parts. It may not if the response is stored for an
// Idempotency-Key, has the tokens of a session, or its own cost.
func mayDefer(op *graphql.OperationContext) bool {
	session, err := findSessionField(op)
	return session == nil && err == nil && len(op.Headers[limits.HeaderIdempotencyKey]) == 0 && !limits.CostRequested(op.Headers)
}

// partsSchema executes the parts of a response: each call of its response handlers returns the next one.
type partsSchema struct{ graphql.ExecutableSchema }

// Exec implements graphql.ExecutableSchema.
func (s partsSchema) Exec(ctx context.Context) graphql.ResponseHandler {
	op := graphql.GetOperationContext(ctx)
	parts := incremental.PartsOf(op)
	if parts == nil {
		return s.ExecutableSchema.Exec(ctx)
	}
	first := true
	return func(ctx context.Context) *graphql.Response {
		if !first {
			return &graphql.Response{Data: parts.Execute(ctx, resolvers.PrefetchDeferred, memory.MeterFrom(ctx).MaxResponseBytes())}
		}
		first = false
		resp := &graphql.Response{Data: s.execRoot(ctx, op, parts, op.Operation.SelectionSet)}
		if isNull(resp.Data) {
			parts.Drop()
		}
		return resp
	}
}

// execRoot executes a selection set of the root type without its deferred fragments.
func (s partsSchema) execRoot(ctx context.Context, op *graphql.OperationContext, parts *incremental.Parts, sel ast.SelectionSet) json.RawMessage {
	operation := *op.Operation
	operation.SelectionSet = sel
	op.Operation = &operation
	if operation.Operation == ast.Query { // the fields of a mutation are executed one after the other
		operation.SelectionSet = parts.SplitRoot(op, "Query", func(ctx context.Context, sel ast.SelectionSet) json.RawMessage {
			return s.execRoot(ctx, op, parts, sel)
		})
	}
	return s.ExecutableSchema.Exec(ctx)(ctx).Data
}

func isNull(data json.RawMessage) bool { return string(data) == "null" }
