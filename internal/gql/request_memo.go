package gql

import (
	"hash/maphash"
	"net/http"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/7p-education/api/internal/gql/limits"
	"github.com/7p-education/api/internal/gql/respcache"
)

const (
	// maxMemoizedRequests is how many bodies are remembered, and maxMemoizedBodyBytes the most bytes of
	// one: with their texts they take 16 MB at most.
	maxMemoizedRequests  = 2_000
	maxMemoizedBodyBytes = 4 << 10
)

// memoizedRequest is the body of a request, and what it asks for: the same whenever it comes.
// Once its answer was found it is remembered, and that answer is looked for before
// the body is decoded, its key made, or gqlgen called. It has a text and no
// extensions, as what those refer to may change.
type memoizedRequest struct {
	body          string
	key           respcache.Key
	operationName string // of the operation that this chooses
	stored        bool   // it is remembered
}

// TextInspector is an extension that looks at the text of every operation.
type TextInspector interface {
	graphql.OperationParameterMutator
	// AcceptsAnyText tells whether it lets through, as they are, all operations that bring their
	// text and no extensions.
	AcceptsAnyText() bool
}

// requestMemo are the bodies that are remembered. It is safe for concurrent use; nil
// remembers nothing.
type requestMemo struct {
	cache      *respcache.Cache
	inspectors []TextInspector
	seed       maphash.Seed
	entries    *lru.Cache[uint64, *memoizedRequest] // by the hashes of the bodies
}

// newRequestMemo returns nil where an extension must be asked each time.
func newRequestMemo(in *respcache.Cache, extensions []graphql.HandlerExtension) *requestMemo {
	kept, err := lru.New[uint64, *memoizedRequest](maxMemoizedRequests)
	if err != nil {
		panic(err) // of a size below 1
	}
	b := &requestMemo{cache: in, seed: maphash.MakeSeed(), entries: kept}
	for _, e := range extensions {
		if _, looks := e.(graphql.OperationParameterMutator); !looks {
			continue
		}
		gate, ok := e.(TextInspector)
		if !ok {
			return nil
		}
		b.inspectors = append(b.inspectors, gate)
	}
	return b
}

// canMemoize tells whether a body can be remembered.
func (b *requestMemo) canMemoize(body []byte) bool {
	return b != nil && len(body) <= maxMemoizedBodyBytes && !slices.ContainsFunc(b.inspectors, func(g TextInspector) bool { return !g.AcceptsAnyText() })
}

// findRequest returns what is remembered of a body, nil for nothing.
func (b *requestMemo) findRequest(body []byte) *memoizedRequest {
	if !b.canMemoize(body) {
		return nil
	}
	if a, ok := b.entries.Get(maphash.Bytes(b.seed, body)); ok && a.body == string(body) {
		return a
	}
	return nil
}

// newCandidate returns what may come to be remembered of a body, nil for nothing.
func (b *requestMemo) newCandidate(body []byte, p *graphql.RawParams) *memoizedRequest {
	if !b.canMemoize(body) || p == nil || p.Query == "" || p.Extensions != nil {
		return nil
	}
	return &memoizedRequest{body: string(body)}
}

// storeRequest remembers the body of a visit whose answer was found.
func (b *requestMemo) storeRequest(v *cacheLookup) {
	a := v.memoized
	if b == nil || a == nil || a.stored {
		return
	}
	a.key, a.operationName, a.stored = v.key, v.operationName, true
	b.entries.Add(maphash.String(b.seed, a.body), a)
}

// lookupResponse looks for the answer to a request that is remembered. It returns the
// parameters of one that has to be executed, nil where the answer was found.
func (b *requestMemo) lookupResponse(r *http.Request, v *cacheLookup) *graphql.RawParams {
	if limits.CostRequested(r.Header) || !v.startLookup(r.Context(), b.cache, v.memoized.key, v.memoized.operationName) {
		return v.memoized.decodeParams(r.Header)
	}
	if v.lookup.Revalidate {
		v.params = v.memoized.decodeParams(r.Header)
	}
	return nil
}

// decodeParams are those of the request, decoded anew as running changes the variables.
func (a *memoizedRequest) decodeParams(headers http.Header) *graphql.RawParams {
	in, _ := decodeRequestBody([]byte(a.body), 0) // it was decoded before
	in.params.Headers = headers
	return in.params
}
