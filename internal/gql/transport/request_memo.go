package transport

import (
	"context"
	"hash/maphash"
	"net/http"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/maypok86/otter/v2"

	"github.com/7p-education/api/internal/gql/limits"
	"github.com/7p-education/api/internal/gql/respcache"
	"github.com/7p-education/api/internal/observe"
)

const (
	// maxMemoizedRequests is the maximum number of memoized bodies, and maxMemoizedBodyBytes the maximum
	// size of one: with their texts they take 16 MB at most.
	maxMemoizedRequests  = 2_000
	maxMemoizedBodyBytes = 4 << 10
)

// memoizedRequest is the body of a request with its cache key, which is the same each time it is sent.
// A body is memoized after a cache hit: from then on the cache is searched before the body is decoded, its key
// computed, or gqlgen called. A memoized request has a text, and no extensions:
// the documents that they refer to may change.
type memoizedRequest struct {
	body          string
	key           respcache.Key
	operationName string // of the operation that the request selects
	document      *observe.Document
	stored        bool // in the memo, as opposed to a candidate
}

// TextInspector is an extension that inspects the text of every operation.
type TextInspector interface {
	graphql.OperationParameterMutator
	// AcceptsAnyText reports whether the extension accepts, unchanged, all operations that are sent with
	// their text and without extensions.
	AcceptsAnyText() bool
}

// requestMemo holds memoized requests. It is safe for concurrent use; a nil memo holds none.
type requestMemo struct {
	cache      *respcache.Cache
	inspectors []TextInspector
	seed       maphash.Seed
	entries    *otter.Cache[uint64, *memoizedRequest] // by the hashes of the bodies
}

// newRequestMemo returns nil without a cache, or if an extension has to inspect the parameters of every
// request.
func newRequestMemo(c *respcache.Cache, extensions []graphql.HandlerExtension) *requestMemo {
	if c == nil {
		return nil
	}
	entries := otter.Must(&otter.Options[uint64, *memoizedRequest]{MaximumSize: maxMemoizedRequests})
	m := &requestMemo{cache: c, seed: maphash.MakeSeed(), entries: entries}
	for _, e := range extensions {
		if _, mutates := e.(graphql.OperationParameterMutator); !mutates {
			continue
		}
		inspector, ok := e.(TextInspector)
		if !ok {
			return nil
		}
		m.inspectors = append(m.inspectors, inspector)
	}
	return m
}

// canMemoize reports whether a body may be memoized.
func (m *requestMemo) canMemoize(body []byte) bool {
	return m != nil && len(body) <= maxMemoizedBodyBytes && !slices.ContainsFunc(m.inspectors, func(i TextInspector) bool { return !i.AcceptsAnyText() })
}

// findRequest returns the memoized request of a body, or nil.
func (m *requestMemo) findRequest(body []byte) *memoizedRequest {
	if !m.canMemoize(body) {
		return nil
	}
	if q, ok := m.entries.GetIfPresent(maphash.Bytes(m.seed, body)); ok && q.body == string(body) {
		return q
	}
	return nil
}

// newCandidate returns a request that is memoized after a cache hit, or nil if it cannot be memoized.
func (m *requestMemo) newCandidate(body []byte, p *graphql.RawParams) *memoizedRequest {
	if !m.canMemoize(body) || p == nil || p.Query == "" || p.Extensions != nil {
		return nil
	}
	return &memoizedRequest{body: string(body)}
}

// storeRequest memoizes a candidate after a cache hit. It ignores nil and memoized requests.
func (m *requestMemo) storeRequest(ctx context.Context, q *memoizedRequest, hit *respcache.RequestLookup) {
	if q == nil || q.stored {
		return
	}
	if o := observe.From(ctx); o != nil {
		q.document = o.Document
	}
	q.key, q.operationName = hit.Operation()
	q.stored = true
	m.entries.Set(maphash.String(m.seed, q.body), q)
}

// lookupResponse searches the cache for the response to a memoized request and reports whether it is there.
func (m *requestMemo) lookupResponse(r *http.Request, q *memoizedRequest, lookup *respcache.RequestLookup) bool {
	return !limits.CostRequested(r.Header) && lookup.Start(r.Context(), m.cache, q.key, q.operationName)
}

// decodeParams returns the parameters of the request. They are decoded each time, because executing an
// operation modifies its variables.
func (q *memoizedRequest) decodeParams() *graphql.RawParams {
	params, _, _ := decodeRequestBody([]byte(q.body), 0, nil) // without an error, as the body was decoded before
	return params
}
