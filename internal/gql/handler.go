package gql

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/7p-education/api/internal/gql/limits"
	"github.com/7p-education/api/internal/gql/response"
	"github.com/7p-education/api/internal/middleware"
)

// HTTP is the transport of queries and mutations: GraphQL over HTTP, draft of
// August 2026, by POST and, for queries only, by GET. gqlgen's own transports
// read bodies of any size, repeat the body in errors and answer other statuses.
//
// Answers are application/graphql-response+json, or application/json for those of
// status 2xx where the caller accepts nothing else. They are not to be stored, but for
// those that may be kept (docs/caching.md).
type HTTP struct {
	// MaxBodyBytes is the most bytes that a request's body, a GET's query, or the text of
	// a document may have.
	MaxBodyBytes int64
	// BulkLimiter is room for larger bodies of instructors and admins; nil for none.
	BulkLimiter *BulkLimiter
	// MaxBatchSize is how many operations a body may bring, as an array; 0 for no arrays.
	MaxBatchSize int
	// PartialStatus has answers with data and errors be of status 294, but for callers who
	// accept application/json alone.
	PartialStatus bool
	// Budget counts those of a batch beyond the first; nil for no count.
	Budget limits.Budget

	revalidationPermits chan struct{} // room for answers that are made anew beside the requests; nil for none
	requestMemo         *requestMemo  // nil for none
}

// HandleRequest answers the request r.
func (h HTTP) HandleRequest(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	header := w.Header()
	header["Vary"] = append(header["Vary"], "Accept")
	legacy, ok := negotiateMediaType(r.Header["Accept"])
	out := responseWriter{w: w, prefersJSON: legacy}
	if r.Method == http.MethodOptions {
		setAllowHeader(header, r.Method)
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if !ok {
		out.writeRequestError(r.Context(), response.NewRequestError(http.StatusNotAcceptable, response.CodeNotAcceptable,
			"the answer is application/graphql-response+json or application/json: accept one of them"))
		return
	}
	allowed, releasePermit, reqErr := h.acquireBodyPermit(r)
	defer releasePermit()
	var in parsedRequest
	if reqErr == nil {
		in, reqErr = h.readRequest(r, allowed)
	}
	if reqErr == nil {
		if in.batch != nil {
			h.serveBatch(out, r, in.batch, exec)
			return
		}
		if reqErr = h.serveOperation(out, r, in, exec); reqErr == nil {
			return
		}
	}
	if reqErr.Status == http.StatusMethodNotAllowed {
		setAllowHeader(header, r.Method)
	}
	out.writeRequestError(r.Context(), reqErr)
}

func (h HTTP) readRequest(r *http.Request, allowed bodyLimit) (in parsedRequest, reqErr *response.RequestError) {
	switch r.Method {
	case http.MethodPost:
		in, reqErr = h.readPostBody(r, allowed)
	case http.MethodGet:
		in.params, reqErr = readGetQuery(r, h.MaxBodyBytes)
	default:
		reqErr = response.NewRequestError(http.StatusMethodNotAllowed, response.CodeMethodNotAllowed, "use POST, or GET for a query")
	}
	if reqErr != nil {
		return in, reqErr
	}
	for i := range in.batch {
		if m := &in.batch[i]; m.err == nil {
			m.err = h.completeParams(m.params, r)
		}
	}
	if in.params != nil {
		reqErr = h.completeParams(in.params, r)
	}
	return in, reqErr
}

// completeParams adds to the parameters what is not in the body, or refuses those that
// name no operation.
func (h HTTP) completeParams(params *graphql.RawParams, r *http.Request) *response.RequestError {
	// Texts are kept in caches; rows belong into the variables.
	if int64(len(params.Query)) > h.MaxBodyBytes {
		return response.NewRequestError(http.StatusRequestEntityTooLarge, response.CodePayloadTooLarge,
			"the text of the operation is larger than the limit of %d bytes: send data as variables", h.MaxBodyBytes)
	}
	// Without a text the operation can still be a persisted one.
	if params.Query == "" && len(params.Extensions) == 0 {
		return invalidRequest("give the text of the operation as \"query\", or its \"documentId\"")
	}
	params.Headers = r.Header
	return nil
}

// serveOperation answers one operation: as it was answered before, where that is kept.
func (h HTTP) serveOperation(out responseWriter, r *http.Request, in parsedRequest, exec graphql.GraphExecutor) *response.RequestError {
	v := &cacheLookup{memoized: in.memoized}
	defer v.releaseLookup()
	if in.params == nil {
		in.params = h.requestMemo.lookupResponse(r, v)
	}
	var resp *graphql.Response
	if in.params != nil {
		var ref *response.RequestError
		if resp, ref = executeOperation(context.WithValue(r.Context(), cacheLookupKey{}, v), r.Method, out.w.Header(), in.params, exec); ref != nil {
			return ref
		}
	}
	answer := v.entry
	if answer == nil {
		answer = v.storeResponse(r.Context(), resp)
	} else {
		h.requestMemo.storeRequest(v)
	}
	if v.lookup != nil && v.lookup.Revalidate {
		h.startRevalidation(v, exec)
	}
	v.releaseLookup() // who takes the answer slowly keeps nobody waiting
	now := time.Now()
	if answer == nil {
		out.w.Header()["Cache-Status"] = []string{string(v.appendCacheStatus(nil, now))}
		status := response.HTTPStatusFor(resp)
		if h.PartialStatus && status == http.StatusOK && resp.Data != nil && len(resp.Errors) > 0 && !out.prefersJSON {
			status = response.StatusPartial
		}
		out.writeResponse(r.Context(), status, resp)
		return nil
	}
	out.writeCachedResponse(r, v, answer, now)
	return nil
}

// executeOperation runs the operation, or refuses one that its method or a single answer
// cannot carry. It tells in the header of the answer where that is a replay.
func executeOperation(ctx context.Context, method string, header http.Header, params *graphql.RawParams, exec graphql.GraphExecutor) (*graphql.Response, *response.RequestError) {
	ctx = graphql.StartOperationTrace(ctx)
	op, errs := exec.CreateOperationContext(ctx, params)
	if len(errs) > 0 {
		if errors.Is(errs[0], errCacheHit) {
			return nil, nil
		}
		return exec.DispatchError(graphql.WithOperationContext(ctx, op), errs), nil
	}
	middleware.RecordOperation(ctx, string(op.Operation.Operation), op.Operation.Name)
	if method == http.MethodGet && op.Operation.Operation == ast.Mutation {
		return nil, response.NewRequestError(http.StatusMethodNotAllowed, response.CodeMethodNotAllowed, "a mutation needs POST")
	}
	if ref := checkSingleResponse(op); ref != nil {
		return nil, ref
	}
	responses, ctx := exec.DispatchOperation(ctx, op)
	if resp := responses(ctx); resp != nil {
		if op.Stats.GetExtension(replayedStat) != nil {
			header.Set(headerReplayed, "true")
		}
		return resp, nil
	}
	// gqlgen answers nothing once the context is done.
	return exec.DispatchError(ctx, gqlerror.List{gqlerror.Wrap(context.Cause(ctx))}), nil
}

// setAllowHeader names the methods that would do: after a refused GET, a mutation's, POST alone.
func setAllowHeader(h http.Header, method string) {
	if method == http.MethodGet {
		h.Set("Allow", "POST")
	} else {
		h.Set("Allow", "GET, POST, OPTIONS")
	}
}
