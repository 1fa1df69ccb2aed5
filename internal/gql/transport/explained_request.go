package transport

import (
	"context"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/7p-education/api/internal/gql/explain"
	"github.com/7p-education/api/internal/gql/incremental"
	"github.com/7p-education/api/internal/gql/limits"
	"github.com/7p-education/api/internal/gql/respcache"
	"github.com/7p-education/api/internal/gql/response"
	"github.com/7p-education/api/internal/observe"
)

// plansTimeout is how long the plans of the statements of an operation may take.
const plansTimeout = 10 * time.Second

// explainedRequest is a request for one operation and its plan.
type explainedRequest struct {
	handler *Handler
	method  string
	header  http.Header // of the response
	mode    explainMode
	lookup  *respcache.RequestLookup
	end     time.Time // of the execution
}

// execute executes the operation, without the entry of the cache if there is one, and adds its plan to the response. The
// response is not stored.
func (x *explainedRequest) execute(ctx context.Context, params *graphql.RawParams) (*graphql.Response, *response.RequestError) {
	record := observe.From(ctx)
	if record == nil {
		record = &observe.Operation{}
		ctx = observe.NewContext(ctx, record)
	}
	record.IsExplained = true
	x.lookup = respcache.NewExplained()
	within := incremental.WithFormat(respcache.WithRequestLookup(ctx, x.lookup), incremental.Whole)
	res := execute(within, x.handler.exec, x.method, x.header, params)
	if res.outcome == rejected {
		return nil, res.err
	}
	observeLookup(ctx, x.lookup)
	x.end = time.Now()
	cost := res.resp.Extensions["cost"]
	if !limits.CostRequested(params.Headers) {
		delete(res.resp.Extensions, "cost")
	}
	plan := explain.New(record, res.op)
	plan.Cost, plan.Cache = cost, x.lookup.Explain(ctx, res.resp)
	if x.mode == withPlans {
		limited, cancel := context.WithTimeout(ctx, plansTimeout)
		defer cancel()
		plan.AddPlans(limited, record.RoundTrips(), x.handler.Explain.Statement)
	}
	response.SetExtension(res.resp, "explain", plan)
	return res.resp, nil
}
