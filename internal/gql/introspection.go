package gql

import (
	"context"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/introspection"
	"github.com/vektah/gqlparser/v2/ast"
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

// hasTypeField reports whether a field of introspection has a value other than null: the lists of __Type
// have one for some kinds only (GraphQL specification, section 4.2.2). gqlgen returns empty lists for the
// others.
func hasTypeField(field *graphql.FieldContext) bool {
	if field.Object != "__Type" || field.Parent == nil {
		return true
	}
	typ, ok := field.Parent.Result.(*introspection.Type)
	if !ok {
		return true
	}
	switch field.Field.Name {
	case "fields", "interfaces":
		return isKind(typ, ast.Object, ast.Interface)
	case "possibleTypes":
		return isKind(typ, ast.Interface, ast.Union)
	case "enumValues":
		return isKind(typ, ast.Enum)
	case "inputFields", "isOneOf":
		return isKind(typ, ast.InputObject)
	}
	return true
}

func isKind(typ *introspection.Type, kinds ...ast.DefinitionKind) bool {
	return slices.Contains(kinds, ast.DefinitionKind(typ.Kind()))
}
