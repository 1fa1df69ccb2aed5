package gql

import (
	"context"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// attempted are the fields of mutations that begin a session or go on with one.
var attempted = []string{"signUp", "signIn", "refreshSession"}

// attempts asks, before anything runs, whether a session may be tried for. Asked
// then, and not by the resolver, a refusal is one of the request, with its status.
type attempts struct {
	allow func(ctx context.Context, email string) error
}

var _ interface {
	graphql.HandlerExtension
	graphql.OperationContextMutator
} = attempts{}

// LimitAttempts has each attempt to begin a session, or to go on with one, ask
// allow, with the email that is tried or "". The operation is refused with the
// error of it, an *edu.Error.
func LimitAttempts(allow func(ctx context.Context, email string) error) graphql.HandlerExtension {
	return attempts{allow}
}

func (attempts) ExtensionName() string                   { return "Attempts" }
func (attempts) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationContext refuses what is not allowed.
func (a attempts) MutateOperationContext(ctx context.Context, op *graphql.OperationContext) *gqlerror.Error {
	if op.Operation.Operation != ast.Mutation {
		return nil
	}
	for _, field := range graphql.CollectFields(op, op.Operation.SelectionSet, []string{"Mutation"}) {
		if !slices.Contains(attempted, field.Name) {
			continue
		}
		input, _ := field.ArgumentMap(op.Variables)["input"].(map[string]any)
		email, _ := input["email"].(string)
		if err := a.allow(ctx, email); err != nil {
			return gqlerror.Wrap(err)
		}
	}
	return nil
}
