package transport

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"runtime/debug"
	"slices"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql/live"
	"github.com/7p-education/api/internal/gql/persisted"
	"github.com/7p-education/api/internal/gql/respcache"
	"github.com/7p-education/api/internal/gql/response"
)

// directiveLive is the directive of a query whose response is sent again whenever it changes.
const directiveLive = "live"

// isWatchable reports whether an operation has a stream of responses: a subscription, or a query with @live.
func isWatchable(op *graphql.OperationContext) bool {
	return op.Operation.Operation == ast.Subscription ||
		op.Operation.Operation == ast.Query && op.Operation.Directives.ForName(directiveLive) != nil
}

// liveInterval returns the interval that a query requests with @live(minIntervalMillis: …), 0 for none.
func liveInterval(op *graphql.OperationContext) time.Duration {
	directive := op.Operation.Directives.ForName(directiveLive)
	if directive == nil {
		return 0
	}
	n, _ := directive.ArgumentMap(op.Variables)["minIntervalMillis"].(int64)
	return time.Duration(min(max(n, 0), maxLiveInterval.Milliseconds())) * time.Millisecond
}

// setsInterval reports whether a trusted document has the interval of its query in its text: it may be less than
// LIVE_MIN_INTERVAL. The value of a variable would be the client's choice.
func setsInterval(op *graphql.OperationContext) bool {
	directive := op.Operation.Directives.ForName(directiveLive)
	if directive == nil || !persisted.IsListed(op) {
		return false
	}
	argument := directive.Arguments.ForName("minIntervalMillis")
	return argument != nil && argument.Value.Kind == ast.IntValue
}

// maxLiveInterval is the longest interval that a query may request.
const maxLiveInterval = time.Hour

// liveOperation executes the operation of a stream again.
type liveOperation struct {
	exec      graphql.GraphExecutor
	key       respcache.Key
	query     string
	name      string
	variables json.RawMessage // decoded each time, because executing an operation modifies them
}

// newLiveOperation returns the operation of prepared parameters.
func newLiveOperation(exec graphql.GraphExecutor, op *graphql.OperationContext, variables json.RawMessage) (*liveOperation, error) {
	key, err := respcache.HashRequest("live", op.RawQuery, map[string]any{"variables": variables})
	if err != nil {
		return nil, err
	}
	return &liveOperation{
		exec: exec, key: key.ForOperation(op.Operation.Name), query: op.RawQuery, name: op.Operation.Name, variables: variables,
	}, nil
}

// Key implements live.Operation.
func (o *liveOperation) Key() respcache.Key { return o.key }

// Execute implements live.Operation.
func (o *liveOperation) Execute(ctx context.Context, v edu.Viewer) (x live.Execution) {
	dependencies := &live.Dependencies{}
	defer func() {
		if p := recover(); p != nil { // no request, and no net/http, recovers it
			x = newExecution(panicResponse(ctx, o.exec, p), dependencies)
		}
	}()
	params := &graphql.RawParams{Query: o.query, OperationName: o.name}
	if len(o.variables) > 0 {
		in := jsonReader{src: o.variables}
		decoded, _ := in.readWholeText() // without an error: the variables were encoded from decoded ones
		params.Variables, _ = decoded.(map[string]any)
	}
	ctx = persisted.WithTrustedText(edu.WithViewer(ctx, v))
	ctx = graphql.StartOperationTrace(ctx)
	ctx = live.WithDependencies(ctx, dependencies)
	op, errs := o.exec.CreateOperationContext(ctx, params)
	if len(errs) > 0 {
		x = newExecution(o.exec.DispatchError(graphql.WithOperationContext(ctx, op), errs), dependencies)
		x.Unavailable = true // it was accepted before, and no change would have it executed again
		return x
	}
	resp, _ := dispatch(ctx, o.exec, op)
	return newExecution(resp, dependencies)
}

// panicResponse returns the response of an operation that panicked. The error presenter logs the panic.
func panicResponse(ctx context.Context, exec graphql.GraphExecutor, p any) *graphql.Response {
	return exec.DispatchError(ctx, gqlerror.List{gqlerror.Wrap(fmt.Errorf("panic: %v\n%s", p, debug.Stack()))})
}

// temporaryCodes are the codes of errors that say nothing about the data.
var temporaryCodes = []string{string(edu.Unavailable), string(edu.RateLimited), response.CodeInternal, response.CodeTimeout, response.CodeCancelled}

// maxStreamBytes is the largest response of a stream, in bytes: its watch holds it, in the form of each
// transport too, until it changes.
const maxStreamBytes = 256 << 10

// limitStreamResponse replaces a response that is too large for a stream by an error.
func limitStreamResponse(resp *graphql.Response) {
	if n := response.EnvelopeSize(resp); n > maxStreamBytes {
		*resp = *response.NewRequestError(http.StatusUnprocessableEntity, response.CodeResponseTooLarge,
			"the response has %d bytes, and that of a stream at most %d: select fewer rows or fields", n, maxStreamBytes).ErrorResponse()
	}
}

// newExecution returns the result of an execution with its response.
func newExecution(resp *graphql.Response, d *live.Dependencies) live.Execution {
	limitStreamResponse(resp)
	resp.Errors = resp.Errors[:min(len(resp.Errors), response.MaxErrors)] // the envelope needs no extensions
	resp.Extensions = nil
	x := live.Execution{Dependencies: d, Body: response.EncodeEnvelope(resp)}
	for _, err := range resp.Errors {
		if slices.Contains(temporaryCodes, response.ErrorCode(err)) {
			x.Unavailable = true
			x.RetryAfter = retryAfter(err)
		}
	}
	return x
}

func retryAfter(err *gqlerror.Error) time.Duration {
	seconds, _ := err.Extensions["retryAfter"].(int)
	return time.Duration(seconds) * time.Second
}
