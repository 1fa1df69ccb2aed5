package gql

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// introspectionExtension lets operations ask for the schema.
type introspectionExtension struct{}

var _ interface {
	graphql.HandlerExtension
	graphql.OperationContextMutator
} = introspectionExtension{}

func (introspectionExtension) ExtensionName() string                   { return "Introspection" }
func (introspectionExtension) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationContext switches introspection on, which is off unless someone
// does.
func (introspectionExtension) MutateOperationContext(_ context.Context, op *graphql.OperationContext) *gqlerror.Error {
	op.DisableIntrospection = false
	return nil
}
