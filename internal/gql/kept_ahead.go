package gql

import (
	"context"
	"errors"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/7p-education/api/edu"
)

// Warmed is what became of an operation that was answered ahead of those who will ask.
type Warmed struct {
	// There tells that its answer was kept already.
	There bool
	// Why is why its answer is not kept, as the detail of Cache-Status has it; "" where
	// it is.
	Why string
	// Errors are those of an answer that is not kept because of them.
	Errors gqlerror.List
}

// Warm answers an operation as it is answered to everybody who is not signed in, and
// keeps the answer, unless a fresh one is there. What cannot be kept is not run.
func (s *Server) Warm(ctx context.Context, o Operation) Warmed {
	params := o.params
	v := &visit{}
	defer v.end()
	errs := asNobody(ctx, v, &params, s.exec)
	if v.found != nil && !v.q.Renew {
		return Warmed{There: true}
	}
	if v.found != nil {
		again, params := v.again()
		defer again.end()
		errs, v = asNobody(ctx, again, params, s.exec), again
	}
	return Warmed{Why: v.why, Errors: errs}
}

// again begins to make anew the answer that v found, in its place. It returns the
// parameters to do it with.
func (v *visit) again() (*visit, *graphql.RawParams) {
	return &visit{q: v.q.Renewal(), renewal: true},
		&graphql.RawParams{Query: v.params.Query, OperationName: v.params.OperationName, Variables: v.params.Variables}
}

// asNobody makes an answer that no request waits for, and keeps it. Nobody asks for
// it: what it reads nobody's credentials allow. Where the answer is there or could not
// be kept, nothing is run.
func asNobody(ctx context.Context, v *visit, params *graphql.RawParams, exec graphql.GraphExecutor) gqlerror.List {
	ctx = edu.WithViewer(graphql.StartOperationTrace(ctx), edu.Viewer{})
	ctx = context.WithValue(ctx, visitKey{}, v)
	if v.renewal && !v.q.Begin(ctx) {
		v.why = v.q.Bypass
		return nil
	}
	op, errs := exec.CreateOperationContext(ctx, params)
	switch {
	case len(errs) > 0 && errors.Is(errs[0], errFound):
		return nil
	case len(errs) > 0:
		return exec.DispatchError(graphql.WithOperationContext(ctx, op), errs).Errors
	case v.q == nil || v.q.Bypass != "":
		return nil
	}
	if ref := needsStream(op); ref != nil {
		return ref.response().Errors
	}
	responses, within := exec.DispatchOperation(ctx, op)
	resp := responses(within)
	if resp == nil { // gqlgen answers nothing once the context is done
		return exec.DispatchError(within, gqlerror.List{gqlerror.Wrap(context.Cause(within))}).Errors
	}
	v.finish(ctx, resp) // within is over with the operation
	return resp.Errors
}
