package gql

import (
	"context"
	"errors"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql/persisted"
)

// WarmResult is what became of an operation that was answered ahead of those who will ask.
type WarmResult struct {
	// AlreadyCached tells that its answer was kept already.
	AlreadyCached bool
	// NotCachedReason is why its answer is not kept, as the detail of Cache-Status has it; "" where
	// it is.
	NotCachedReason string
	// Errors are those of an answer that is not kept because of them.
	Errors gqlerror.List
}

// WarmCache answers an operation as it is answered to everybody who is not signed in, and
// keeps the answer, unless a fresh one is there. What cannot be kept is not run.
func (s *Server) WarmCache(ctx context.Context, o WarmOperation) WarmResult {
	params := o.params
	v := &cacheLookup{}
	defer v.releaseLookup()
	errs := executeAnonymously(ctx, v, &params, s.exec)
	if v.entry != nil && !v.lookup.Revalidate {
		return WarmResult{AlreadyCached: true}
	}
	if v.entry != nil {
		revalidation, params := v.newRevalidation()
		defer revalidation.releaseLookup()
		errs, v = executeAnonymously(ctx, revalidation, params, s.exec), revalidation
	}
	return WarmResult{NotCachedReason: v.detail, Errors: errs}
}

// newRevalidation begins to make anew the answer that v found, in its place. It returns the
// parameters to do it with.
func (v *cacheLookup) newRevalidation() (*cacheLookup, *graphql.RawParams) {
	return &cacheLookup{lookup: v.lookup.NewRevalidation(), revalidating: true},
		&graphql.RawParams{Query: v.params.Query, OperationName: v.params.OperationName, Variables: v.params.Variables}
}

// executeAnonymously makes an answer that no request waits for, and keeps it. Nobody asks for
// it: what it reads nobody's credentials allow. Where the answer is there or could not
// be kept, nothing is run.
func executeAnonymously(ctx context.Context, v *cacheLookup, params *graphql.RawParams, exec graphql.GraphExecutor) gqlerror.List {
	ctx = edu.WithViewer(graphql.StartOperationTrace(ctx), edu.Viewer{})
	ctx = context.WithValue(ctx, cacheLookupKey{}, v)
	if v.revalidating {
		ctx = persisted.WithTrustedText(ctx)
	}
	if v.revalidating && !v.lookup.BeginRevalidation(ctx) {
		v.detail = v.lookup.BypassReason
		return nil
	}
	op, errs := exec.CreateOperationContext(ctx, params)
	switch {
	case len(errs) > 0 && errors.Is(errs[0], errCacheHit):
		return nil
	case len(errs) > 0:
		return exec.DispatchError(graphql.WithOperationContext(ctx, op), errs).Errors
	case v.lookup == nil || v.lookup.BypassReason != "":
		return nil
	}
	if ref := checkSingleResponse(op); ref != nil {
		return ref.ErrorResponse().Errors
	}
	responses, within := exec.DispatchOperation(ctx, op)
	resp := responses(within)
	if resp == nil { // gqlgen answers nothing once the context is done
		return exec.DispatchError(within, gqlerror.List{gqlerror.Wrap(context.Cause(within))}).Errors
	}
	v.storeResponse(ctx, resp) // within is over with the operation
	return resp.Errors
}
