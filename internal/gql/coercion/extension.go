package coercion

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql/response"
)

// Extension rejects operations whose variables do not fit their types. gqlgen's executor has let gqlparser
// coerce them by then. It runs before all extensions that read variables.
type Extension struct{ Schema *ast.Schema }

var _ interface {
	graphql.HandlerExtension
	graphql.OperationContextMutator
} = Extension{}

// ExtensionName implements graphql.HandlerExtension.
func (Extension) ExtensionName() string { return "Coercion" }

// Validate accepts every schema.
func (Extension) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationContext rejects the first variable that does not fit its type.
func (e Extension) MutateOperationContext(_ context.Context, op *graphql.OperationContext) *gqlerror.Error {
	if len(op.Variables) == 0 {
		return nil
	}
	for _, declared := range op.Operation.VariableDefinitions {
		value, ok := op.Variables[declared.Variable]
		if !ok {
			continue
		}
		if m := validateValue(e.Schema, declared.Type, value); m != nil {
			return response.ErrorWithCode(string(edu.BadUserInput), m.message(declared))
		}
	}
	return nil
}

// message returns the message for clients, which does not repeat the value.
func (m *mismatch) message(declared *ast.VariableDefinition) string {
	return "variable $" + m.fullPath(declared.Variable).String() + " does not fit its type; $" + declared.Variable +
		" is declared as " + declared.Type.String() + ": " + m.reason
}
