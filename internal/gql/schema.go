package gql

import (
	"context"
	"maps"
	"strings"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/graph"
	"github.com/7p-education/api/loaders"
	"github.com/7p-education/api/resolvers"
)

// ExecutableSchema returns the executable schema, with resolvers and directives.
func ExecutableSchema() graphql.ExecutableSchema {
	return newSchema(resolvers.New(resolvers.Options{}))
}

func newSchema(root *resolvers.Resolver) graphql.ExecutableSchema {
	return graph.NewExecutableSchema(graph.Config{
		Schema:     offeredSchema(),
		Resolvers:  root,
		Directives: graph.DirectiveRoot{Auth: authorizeField},
	})
}

// offeredSchema returns the schema with its own @defer in place of gqlparser's, which is not part of the schema as text.
var offeredSchema = sync.OnceValue(func() *ast.Schema {
	offered := *graph.NewExecutableSchema(graph.Config{}).Schema()
	offered.Directives = maps.Clone(offered.Directives)
	deferred := *offered.Directives["defer"]
	deferred.Position = nil // which marks it as built in
	deferred.Description = "Sends the fragment in a later part of the response, to clients that accept multipart/mixed."
	deferred.Arguments = ast.ArgumentDefinitionList{
		describe(deferred.Arguments[0], "Whether the fragment is deferred."),
		describe(deferred.Arguments[1], "A name of the fragment, which its part repeats; unique in the document."),
	}
	offered.Directives["defer"] = &deferred
	return &offered
})

func describe(a *ast.ArgumentDefinition, description string) *ast.ArgumentDefinition {
	described := *a
	described.Description = description
	return &described
}

// SDL returns the schema as text, with its descriptions.
var SDL = sync.OnceValue(func() string {
	var out strings.Builder
	formatter.NewFormatter(&out, formatter.WithIndent("  ")).FormatSchema(ExecutableSchema().Schema())
	return out.String()
})

// authorizeField implements the directive @auth: the field requires a signed-in viewer of the role or a
// higher one.
func authorizeField(ctx context.Context, _ any, next graphql.Resolver, role *edu.Role) (any, error) {
	switch v := loaders.FromContext(ctx).Viewer; { // signIn and signOut change the viewer
	case !v.SignedIn():
		return nil, edu.Errorf(edu.Unauthenticated, "sign in first: send the accessToken of signIn as \"Authorization: Bearer …\"")
	case role != nil && !v.HasRole(*role):
		return nil, edu.Errorf(edu.Forbidden, "this needs the role %s; the viewer is %s", *role, v.Role())
	}
	return next(ctx)
}
