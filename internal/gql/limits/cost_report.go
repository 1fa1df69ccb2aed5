package limits

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/99designs/gqlgen/graphql"

	"github.com/7p-education/api/internal/gql/response"
)

// Headers that request an operation's cost, beside its response or in place of it. Any value enables
// them, except 0 and false.
const (
	headerCost   = "Graphql-Cost"
	headerDryRun = "Graphql-Dry-Run"
	// HeaderExplain requests the plan of an operation, of which the cost is a part.
	HeaderExplain = "Graphql-Explain"
)

func isHeaderEnabled(h http.Header, name string) bool {
	if h[name] == nil {
		return false
	}
	value := h.Get(name)
	return value != "" && value != "0" && value != "false"
}

// CostRequested reports whether the response has to include the cost of the operation.
func CostRequested(h http.Header) bool {
	return isHeaderEnabled(h, headerCost) || isHeaderEnabled(h, headerDryRun)
}

// costReport is the cost of an operation whose caller has requested it.
type costReport struct {
	document *Document
	estimate Estimate
	dryRun   bool // the operation is not executed
}

// queryCost is sent as extensions.cost, with the names of Shopify and Saleor.
type queryCost struct {
	Requested int64  `json:"requestedQueryCost"`
	Actual    *int64 `json:"actualQueryCost"` // null if nothing was executed
	Maximum   int64  `json:"maximumAvailable"`
	// ByPath are the most expensive paths.
	ByPath []PathCost `json:"byPath"`
}

// dryRunResult is sent as extensions.dryRun.
type dryRunResult struct {
	Fields        int64       `json:"fields"`
	Depth         int         `json:"depth"`
	Statements    int         `json:"sqlStatements"`
	MostExpensive []CostShare `json:"mostExpensive"`
}

// InterceptOperation adds the cost to the response of an operation, or returns the cost without
// executing the operation.
func (c CostExtension) InterceptOperation(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
	op := graphql.GetOperationContext(ctx)
	report, ok := op.Stats.GetExtension(c.ExtensionName()).(*costReport)
	if !ok {
		return next(ctx)
	}
	if report.dryRun {
		return graphql.OneShot(c.dryRunResponse(op, report))
	}
	respond := next(ctx)
	return func(ctx context.Context) *graphql.Response {
		resp := respond(ctx)
		if resp == nil {
			return nil
		}
		total := queryCost{Requested: report.estimate.Cost, Maximum: c.Documents.policy.Limits().Cost}
		total.Actual, total.ByPath = report.document.CostByPath(op.OperationName, op.Variables, resp.Data)
		response.SetExtension(resp, "cost", total)
		return resp
	}
}

// dryRunResponse returns the response to an operation that is not executed. Its data are null rather
// than absent: a response of status 200 must have data.
func (c CostExtension) dryRunResponse(op *graphql.OperationContext, report *costReport) *graphql.Response {
	a := report.document.AnalyzeCost(op.OperationName, op.Variables)
	resp := &graphql.Response{Data: json.RawMessage("null")}
	_, paths := report.document.CostByPath(op.OperationName, op.Variables, nil)
	response.SetExtension(resp, "cost", queryCost{Requested: a.Cost, Maximum: c.Documents.policy.Limits().Cost, ByPath: paths})
	response.SetExtension(resp, "dryRun", dryRunResult{Fields: a.Fields, Depth: a.Depth, Statements: a.Statements, MostExpensive: a.MostExpensive})
	return resp
}
