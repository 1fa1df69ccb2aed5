package transport

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"golang.org/x/sync/semaphore"

	"github.com/7p-education/api/internal/gql/limits"
	"github.com/7p-education/api/internal/gql/respcache"
	"github.com/7p-education/api/internal/gql/response"
	"github.com/7p-education/api/internal/middleware"
)

// Options configure a Handler.
type Options struct {
	// MaxBodyBytes is the maximum size of a request's body, of a GET's query, and of the text of a
	// document.
	MaxBodyBytes int64
	// BulkLimiter admits larger bodies from instructors and admins; nil admits none.
	BulkLimiter *BulkLimiter
	// MaxBatchSize is the maximum number of operations in one body, as an array; 0 rejects arrays.
	MaxBatchSize int
	// PartialStatus sends responses with data and errors with status 294, except to clients that
	// accept only application/json.
	PartialStatus bool
	// Budget counts the operations of a batch beyond the first; nil counts none.
	Budget limits.Budget
	// Cache is the cache that the executor's extensions use; nil for none.
	Cache *respcache.Cache
	// Extensions are those of the executor that may inspect the text of an operation.
	Extensions []graphql.HandlerExtension
}

// Handler serves queries and mutations: GraphQL over HTTP, draft of August 2026, by POST and, for
// queries only, by GET. gqlgen's own transports read bodies of any size, repeat the body in errors
// and send other statuses.
//
// Responses are application/graphql-response+json, or application/json for those of status 2xx if the
// client accepts nothing else. Caches may store only cacheable responses (docs/caching.md).
type Handler struct {
	Options
	exec          graphql.GraphExecutor
	requests      requestReader
	revalidations *semaphore.Weighted
}

// New returns a handler that runs operations on exec.
func New(exec graphql.GraphExecutor, o Options) *Handler {
	return &Handler{
		Options: o, exec: exec,
		requests:      requestReader{maxBodyBytes: o.MaxBodyBytes, maxBatchSize: o.MaxBatchSize, memo: newRequestMemo(o.Cache, o.Extensions)},
		revalidations: semaphore.NewWeighted(maxRevalidations),
	}
}

// ServeHTTP responds to one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header["Vary"] = append(header["Vary"], "Accept")
	prefersJSON, acceptable := negotiateMediaType(r.Header["Accept"])
	if r.Method == http.MethodOptions {
		setAllowHeader(header, r.Method)
		w.WriteHeader(http.StatusNoContent)
		return
	}
	out := responseWriter{w: w, prefersJSON: prefersJSON}
	var reqErr *response.RequestError
	if acceptable {
		reqErr = h.serveRequest(out, r)
	} else {
		reqErr = response.NewRequestError(http.StatusNotAcceptable, response.CodeNotAcceptable,
			"the response is application/graphql-response+json or application/json: accept one of them")
	}
	if reqErr == nil {
		return
	}
	if reqErr.Status == http.StatusMethodNotAllowed {
		setAllowHeader(header, r.Method)
	}
	out.writeRequestError(r.Context(), reqErr)
}

// serveRequest writes the response to a request, or returns why the request is rejected.
func (h *Handler) serveRequest(out responseWriter, r *http.Request) *response.RequestError {
	body := newBodyReader(out.w, r, h.MaxBodyBytes, h.BulkLimiter)
	defer body.release()
	in, reqErr := h.requests.readRequest(r, body)
	if reqErr != nil {
		return reqErr
	}
	if in.batch != nil {
		h.serveBatch(out, r, in.batch)
		return nil
	}
	return h.serveOperation(out, r, &in)
}

// serveOperation writes the response to one operation, from the cache if it is there.
func (h *Handler) serveOperation(out responseWriter, r *http.Request, in *parsedRequest) *response.RequestError {
	ctx, lookup := r.Context(), &respcache.RequestLookup{}
	defer lookup.Release()
	res := h.lookupOrExecute(respcache.WithRequestLookup(ctx, lookup), out.w.Header(), r, in)
	var entry *respcache.Entry
	switch res.outcome {
	case rejected:
		return res.err
	case executed:
		entry = lookup.StoreResponse(ctx, res.resp)
	case cacheHit:
		entry = lookup.Entry()
	}
	if lookup.NeedsRevalidation() {
		h.startRevalidation(lookup, in.decodeParams(r.Header))
	}
	lookup.Release() // before writing: a slow client does not delay the requests that wait for this response
	now := time.Now()
	if entry != nil {
		out.writeCachedResponse(r, lookup, entry, now)
		return nil
	}
	out.w.Header()["Cache-Status"] = []string{string(lookup.AppendCacheStatus(nil, now))}
	out.writeResponse(ctx, h.statusFor(res.resp, out.prefersJSON), res.resp)
	return nil
}

// lookupOrExecute searches the cache for the response to a memoized request. It executes any other operation:
// then respcache.Extension searches the cache.
func (h *Handler) lookupOrExecute(ctx context.Context, header http.Header, r *http.Request, in *parsedRequest) result {
	lookup, memo := respcache.RequestLookupFrom(ctx), h.requests.memo
	res := result{outcome: cacheHit}
	if !in.isMemoized() || !memo.lookupResponse(r, in.memoized, lookup) {
		res = execute(ctx, h.exec, r.Method, header, in.decodeParams(r.Header))
	}
	if res.outcome == cacheHit {
		_, name := lookup.Operation()
		middleware.RecordOperation(ctx, string(ast.Query), name)
		memo.storeRequest(in.memoized, lookup)
	}
	return res
}

// statusFor returns the status of a response to a single operation.
func (h *Handler) statusFor(resp *graphql.Response, prefersJSON bool) int {
	status := response.HTTPStatusFor(resp)
	if h.PartialStatus && status == http.StatusOK && resp.Data != nil && len(resp.Errors) > 0 && !prefersJSON {
		return response.StatusPartial
	}
	return status
}

// serveBatch runs the operations of a batch in their order and writes their responses.
func (h *Handler) serveBatch(out responseWriter, r *http.Request, items []batchItem) {
	ctx := r.Context()
	if r.Header[limits.HeaderIdempotencyKey] != nil {
		out.writeRequestError(ctx, response.NewRequestError(http.StatusBadRequest, response.CodeBadRequest,
			"an Idempotency-Key is for one operation: send the mutation on its own"))
		return
	}
	if h.Budget != nil {
		if err := h.Budget.ConsumeRequests(ctx, len(items)-1); err != nil {
			resp := h.exec.DispatchError(ctx, gqlerror.List{gqlerror.Wrap(err)})
			out.writeResponse(ctx, response.HTTPStatusFor(resp), resp)
			return
		}
	}
	within := withBatch(ctx)
	responses := make([]*graphql.Response, len(items))
	for i, item := range items {
		responses[i] = h.executeItem(within, r.Method, out.w.Header(), item)
	}
	middleware.RecordOperation(ctx, "batch", fmt.Sprintf("of %d", len(items)))
	out.writeBatch(responses)
}

// executeItem returns the response to one element of a batch.
func (h *Handler) executeItem(ctx context.Context, method string, header http.Header, item batchItem) *graphql.Response {
	res := result{outcome: rejected, err: item.err}
	if item.err == nil {
		res = execute(ctx, h.exec, method, header, item.params)
	}
	if res.outcome == rejected {
		return rejectWithinBatch(res.err)
	}
	return res.resp
}

// maxRevalidations is the maximum number of stale entries that are revalidated at a time, beside the
// requests.
const maxRevalidations = 4

// startRevalidation revalidates a stale entry in the background, while the request is served with it.
// If the maximum is reached, a later request tries again.
func (h *Handler) startRevalidation(stale *respcache.RequestLookup, params *graphql.RawParams) {
	if !h.revalidations.TryAcquire(1) {
		return
	}
	lookup := stale.NewRevalidation()
	go func() {
		defer h.revalidations.Release(1)
		defer lookup.Release()
		_ = Revalidate(context.Background(), lookup, params, h.exec) // the presenter logs internal errors
	}()
}

// setAllowHeader lists the allowed methods: after a rejected GET, of a mutation, only POST.
func setAllowHeader(h http.Header, method string) {
	if method == http.MethodGet {
		h.Set("Allow", "POST")
	} else {
		h.Set("Allow", "GET, POST, OPTIONS")
	}
}
