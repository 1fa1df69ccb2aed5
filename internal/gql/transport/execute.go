package transport

import (
	"context"
	"errors"
	"net/http"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql/incremental"
	"github.com/7p-education/api/internal/gql/persisted"
	"github.com/7p-education/api/internal/gql/respcache"
	"github.com/7p-education/api/internal/gql/response"
	"github.com/7p-education/api/internal/middleware"
	"github.com/7p-education/api/internal/observe"
)

// outcome is how an operation ended.
type outcome uint8

const (
	rejected outcome = iota // its method or a single response cannot carry it
	executed                // the executor returned a response, possibly of errors alone
	cacheHit                // its response is cached
	inParts                 // its response has parts, and was not executed yet
)

// result is the outcome of an operation.
type result struct {
	outcome outcome
	resp    *graphql.Response         // if executed
	err     *response.RequestError    // if rejected
	op      *graphql.OperationContext // if inParts or executed; nil if it was rejected before
}

// execute runs an operation. It marks a replayed response in the response's header.
func execute(ctx context.Context, exec graphql.GraphExecutor, method string, header http.Header, params *graphql.RawParams) result {
	ctx = graphql.StartOperationTrace(ctx)
	observe.From(ctx).SetDocument(nil) // that of an earlier operation of the batch
	op, errs := exec.CreateOperationContext(ctx, params)
	observePreparation(ctx, &op.Stats)
	if len(errs) > 0 {
		if errors.Is(errs[0], respcache.ErrCacheHit) {
			return result{outcome: cacheHit}
		}
		return result{outcome: executed, resp: exec.DispatchError(graphql.WithOperationContext(ctx, op), errs)}
	}
	middleware.RecordOperation(ctx, string(op.Operation.Operation), op.Operation.Name)
	if reqErr := checkMutationMethod(method, op); reqErr != nil {
		return result{outcome: rejected, err: reqErr}
	}
	if reqErr := checkSingleResponse(op); reqErr != nil {
		return result{outcome: rejected, err: reqErr}
	}
	if incremental.PartsOf(op) != nil {
		return result{outcome: inParts, op: op}
	}
	resp, completed := dispatch(ctx, exec, op)
	if completed && isReplayed(op) {
		header.Set(headerReplayed, "true")
	}
	return result{outcome: executed, resp: resp, op: op}
}

// checkMutationMethod rejects mutations by safe methods. The statuses are those of GraphQL over HTTP.
func checkMutationMethod(method string, op *graphql.OperationContext) *response.RequestError {
	switch {
	case op.Operation.Operation != ast.Mutation:
		return nil
	case method == http.MethodGet:
		return response.NewRequestError(http.StatusMethodNotAllowed, response.CodeMethodNotAllowed, "a mutation needs POST")
	case method == methodQuery:
		return invalidRequest("a mutation needs POST")
	}
	return nil
}

// dispatch executes a prepared operation. Once the context is done gqlgen returns no response: then
// dispatch reports false, and its response is an error.
func dispatch(ctx context.Context, exec graphql.GraphExecutor, op *graphql.OperationContext) (resp *graphql.Response, completed bool) {
	responses, ctx := exec.DispatchOperation(ctx, op)
	if resp := responses(ctx); resp != nil {
		return resp, true
	}
	return exec.DispatchError(ctx, gqlerror.List{gqlerror.Wrap(context.Cause(ctx))}), false
}

// Revalidate recomputes the response of a stale entry and stores it, unless another process does so.
// The lookup is a NewRevalidation of the one that found the entry; params have the text that was
// executed before.
func Revalidate(ctx context.Context, lookup *respcache.RequestLookup, params *graphql.RawParams, exec graphql.GraphExecutor) gqlerror.List {
	if !lookup.BeginRevalidation(ctx) {
		return nil
	}
	params = &graphql.RawParams{Query: params.Query, OperationName: params.OperationName, Variables: params.Variables}
	return ExecuteAnonymously(persisted.WithTrustedText(ctx), lookup, params, exec)
}

// ExecuteAnonymously executes an operation that no client waits for, and stores its response. It runs
// for an anonymous viewer, so the response depends on no credentials. It executes nothing if the
// response is cached or is not cacheable.
func ExecuteAnonymously(ctx context.Context, lookup *respcache.RequestLookup, params *graphql.RawParams, exec graphql.GraphExecutor) gqlerror.List {
	ctx = edu.WithViewer(graphql.StartOperationTrace(ctx), edu.Viewer{})
	ctx = respcache.WithRequestLookup(ctx, lookup)
	op, errs := exec.CreateOperationContext(ctx, params)
	switch {
	case len(errs) > 0 && errors.Is(errs[0], respcache.ErrCacheHit):
		return nil
	case len(errs) > 0:
		return exec.DispatchError(graphql.WithOperationContext(ctx, op), errs).Errors
	case lookup.Result() != respcache.Miss:
		return nil
	}
	if reqErr := checkSingleResponse(op); reqErr != nil {
		return reqErr.ErrorResponse().Errors
	}
	resp, completed := dispatch(ctx, exec, op)
	if completed {
		lookup.StoreResponse(ctx, resp) // the operation's own context is done by now
	}
	return resp.Errors
}
