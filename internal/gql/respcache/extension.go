package respcache

import (
	"context"
	"errors"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// ErrCacheHit ends the preparation of an operation whose response is cached.
var ErrCacheHit = errors.New("the response is cached")

// Extension responds to operations from the cache. It runs after the extensions that find the text of a request
// or reject it.
type Extension struct {
	Cache     *Cache // nil if responses are not cached
	Documents DocumentSource
	Policies  PolicySource
	// Version changes with everything that changes responses, such as the schema.
	Version string
	// CostRequested reports whether the response has to include its cost: then it is not cached.
	CostRequested func(*graphql.RawParams) bool
	HitObservers  []HitObserver
}

// DocumentSource finds parsed and validated documents by their text.
type DocumentSource interface {
	// Find returns the document, nil if there is none, and the text in a form that is the same for texts
	// which differ only in comments, blanks and commas.
	Find(text string) (doc *ast.QueryDocument, normalized string)
}

// PolicySource returns the cache policies that the schema gives to operations.
type PolicySource interface {
	OperationPolicy(doc *ast.QueryDocument, op *ast.OperationDefinition, variables map[string]any) Policy
	NeverCacheable(doc *ast.QueryDocument, op *ast.OperationDefinition) bool
}

// HitObserver is an extension that is notified of cache hits.
type HitObserver interface {
	// ObserveCacheHit is called after the extension's MutateOperationParameters with the text of the
	// operation. The operation is not prepared any further.
	ObserveCacheHit(ctx context.Context, text string)
}

var _ interface {
	graphql.HandlerExtension
	graphql.OperationParameterMutator
	graphql.OperationContextMutator
} = Extension{}

// ExtensionName implements graphql.HandlerExtension.
func (Extension) ExtensionName() string { return "ResponseCache" }

// Validate accepts every schema.
func (Extension) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationParameters searches the cache for the response of an operation whose document is cached: on a
// hit the operation is neither parsed nor validated.
func (e Extension) MutateOperationParameters(ctx context.Context, p *graphql.RawParams) *gqlerror.Error {
	r := RequestLookupFrom(ctx)
	if r == nil {
		return nil
	}
	switch {
	case e.Cache == nil:
		r.detail = detailOff
	case e.CostRequested(p):
		r.detail = detailCostRequested
	}
	if r.detail != "" || r.Started() {
		return nil
	}
	doc, normalized := e.Documents.Find(p.Query)
	var err error
	if r.key, err = HashRequest(e.Version, normalized, p.Variables); err != nil {
		r.detail = detailNoKey
		return nil
	}
	if doc != nil {
		if op := doc.Operations.ForName(p.OperationName); op != nil {
			return e.lookupOperation(ctx, r, p.Query, doc, op)
		}
	}
	return nil
}

// MutateOperationContext determines the cache policy of an operation. It searches the cache for the response
// if the document was not cached, and had to be parsed and validated first.
func (e Extension) MutateOperationContext(ctx context.Context, op *graphql.OperationContext) *gqlerror.Error {
	r := RequestLookupFrom(ctx)
	if r == nil {
		return nil
	}
	r.policy = e.Policies.OperationPolicy(op.Doc, op.Operation, op.Variables)
	if source, ok := e.Policies.(*Policies); ok && r.isExplained {
		r.reasons = source.policyReasons(op.Doc, op.Operation, op.Variables)
	}
	if r.Started() || r.detail != "" {
		return nil
	}
	return e.lookupOperation(ctx, r, op.RawQuery, op.Doc, op.Operation)
}

// lookupOperation returns ErrCacheHit if the response of an operation is cached.
func (e Extension) lookupOperation(ctx context.Context, r *RequestLookup, text string, doc *ast.QueryDocument, op *ast.OperationDefinition) *gqlerror.Error {
	if op.Operation != ast.Query {
		r.detail = string(op.Operation)
		return nil
	}
	if e.Policies.NeverCacheable(doc, op) {
		r.detail = detailMaxAgeZero
		return nil
	}
	// The key has the operation's name, whether or not the request repeats it.
	if !r.Start(ctx, e.Cache, r.key.ForOperation(op.Name), op.Name) {
		return nil
	}
	for _, o := range e.HitObservers {
		o.ObserveCacheHit(ctx, text)
	}
	return gqlerror.Wrap(ErrCacheHit)
}
