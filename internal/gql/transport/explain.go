package transport

import (
	"context"
	"net/http"

	"github.com/99designs/gqlgen/graphql"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql/explain"
	"github.com/7p-education/api/internal/gql/limits"
	"github.com/7p-education/api/internal/gql/memory"
	"github.com/7p-education/api/internal/gql/response"
)

// ExplainOptions are the options of the plans that GraphQL-Explain requests.
type ExplainOptions struct {
	// Allows reports whether a request may have a plan; nil allows none.
	Allows func(*http.Request) bool
	// Statement explains a statement that only reads.
	Statement explain.Explainer
}

// explainMode is the value of GraphQL-Explain.
type explainMode uint8

const (
	notExplained explainMode = iota
	explained                // 1 or true
	withPlans                // plans: each statement that only reads is explained by EXPLAIN
)

// admitExplain returns whether a request is explained, or why it is rejected.
func (h *Handler) admitExplain(r *http.Request, form responseForm) (explainMode, *response.RequestError) {
	mode := explained
	switch r.Header.Get(limits.HeaderExplain) {
	case "", "0", "false":
		return notExplained, nil
	case "1", "true":
	case "plans":
		mode = withPlans
	default:
		return notExplained, response.NewRequestError(http.StatusBadRequest, response.CodeBadRequest, "GraphQL-Explain must be 1 or plans")
	}
	switch {
	case h.Explain.Allows == nil || !h.Explain.Allows(r):
		return notExplained, response.NewRequestError(http.StatusForbidden, string(edu.Forbidden),
			"GraphQL-Explain is for admins: sign in as one, or send the request without the header")
	case form == eventStream:
		return notExplained, errExplainedForm
	}
	return mode, nil
}

var errExplainedForm = response.NewRequestError(http.StatusBadRequest, response.CodeBadRequest,
	"GraphQL-Explain is for one operation with one response: send it without a stream and outside a batch")

// serveExplained writes the response to one operation with its plan. Parts of the response are not deferred.
func (h *Handler) serveExplained(out responseWriter, r *http.Request, in *parsedRequest, mode explainMode) *response.RequestError {
	if in.batch != nil {
		return errExplainedForm
	}
	if in.meter == nil {
		in.meter = h.NewMeter(r)
	}
	ctx := r.Context()
	if in.meter != nil {
		ctx = memory.WithMeter(ctx, in.meter)
	}
	x := &explainedRequest{handler: h, method: r.Method, header: out.w.Header(), mode: mode}
	resp, reqErr := x.execute(ctx, in.decodeParams(r.Header))
	if reqErr != nil {
		return reqErr
	}
	h.showDatabaseUsage(out.w.Header(), r, false)
	out.w.Header()["Cache-Status"] = []string{string(x.lookup.AppendCacheStatus(nil, x.end))}
	h.writeWhole(ctx, out, resp)
	return nil
}

// ExplainOperation executes an operation outside a request, and returns its response with its plan.
func (h *Handler) ExplainOperation(ctx context.Context, params *graphql.RawParams, plans bool) *graphql.Response {
	x := &explainedRequest{handler: h, method: http.MethodPost, header: http.Header{}, mode: explained}
	if plans {
		x.mode = withPlans
	}
	params.Headers = http.Header{limits.HeaderExplain: {"1"}}
	resp, reqErr := x.execute(ctx, params)
	if reqErr != nil {
		return reqErr.ErrorResponse()
	}
	return resp
}
