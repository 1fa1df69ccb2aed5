package gql

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/99designs/gqlgen/graphql"

	"github.com/7p-education/api/internal/gql/limits"
	"github.com/7p-education/api/internal/gql/response"
)

// Headers by which a request asks what it costs: beside its answer, or in its
// place. Any value does but 0 and false.
const (
	headerCost   = "Graphql-Cost"
	headerDryRun = "Graphql-Dry-Run"
)

func isHeaderEnabled(h http.Header, name string) bool {
	if h[name] == nil {
		return false
	}
	value := h.Get(name)
	return value != "" && value != "0" && value != "false"
}

// costRequested tells whether the answer is to say what the operation costs.
func costRequested(h http.Header) bool {
	return isHeaderEnabled(h, headerCost) || isHeaderEnabled(h, headerDryRun)
}

// costReport is what an operation costs, whose caller asked.
type costReport struct {
	document *limits.Document
	estimate limits.Estimate
	dryRun   bool // nothing else was asked
}

// queryCost is sent as extensions.cost: the names are Shopify's and Saleor's.
type queryCost struct {
	Requested int64  `json:"requestedQueryCost"`
	Actual    *int64 `json:"actualQueryCost"` // null where nothing was executed
	Maximum   int64  `json:"maximumAvailable"`
}

// dryRunResult is sent as extensions.dryRun.
type dryRunResult struct {
	Fields        int64              `json:"fields"`
	Depth         int                `json:"depth"`
	Statements    int                `json:"sqlStatements"`
	MostExpensive []limits.CostShare `json:"dearest"`
}

// InterceptOperation adds to the answer what it cost, or answers that alone.
func (c costExtension) InterceptOperation(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
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
		total := queryCost{Requested: report.estimate.Cost, Maximum: c.policy.Limits().Cost}
		if resp.Data != nil {
			if actual, err := report.document.ActualCost(op.OperationName, op.Variables, resp.Data); err == nil {
				total.Actual = &actual
			}
		}
		response.SetExtension(resp, "cost", total)
		return resp
	}
}

// dryRunResponse answers an operation that is not run. The data are null, and not left out,
// as an answer of status 200 must have some.
func (c costExtension) dryRunResponse(op *graphql.OperationContext, report *costReport) *graphql.Response {
	r := report.document.AnalyzeCost(op.OperationName, op.Variables)
	resp := &graphql.Response{Data: json.RawMessage("null")}
	response.SetExtension(resp, "cost", queryCost{Requested: r.Cost, Maximum: c.policy.Limits().Cost})
	response.SetExtension(resp, "dryRun", dryRunResult{Fields: r.Fields, Depth: r.Depth, Statements: r.Statements, MostExpensive: r.MostExpensive})
	return resp
}
