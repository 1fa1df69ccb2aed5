package gql

import (
	"bytes"
	"context"
	"errors"
	"math"
	"strconv"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql/limits"
	"github.com/7p-education/api/internal/gql/respcache"
	"github.com/7p-education/api/internal/gql/response"
	"github.com/7p-education/api/internal/middleware"
)

// cacheLookup is one request's visit to the answers that are kept: what is looked for, what
// is found, and what the answer is made from where nothing is.
type cacheLookup struct {
	lookup *respcache.Lookup // nil where nothing is looked for
	key    respcache.Key     // of the request, and then of its operation
	detail string            // nothing is looked for, or what was made is not kept

	memoized      *memoizedRequest // the body of the request; nil for one that is not to be remembered
	operationName string           // of the operation

	entry *respcache.Entry
	// What the answer that is made is made from.
	policy        respcache.Policy
	trackedViewer *edu.TrackedViewer
	tags          edu.Tags
	params        *graphql.RawParams // of what is executed, or made anew
	revalidating  bool               // it is made anew, for nobody
}

type cacheLookupKey struct{}

func lookupFromContext(ctx context.Context) *cacheLookup {
	v, _ := ctx.Value(cacheLookupKey{}).(*cacheLookup)
	return v
}

// errCacheHit ends the preparation of an operation whose answer was found.
var errCacheHit = errors.New("the answer is kept")

// policySource tell what the schema says about keeping the answer of an operation.
type policySource interface {
	OperationPolicy(doc *ast.QueryDocument, op *ast.OperationDefinition, variables map[string]any) respcache.Policy
	NeverCacheable(doc *ast.QueryDocument, op *ast.OperationDefinition) bool
}

// cacheExtension is the extension that looks for kept answers. It stands after what finds
// the text of a request, or refuses it.
type cacheExtension struct {
	documents     limits.DocumentCache
	policies      policySource
	cache         *respcache.Cache // nil for none
	schemaVersion string
	hitObservers  []cacheHitObserver
}

// cacheHitObserver is an extension that wants to know that an answer was found.
type cacheHitObserver interface {
	// ObserveCacheHit is called where the extension's parameters were mutated, and the
	// operation will not be prepared any further.
	ObserveCacheHit(ctx context.Context, text string)
}

var _ interface {
	graphql.OperationParameterMutator
	graphql.OperationContextMutator
} = cacheExtension{}

func (cacheExtension) ExtensionName() string                   { return "Keeping" }
func (cacheExtension) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationParameters looks for the answer to an operation whose document is
// known: it is neither parsed nor validated then.
func (k cacheExtension) MutateOperationParameters(ctx context.Context, p *graphql.RawParams) *gqlerror.Error {
	v := lookupFromContext(ctx)
	if v == nil {
		return nil
	}
	switch {
	case k.cache == nil:
		v.detail = "off"
	case limits.CostRequested(p.Headers):
		v.detail = "cost-requested"
	}
	if v.detail != "" || v.lookup != nil {
		return nil
	}
	v.params = p
	var err error
	if v.key, err = respcache.HashRequest(k.schemaVersion, p.Query, p.Variables); err != nil {
		v.detail = "no-key"
		return nil
	}
	if doc, ok := k.documents.Get(ctx, p.Query); ok {
		if op := doc.Operations.ForName(p.OperationName); op != nil {
			return k.lookupQuery(ctx, v, doc, op)
		}
	}
	return nil
}

// MutateOperationContext looks for the answer to an operation whose document had to
// be parsed and validated first, and tells what its policy is.
func (k cacheExtension) MutateOperationContext(ctx context.Context, op *graphql.OperationContext) *gqlerror.Error {
	v := lookupFromContext(ctx)
	if v == nil {
		return nil
	}
	v.policy = k.policies.OperationPolicy(op.Doc, op.Operation, op.Variables)
	if v.lookup != nil || v.detail != "" {
		return nil
	}
	return k.lookupQuery(ctx, v, op.Doc, op.Operation)
}

func (k cacheExtension) lookupQuery(ctx context.Context, v *cacheLookup, doc *ast.QueryDocument, op *ast.OperationDefinition) *gqlerror.Error {
	if op.Operation != ast.Query {
		v.detail = string(op.Operation)
		return nil
	}
	if k.policies.NeverCacheable(doc, op) {
		v.detail = "max-age-0"
		return nil
	}
	// By the name that it has, whether or not the request says it.
	return k.lookupAndNotify(ctx, v, v.key.ForOperation(op.Name), op.Name)
}

func (k cacheExtension) lookupAndNotify(ctx context.Context, v *cacheLookup, key respcache.Key, name string) *gqlerror.Error {
	if !v.startLookup(ctx, k.cache, key, name) {
		return nil
	}
	for _, n := range k.hitObservers {
		n.ObserveCacheHit(ctx, v.params.Query)
	}
	return gqlerror.Wrap(errCacheHit)
}

// startLookup looks for the answer to a query, and reports whether it was found.
func (v *cacheLookup) startLookup(ctx context.Context, in *respcache.Cache, key respcache.Key, name string) bool {
	v.key, v.operationName = key, name
	v.lookup = in.Get(ctx, key, edu.ViewerFrom(ctx))
	v.detail, v.entry = v.lookup.BypassReason, v.lookup.Entry
	if v.entry == nil {
		return false
	}
	middleware.RecordOperation(ctx, string(ast.Query), name)
	return true
}

// releaseLookup lets those go on who wait for the same answer.
func (v *cacheLookup) releaseLookup() {
	if v.lookup != nil {
		v.lookup.Release()
	}
}

// storeResponse makes an answer of what was executed, and keeps it if it may be kept.
func (v *cacheLookup) storeResponse(ctx context.Context, resp *graphql.Response) *respcache.Entry {
	if v.trackedViewer == nil { // it was refused before it ran
		if v.detail == "" {
			v.detail = "rejected"
		}
		return nil
	}
	if v.policy.MaxAge == 0 {
		if v.detail == "" { // without its variables it looked better
			v.markUncacheable(ctx, "max-age-0")
		}
		return nil
	}
	if len(resp.Errors) > 0 || len(resp.Extensions) > 0 {
		v.markUncacheable(ctx, "errors")
		return nil
	}
	buf := response.EnvelopeBuffers.Get()
	defer response.EnvelopeBuffers.Put(buf)
	response.WriteEnvelope(buf, resp)
	answer, detail := respcache.Candidate{
		Body: bytes.Clone(buf.Bytes()), Policy: v.policy, VaryBy: v.trackedViewer.VaryBy(), SignedIn: edu.ViewerFrom(ctx).SignedIn(),
	}.BuildEntry()
	switch {
	case answer == nil:
		v.markUncacheable(ctx, detail)
	case v.lookup != nil:
		v.detail = v.lookup.StoreEntry(ctx, answer, &v.tags)
	}
	return answer
}

func (v *cacheLookup) markUncacheable(ctx context.Context, detail string) {
	if v.lookup != nil {
		v.lookup.MarkUncacheable(ctx)
	}
	if v.detail == "" {
		v.detail = detail
	}
}

// cacheStatusName is what Cache-Status calls us.
const cacheStatusName = `"7p"`

// appendCacheStatus appends what became of the visit, as RFC 9211 has it.
func (v *cacheLookup) appendCacheStatus(b []byte, now time.Time) []byte {
	b = append(b, cacheStatusName...)
	switch {
	case v.entry != nil:
		b = append(b, "; hit; ttl="...)
		b = strconv.AppendInt(b, int64(math.Floor(v.entry.TTL(now).Seconds())), 10)
	case v.lookup == nil || v.lookup.BypassReason != "":
		b = append(b, "; fwd=bypass"...)
	case v.detail == "":
		b = append(b, "; fwd=miss; stored"...)
	default:
		b = append(b, "; fwd=miss"...)
	}
	if v.detail != "" {
		b = append(append(b, "; detail="...), v.detail...)
	}
	return b
}
