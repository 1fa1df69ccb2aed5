package limits

import (
	"context"
	"errors"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/7p-education/api/internal/observe"
)

// HeaderIdempotencyKey is the header by which a client makes a mutation idempotent. It has the name of
// draft-ietf-httpapi-idempotency-key-header.
const HeaderIdempotencyKey = "Idempotency-Key"

// StructureExtension rejects documents that exceed the limits before gqlgen validates them. It runs
// after the extensions that find the text of a request.
type StructureExtension struct {
	Documents DocumentCache
	Budget    Budget // nil for no budget
}

var _ graphql.OperationParameterMutator = StructureExtension{}

// ExtensionName implements graphql.HandlerExtension.
func (StructureExtension) ExtensionName() string { return "Structure" }

// Validate accepts every schema.
func (StructureExtension) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationParameters rejects a document that exceeds the limits, and one with half a surrogate pair.
// It accepts any other text that is not GraphQL: gqlgen parses it again, and rejects it then. It takes a
// text that is not in the document cache from the caller's budget, because it has to be parsed.
func (s StructureExtension) MutateOperationParameters(ctx context.Context, p *graphql.RawParams) *gqlerror.Error {
	if d, _ := s.Documents.findDocument(p.Query); d != nil {
		observe.From(ctx).SetDocument(d.identity)
		return nil
	}
	if s.Budget != nil {
		if err := s.Budget.ConsumeText(ctx, len(p.Query)); err != nil {
			return gqlerror.Wrap(err)
		}
	}
	if err := checkEscapes(p.Query); err != nil {
		return err
	}
	_, err := s.Documents.policy.ParseDocument(p.Query)
	if rejection, ok := errors.AsType[*Rejection](err); ok {
		return rejectionError(rejection)
	}
	return nil
}

// CostExtension rejects operations that cost too much, or more than the caller's budget has left,
// before anything is read. It runs before other extensions, so that it intercepts their responses.
type CostExtension struct {
	Documents DocumentCache
	Budget    Budget // nil for no budget
}

var _ interface {
	graphql.OperationContextMutator
	graphql.OperationInterceptor
} = CostExtension{}

// ExtensionName returns the name of the cost report among an operation's statistics.
func (CostExtension) ExtensionName() string { return "Cost" }

// Validate accepts every schema.
func (CostExtension) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationContext rejects an operation that is too expensive.
func (c CostExtension) MutateOperationContext(ctx context.Context, op *graphql.OperationContext) *gqlerror.Error {
	policy := c.Documents.policy
	d, _ := c.Documents.findDocument(op.RawQuery)
	if d == nil { // evicted meanwhile
		var rejection *Rejection
		if d, rejection = policy.CheckStructure(op.Doc); rejection != nil {
			return rejectionError(rejection)
		}
	}
	observe.From(ctx).SetDocument(d.identity)
	estimate, rejection := d.CheckCost(op.OperationName, op.Variables)
	if rejection != nil {
		return rejectionError(rejection)
	}
	if len(op.Headers[HeaderIdempotencyKey]) > 0 {
		if rejection := d.CheckIdempotentCost(op.OperationName, op.Variables, estimate); rejection != nil {
			return rejectionError(rejection)
		}
	}
	observe.From(ctx).AddCost(estimate.Cost)
	dryRun := isHeaderEnabled(op.Headers, headerDryRun)
	if dryRun || isHeaderEnabled(op.Headers, headerCost) || isHeaderEnabled(op.Headers, HeaderExplain) {
		op.Stats.SetExtension(c.ExtensionName(), &costReport{document: d, estimate: estimate, dryRun: dryRun})
	}
	if op.Operation.Operation == ast.Query && estimate.isLarge() {
		op.Stats.SetExtension(largeStat, true)
	}
	if err := admitOperation(ctx, policy, estimate, d.CountLogins(op.OperationName)); err != nil {
		return err
	}
	if c.Budget == nil || dryRun {
		return nil
	}
	return gqlerror.Wrap(c.Budget.ConsumeCost(ctx, estimate.Cost))
}

func rejectionError(r *Rejection) *gqlerror.Error {
	return &gqlerror.Error{Message: r.Message, Extensions: r.Extensions()}
}
