package gql

import (
	"context"
	"errors"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/7p-education/api/internal/gql/limits"
)

// documentCache are the parsed, admitted and validated documents that are kept: gqlgen's
// cache, which adds what it has validated.
type documentCache struct {
	policy  *limits.Policy
	entries *lru.LRU[*limits.Document]
}

// Get returns the document of a text.
func (d documentCache) Get(ctx context.Context, text string) (*ast.QueryDocument, bool) {
	known, ok := d.entries.Get(ctx, text)
	if !ok {
		return nil, false
	}
	return known.Query, true
}

// Add keeps a document.
func (d documentCache) Add(ctx context.Context, text string, query *ast.QueryDocument) {
	if checked, refusal := d.policy.CheckStructure(query); refusal == nil {
		d.entries.Add(ctx, text, checked)
	}
}

// structureExtension refuses documents before gqlgen validates them. It stands after what
// finds the text of a request.
type structureExtension struct{ documentCache }

var _ graphql.OperationParameterMutator = structureExtension{}

func (structureExtension) ExtensionName() string                   { return "Structure" }
func (structureExtension) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationParameters refuses what is not admitted. What is no GraphQL gqlgen
// refuses, which parses it again.
func (s structureExtension) MutateOperationParameters(ctx context.Context, p *graphql.RawParams) *gqlerror.Error {
	if _, known := s.entries.Get(ctx, p.Query); known {
		return nil
	}
	_, err := s.policy.ParseDocument(p.Query)
	if refusal, ok := errors.AsType[*limits.Rejection](err); ok {
		return limitError(refusal)
	}
	return nil
}

// costExtension refuses operations that cost too much, or more than their caller has left,
// before anything is read. It stands before the extensions, and so around all that
// they answer.
type costExtension struct {
	documentCache
	budget Budget // nil for none
}

var _ interface {
	graphql.OperationContextMutator
	graphql.OperationInterceptor
} = costExtension{}

func (costExtension) ExtensionName() string                   { return "Cost" }
func (costExtension) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationContext refuses what is too expensive.
func (c costExtension) MutateOperationContext(ctx context.Context, op *graphql.OperationContext) *gqlerror.Error {
	known, ok := c.entries.Get(ctx, op.RawQuery)
	if !ok { // it was pushed out meanwhile
		var refusal *limits.Rejection
		if known, refusal = c.policy.CheckStructure(op.Doc); refusal != nil {
			return limitError(refusal)
		}
	}
	estimate, refusal := known.CheckCost(op.OperationName, op.Variables)
	if refusal != nil {
		return limitError(refusal)
	}
	dry := isHeaderEnabled(op.Headers, headerDryRun)
	if dry || isHeaderEnabled(op.Headers, headerCost) {
		op.Stats.SetExtension(c.ExtensionName(), &costReport{document: known, estimate: estimate, dryRun: dry})
	}
	logins := known.CountLogins(op.OperationName)
	if b := batchFromContext(ctx); b != nil {
		if err := b.admitOperation(c.policy, estimate, logins); err != nil {
			return err
		}
	}
	if c.budget == nil || dry {
		return nil
	}
	if err := c.budget.Spend(ctx, estimate.Cost); err != nil {
		return gqlerror.Wrap(err)
	}
	if logins > 0 {
		return gqlerror.Wrap(c.budget.Attempt(ctx))
	}
	return nil
}

func limitError(r *limits.Rejection) *gqlerror.Error {
	return &gqlerror.Error{Message: r.Message, Extensions: r.Extensions()}
}
