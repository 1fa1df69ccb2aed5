package transport

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"golang.org/x/sync/semaphore"

	"github.com/7p-education/api/internal/gql/incremental"
	"github.com/7p-education/api/internal/gql/limits"
	"github.com/7p-education/api/internal/gql/memory"
	"github.com/7p-education/api/internal/gql/respcache"
	"github.com/7p-education/api/internal/gql/response"
	"github.com/7p-education/api/internal/middleware"
	"github.com/7p-education/api/internal/observe"
	"github.com/7p-education/api/internal/parked"
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
	// AllowsOrigin reports whether pages of an origin may send requests by GET without a preflight; nil
	// allows none.
	AllowsOrigin func(origin string) bool
	// ShowsDatabaseUsage reports whether the response to a request has a Server-Timing header with the SQL
	// statements and round trips of its operation; nil shows none.
	ShowsDatabaseUsage func(*http.Request) bool
	// Explain are the options of the plans of operations.
	Explain ExplainOptions
	// NewMeter returns the meter of a request, which limits the bytes of its response; nil for no limit.
	NewMeter func(*http.Request) *memory.Meter
	// SharedCache is the CDN in front of the server; nil for none.
	SharedCache *SharedCache
	// ObserveSocketOperation receives each operation of a WebSocket after its first response; nil for none.
	ObserveSocketOperation func(context.Context, middleware.CompletedRequest)
	// Streams are the options of subscriptions and live queries; without a hub there are none.
	Streams StreamOptions
	// MaxStaleness is the age up to which a query without credentials that is rejected because of overload gets a
	// cached response whose data may have changed; 0 for none.
	MaxStaleness time.Duration
}

// Handler serves queries and mutations: GraphQL over HTTP, draft of August 2026, by POST and, for
// queries only, by GET and QUERY (RFC 10008). gqlgen's own transports read bodies of any size, repeat the body in errors
// and send other statuses.
//
// Responses are application/graphql-response+json, or application/json for those of status 2xx if the
// client accepts nothing else. Caches may store only cacheable responses (docs/caching.md).
type Handler struct {
	Options
	exec          graphql.GraphExecutor
	requests      requestReader
	revalidations *semaphore.Weighted

	// Streams.
	poller      parked.Poller
	sending     parked.Queue
	heartbeats  parked.Ticker
	initTimeout time.Duration
	stopping    atomic.Bool // sockets are closed when they have no operation in progress
}

// New returns a handler that runs operations on exec.
func New(exec graphql.GraphExecutor, o Options) *Handler {
	if o.NewMeter == nil {
		o.NewMeter = func(*http.Request) *memory.Meter { return nil }
	}
	return &Handler{
		Options: o, exec: exec,
		requests: requestReader{
			maxBodyBytes: o.MaxBodyBytes, maxBatchSize: o.MaxBatchSize, memo: newRequestMemo(o.Cache, o.Extensions),
			allowsOrigin: o.AllowsOrigin, newMeter: o.NewMeter,
		},
		revalidations: semaphore.NewWeighted(maxRevalidations),

		heartbeats: parked.Ticker{Interval: heartbeatInterval}, initTimeout: initTimeout,
	}
}

// ServeHTTP responds to one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header["Vary"] = append(header["Vary"], "Accept")
	form, prefersJSON, acceptable := h.negotiateForm(r)
	if r.Method == http.MethodOptions || r.Method == methodQuery {
		header.Set("Accept-Query", response.MediaTypeJSON)
	}
	if r.Method == http.MethodOptions {
		setAllowHeader(header, r.Method)
		w.WriteHeader(http.StatusNoContent)
		return
	}
	observeCaller(r.Context(), r.Header)
	out := responseWriter{w: w, prefersJSON: prefersJSON, sharedCache: h.SharedCache}
	var reqErr *response.RequestError
	switch {
	case form == webSocket:
		reqErr = h.serveWebSocket(out, r)
	case acceptable || acceptedFormat(r) != incremental.Whole:
		out.partsOnly = !acceptable
		reqErr = h.serveRequest(out, r, form)
	default:
		reqErr = response.NewRequestError(http.StatusNotAcceptable, response.CodeNotAcceptable,
			"the response is application/graphql-response+json or application/json: accept one of them")
	}
	if reqErr == nil {
		return
	}
	switch {
	case reqErr.Status == http.StatusMethodNotAllowed:
		setAllowHeader(header, r.Method)
	case reqErr.Status == http.StatusUnsupportedMediaType && isEncoded(r):
		header["Accept-Encoding"] = identityEncoding // RFC 9110, section 15.5.16
	}
	out.writeRequestError(r.Context(), reqErr)
}

// serveRequest writes the response to a request, or returns why the request is rejected.
func (h *Handler) serveRequest(out responseWriter, r *http.Request, form responseForm) *response.RequestError {
	explained, reqErr := h.admitExplain(r, form)
	if reqErr != nil {
		return reqErr
	}
	body := newBodyReader(out.w, r, h.MaxBodyBytes, h.BulkLimiter)
	defer body.release()
	in, reqErr := h.requests.readRequest(r, body)
	defer func() { in.meter.Release() }() // after writing: a slow client holds the memory of its response
	switch {
	case reqErr != nil:
		return reqErr
	case explained != notExplained:
		return h.serveExplained(out, r, &in, explained)
	case form == eventStream:
		return h.serveEventStream(out, r, &in)
	case form == multipart && in.batch == nil:
		return h.serveMultipart(out, r, &in)
	case in.batch != nil:
		h.serveBatch(out, r, &in)
		return nil
	}
	return h.serveOperation(out, r, &in)
}

// serveOperation writes the response to one operation, from the cache if it is there.
func (h *Handler) serveOperation(out responseWriter, r *http.Request, in *parsedRequest) *response.RequestError {
	lookup := &respcache.RequestLookup{}
	defer lookup.Release()
	ctx := incremental.WithFormat(respcache.WithRequestLookup(r.Context(), lookup), acceptedFormat(r))
	memoized := in.isMemoized() && h.requests.memo.lookupResponse(r, in.memoized, lookup)
	if in.meter == nil && (!memoized || len(lookup.Entry().Body) > memory.MinReservation) {
		in.meter = h.NewMeter(r)
	}
	if in.meter != nil {
		ctx = memory.WithMeter(ctx, in.meter)
	}
	res := result{outcome: cacheHit}
	if memoized {
		observe.From(ctx).SetDocument(in.memoized.document)
	} else {
		res = execute(ctx, h.exec, r.Method, out.w.Header(), in.decodeParams(r.Header))
	}
	switch res.outcome {
	case rejected:
		return res.err
	case inParts:
		lookup.Abandon()
		observeLookup(ctx, lookup)
		out.w.Header()["Cache-Status"] = []string{string(lookup.AppendCacheStatus(nil, time.Now()))}
		h.serveParts(ctx, out, res.op)
		return nil
	}
	entry, err := h.finishLookup(ctx, lookup, in, res)
	if h.serveStale(ctx, out, r, lookup) {
		return nil
	}
	observeLookup(ctx, lookup)
	if lookup.NeedsRevalidation() {
		h.startRevalidation(lookup, in.decodeParams(r.Header))
	}
	lookup.Release() // before writing: a slow client does not delay the requests that wait for this response
	h.showDatabaseUsage(out.w.Header(), r, res.outcome == cacheHit)
	now := time.Now()
	switch {
	case err != nil:
		res.resp = h.exec.DispatchError(ctx, gqlerror.List{gqlerror.Wrap(err)})
	case entry != nil:
		res.resp = nil
		if out.partsOnly {
			out.writeSinglePart(ctx, entry.Body)
		} else {
			out.writeCachedResponse(r, lookup, entry, now)
		}
		return nil
	}
	out.w.Header()["Cache-Status"] = []string{string(lookup.AppendCacheStatus(nil, now))}
	h.writeWhole(ctx, out, res.resp)
	return nil
}

// finishLookup returns the entry of a hit, or that of a response that was executed, nil for none. The
// error reports that the request has no memory for the entry of a hit.
func (h *Handler) finishLookup(ctx context.Context, lookup *respcache.RequestLookup, in *parsedRequest, res result) (*respcache.Entry, error) {
	if res.outcome == executed {
		return lookup.StoreResponse(ctx, res.resp), nil
	}
	_, name := lookup.Operation()
	middleware.RecordOperation(ctx, string(ast.Query), name)
	h.requests.memo.storeRequest(ctx, in.memoized, lookup)
	entry := lookup.Entry()
	return entry, memory.MeterFrom(ctx).ReserveEntry(ctx, len(entry.Body))
}

// writeResponse writes a response that is not cached, or the error that there is no memory for its
// envelope.
func (h *Handler) writeResponse(ctx context.Context, out responseWriter, resp *graphql.Response) {
	if len(resp.Data) > response.MaxPooledBytes {
		if err := memory.MeterFrom(ctx).ReserveCopy(len(resp.Data)); err != nil {
			resp = h.exec.DispatchError(ctx, gqlerror.List{gqlerror.Wrap(err)})
		}
	}
	out.writeResponse(ctx, h.statusFor(resp, out.prefersJSON), resp)
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
func (h *Handler) serveBatch(out responseWriter, r *http.Request, in *parsedRequest) {
	ctx, items := r.Context(), in.batch
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
	within := memory.WithMeter(withBatch(ctx), in.meter)
	responses, size := make([]*graphql.Response, len(items)), 0
	for i, item := range items {
		responses[i] = h.executeItem(within, r.Method, out.w.Header(), item)
		observeFieldErrors(ctx, responses[i])
		size += response.EnvelopeSize(responses[i]) + 1
	}
	middleware.RecordOperation(ctx, "batch", fmt.Sprintf("of %d", len(items)))
	observe.From(ctx).SetDocument(nil)
	h.showDatabaseUsage(out.w.Header(), r, false)
	if size > response.MaxPooledBytes {
		if err := in.meter.ReserveCopy(size); err != nil {
			h.writeResponse(ctx, out, h.exec.DispatchError(ctx, gqlerror.List{gqlerror.Wrap(err)}))
			return
		}
	}
	out.writeBatch(responses, size)
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
		h.Set("Allow", "GET, POST, QUERY, OPTIONS")
	}
}
