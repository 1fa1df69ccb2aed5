package gql

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/99designs/gqlgen/graphql"

	"github.com/7p-education/api/internal/admit"
)

// Headers by which a request asks what it costs: beside its answer, or in its
// place. Any value does but 0 and false.
const (
	headerCost   = "Graphql-Cost"
	headerDryRun = "Graphql-Dry-Run"
)

func isAsked(h http.Header, name string) bool {
	if h[name] == nil {
		return false
	}
	value := h.Get(name)
	return value != "" && value != "0" && value != "false"
}

// costAsked tells whether the answer is to say what the operation costs.
func costAsked(h http.Header) bool { return isAsked(h, headerCost) || isAsked(h, headerDryRun) }

// bill is what an operation costs, whose caller asked.
type bill struct {
	document *admit.Document
	estimate admit.Estimate
	dry      bool // nothing else was asked
}

// costOf is sent as extensions.cost: the names are Shopify's and Saleor's.
type costOf struct {
	Requested int64  `json:"requestedQueryCost"`
	Actual    *int64 `json:"actualQueryCost"` // null where nothing was executed
	Maximum   int64  `json:"maximumAvailable"`
}

// dryRun is sent as extensions.dryRun.
type dryRun struct {
	Fields     int64         `json:"fields"`
	Depth      int           `json:"depth"`
	Statements int           `json:"sqlStatements"`
	Dearest    []admit.Share `json:"dearest"`
}

// InterceptOperation adds to the answer what it cost, or answers that alone.
func (c cost) InterceptOperation(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
	op := graphql.GetOperationContext(ctx)
	b, ok := op.Stats.GetExtension(c.ExtensionName()).(*bill)
	if !ok {
		return next(ctx)
	}
	if b.dry {
		return graphql.OneShot(c.dryRun(op, b))
	}
	respond := next(ctx)
	return func(ctx context.Context) *graphql.Response {
		resp := respond(ctx)
		if resp == nil {
			return nil
		}
		total := costOf{Requested: b.estimate.Cost, Maximum: c.policy.Limits().Cost}
		if resp.Data != nil {
			if actual, err := b.document.Actual(op.OperationName, op.Variables, resp.Data); err == nil {
				total.Actual = &actual
			}
		}
		extend(resp, "cost", total)
		return resp
	}
}

// dryRun answers an operation that is not run. The data are null, and not left out,
// as an answer of status 200 must have some.
func (c cost) dryRun(op *graphql.OperationContext, b *bill) *graphql.Response {
	r := b.document.Report(op.OperationName, op.Variables)
	resp := &graphql.Response{Data: json.RawMessage("null")}
	extend(resp, "cost", costOf{Requested: r.Cost, Maximum: c.policy.Limits().Cost})
	extend(resp, "dryRun", dryRun{Fields: r.Fields, Depth: r.Depth, Statements: r.Statements, Dearest: r.Dearest})
	return resp
}

func extend(resp *graphql.Response, name string, value any) {
	if resp.Extensions == nil {
		resp.Extensions = map[string]any{}
	}
	resp.Extensions[name] = value
}
