package gql

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// introspectionExtension enables or disables the queries of the schema itself. gqlgen disables them
// by default.
type introspectionExtension struct{ enabled bool }

var _ interface {
	graphql.HandlerExtension
	graphql.OperationContextMutator
} = introspectionExtension{}

// ExtensionName implements graphql.HandlerExtension.
func (introspectionExtension) ExtensionName() string { return "Introspection" }

// Validate accepts every schema.
func (introspectionExtension) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationContext enables or disables introspection for an operation.
func (e introspectionExtension) MutateOperationContext(_ context.Context, op *graphql.OperationContext) *gqlerror.Error {
	op.DisableIntrospection = !e.enabled
	return nil
}
