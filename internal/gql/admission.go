package gql

import (
	"context"
	"errors"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/7p-education/api/internal/admit"
)

// admitted are the parsed, admitted and validated documents that are kept: gqlgen's
// cache, which adds what it has validated.
type admitted struct {
	policy *admit.Policy
	kept   *lru.LRU[*admit.Document]
}

// Get returns the document of a text.
func (d admitted) Get(ctx context.Context, text string) (*ast.QueryDocument, bool) {
	known, ok := d.kept.Get(ctx, text)
	if !ok {
		return nil, false
	}
	return known.Query, true
}

// Add keeps a document.
func (d admitted) Add(ctx context.Context, text string, query *ast.QueryDocument) {
	if admitted, refusal := d.policy.Structure(query); refusal == nil {
		d.kept.Add(ctx, text, admitted)
	}
}

// structure refuses documents before gqlgen validates them. It stands after what
// finds the text of a request.
type structure struct{ admitted }

var _ graphql.OperationParameterMutator = structure{}

func (structure) ExtensionName() string                   { return "Structure" }
func (structure) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationParameters refuses what is not admitted. What is no GraphQL gqlgen
// refuses, which parses it again.
func (s structure) MutateOperationParameters(ctx context.Context, p *graphql.RawParams) *gqlerror.Error {
	if _, known := s.kept.Get(ctx, p.Query); known {
		return nil
	}
	_, err := s.policy.Document(p.Query)
	if refusal, ok := errors.AsType[*admit.Refusal](err); ok {
		return notAdmitted(refusal)
	}
	return nil
}

// cost refuses operations that cost too much, or more than their caller has left,
// before anything is read. It stands before the extensions, and so around all that
// they answer.
type cost struct {
	admitted
	budget Budget // nil for none
}

var _ interface {
	graphql.OperationContextMutator
	graphql.OperationInterceptor
} = cost{}

func (cost) ExtensionName() string                   { return "Cost" }
func (cost) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationContext refuses what is too expensive.
func (c cost) MutateOperationContext(ctx context.Context, op *graphql.OperationContext) *gqlerror.Error {
	known, ok := c.kept.Get(ctx, op.RawQuery)
	if !ok { // it was pushed out meanwhile
		var refusal *admit.Refusal
		if known, refusal = c.policy.Structure(op.Doc); refusal != nil {
			return notAdmitted(refusal)
		}
	}
	estimate, refusal := known.Cost(op.OperationName, op.Variables)
	if refusal != nil {
		return notAdmitted(refusal)
	}
	dry := isAsked(op.Headers, headerDryRun)
	if dry || isAsked(op.Headers, headerCost) {
		op.Stats.SetExtension(c.ExtensionName(), &bill{document: known, estimate: estimate, dry: dry})
	}
	logins := known.Logins(op.OperationName)
	if b := batchOf(ctx); b != nil {
		if err := b.add(c.policy, estimate, logins); err != nil {
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

func notAdmitted(r *admit.Refusal) *gqlerror.Error {
	return &gqlerror.Error{Message: r.Message, Extensions: r.Extensions()}
}
