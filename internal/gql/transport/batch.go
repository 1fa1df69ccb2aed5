package transport

import (
	"context"
	"errors"
	"net/http"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/7p-education/api/internal/gql/limits"
	"github.com/7p-education/api/internal/gql/response"
)

// batchItem is one element of a batch: an operation, or the error that rejects it.
type batchItem struct {
	params *graphql.RawParams
	err    *response.RequestError
}

// batchState is shared by the operations of a batch, which run one after the other. Everything else
// happens as if each had been sent on its own, except the limits on their costs.
type batchState struct{ written bool }

type batchStateKey struct{}

// RecordWrite records that an operation of this kind is about to run. It reports whether the operation
// or an earlier one of its batch writes: reads have to see the writes then.
func RecordWrite(ctx context.Context, kind ast.Operation) bool {
	writes := kind == ast.Mutation
	batch, ok := ctx.Value(batchStateKey{}).(*batchState)
	if !ok {
		return writes
	}
	batch.written = batch.written || writes
	return batch.written
}

// errBatchTooLarge ends the reading of a batch.
var errBatchTooLarge = errors.New("too many operations")

// readBatch reads the operations of a batch, at most maxItems. A rejected operation does not prevent
// the others from running.
func readBatch(in *jsonReader, maxItems int) (items []batchItem, reqErr *response.RequestError, err error) {
	err = in.readElements(func() (err error) {
		if len(items) == maxItems {
			return errBatchTooLarge
		}
		var item batchItem
		if in.peekByte() == '{' {
			item.params, item.err, err = readParams(in)
		} else if _, err = in.readValue(); err == nil {
			item.err = invalidRequest("each element of a batch must be a JSON object with the member \"query\"")
		}
		items = append(items, item)
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

// withBatch returns a context for the operations of one batch.
func withBatch(ctx context.Context) context.Context {
	return limits.WithBatch(context.WithValue(ctx, batchStateKey{}, &batchState{}))
}

// rejectWithinBatch returns the response to a rejected operation of a batch.
func rejectWithinBatch(reqErr *response.RequestError) *graphql.Response {
	if reqErr.Code == response.CodeNotAcceptable { // a subscription
		reqErr = response.NewRequestError(reqErr.Status, response.CodeBatchStream,
			"an operation with several responses cannot be in a batch: send it on its own")
	}
	return reqErr.ErrorResponse()
}
