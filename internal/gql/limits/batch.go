package limits

import (
	"context"
	"strings"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/7p-education/api/internal/gql/response"
)

// batchTotals sums the costs of the admitted operations of one request. It is not safe for concurrent use: the operations of a batch run one after the other.
type batchTotals struct {
	estimate Estimate
	logins   int
}

type batchTotalsKey struct{}

// WithBatch returns a context for the operations of one batch: together they may cost as much as a
// single operation.
func WithBatch(ctx context.Context) context.Context {
	return context.WithValue(ctx, batchTotalsKey{}, &batchTotals{})
}

// admitOperation adds an operation to the totals of the batch that it belongs to, if any. A
// rejected operation leaves the totals unchanged.
func admitOperation(ctx context.Context, p *Policy, e Estimate, logins int) *gqlerror.Error {
	b, ok := ctx.Value(batchTotalsKey{}).(*batchTotals)
	if !ok {
		return nil
	}
	sum := b.estimate.CombineWith(e)
	if rejection := p.CheckBatchCost(sum); rejection != nil {
		return rejectionError(rejection)
	}
	if b.logins+logins > 1 {
		return response.ErrorWithCode(response.CodeBatchLimit, "a batch may have one field of "+
			strings.Join(p.Limits().LoginFields, ", ")+": send the others on their own")
	}
	b.estimate, b.logins = sum, b.logins+logins
	return nil
}
