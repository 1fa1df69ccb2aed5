package gql

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/7p-education/api/internal/gql/limits"
	"github.com/7p-education/api/internal/gql/response"
	"github.com/7p-education/api/internal/middleware"
)

// batchItem is one operation of a batch, or why it is none.
type batchItem struct {
	params *graphql.RawParams
	err    *response.RequestError
}

// batchState is what the operations of one request have had so far. They run one after
// the other, each as if it had come alone, but for what they may cost together.
type batchState struct{ wrote bool }

type batchStateKey struct{}

func batchFromContext(ctx context.Context) *batchState {
	b, _ := ctx.Value(batchStateKey{}).(*batchState)
	return b
}

// recordWrite tells whether an operation of the kind that is about to run writes, or comes
// after one that did. A nil batch is that of an operation alone.
func (b *batchState) recordWrite(kind ast.Operation) bool {
	writes := kind == ast.Mutation
	if b == nil {
		return writes
	}
	b.wrote = b.wrote || writes
	return b.wrote
}

// errBatchTooLarge ends the reading of a batch.
var errBatchTooLarge = errors.New("too many operations")

// readBatch reads the operations of a batch, at most of them. One that is refused
// does not keep the others from running.
func readBatch(in *jsonReader, maxItems int) (items []batchItem, reqErr *response.RequestError, err error) {
	err = in.readElements(func() (err error) {
		if len(items) == maxItems {
			return errBatchTooLarge
		}
		var m batchItem
		if in.peekByte() == '{' {
			m.params, m.err, err = readParams(in)
		} else if _, err = in.readValue(); err == nil {
			m.err = invalidRequest("each element of a batch must be a JSON object with the member \"query\"")
		}
		items = append(items, m)
		return err
	})
	switch {
	case errors.Is(err, errBatchTooLarge):
		return nil, response.NewRequestError(http.StatusUnprocessableEntity, response.CodeBatchLimit, "a batch may have %d operations at most", maxItems), nil
	case err == nil && len(items) == 0:
		return nil, invalidRequest("the batch is empty: send one operation at least"), nil
	}
	return items, nil, err
}

// serveBatch answers the operations of one request, in their order.
func (h HTTP) serveBatch(out responseWriter, r *http.Request, items []batchItem, exec graphql.GraphExecutor) {
	ctx := r.Context()
	if r.Header[headerIdempotencyKey] != nil {
		out.writeRequestError(ctx, response.NewRequestError(http.StatusBadRequest, response.CodeBadRequest, "an Idempotency-Key is for one operation: send the mutation on its own"))
		return
	}
	if h.Budget != nil {
		if err := h.Budget.Requests(ctx, len(items)-1); err != nil {
			resp := exec.DispatchError(ctx, gqlerror.List{gqlerror.Wrap(err)})
			out.writeResponse(ctx, response.HTTPStatusFor(resp), resp)
			return
		}
	}
	within := limits.WithBatch(context.WithValue(ctx, batchStateKey{}, &batchState{}))
	responses := make([]*graphql.Response, len(items))
	for i, m := range items {
		if m.err == nil {
			responses[i], m.err = executeOperation(within, r.Method, out.w.Header(), m.params, exec)
		}
		if m.err != nil {
			responses[i] = batchItemError(m.err).ErrorResponse()
		}
	}
	middleware.RecordOperation(ctx, "batch", fmt.Sprintf("of %d", len(items)))
	out.writeBatch(responses)
}

// batchItemError says of operations that have many answers that a batch is no place
// for them.
func batchItemError(reqErr *response.RequestError) *response.RequestError {
	if reqErr.Code != response.CodeNotAcceptable {
		return reqErr
	}
	return response.NewRequestError(reqErr.Status, response.CodeBatchStream, "an operation with many answers cannot be in a batch: send it on its own")
}
