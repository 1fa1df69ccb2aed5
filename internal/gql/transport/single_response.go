package transport

import (
	"net/http"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/7p-education/api/internal/gql/response"
)

// checkSingleResponse rejects operations with more than one response. gqlgen would return the first and
// drop the others: one event of a subscription, or null for everything deferred.
func checkSingleResponse(op *graphql.OperationContext) *response.RequestError {
	if op.Operation.Operation == ast.Subscription {
		return response.NewRequestError(http.StatusNotAcceptable, response.CodeNotAcceptable, "a subscription has several responses: "+
			"POST it with Accept: text/event-stream, or use a WebSocket with the subprotocol graphql-transport-ws")
	}
	// The text decides in nanoseconds for nearly every operation: GraphQL has no escapes in names.
	if strings.Contains(op.RawQuery, "defer") && documentUsesDefer(op.Doc) {
		return response.NewRequestError(http.StatusNotAcceptable, response.CodeNotAcceptable, "an operation with @defer has several responses: "+
			"leave @defer out, or accept multipart/mixed where this server offers it")
	}
	return nil
}

func documentUsesDefer(doc *ast.QueryDocument) bool {
	return slices.ContainsFunc(doc.Operations, func(o *ast.OperationDefinition) bool { return selectionsUseDefer(o.SelectionSet) }) ||
		slices.ContainsFunc(doc.Fragments, func(f *ast.FragmentDefinition) bool { return selectionsUseDefer(f.SelectionSet) })
}

func selectionsUseDefer(selections ast.SelectionSet) bool {
	for _, selection := range selections {
		switch s := selection.(type) {
		case *ast.Field:
			if selectionsUseDefer(s.SelectionSet) {
				return true
			}
		case *ast.FragmentSpread:
			if s.Directives.ForName("defer") != nil {
				return true
			}
		case *ast.InlineFragment:
			if s.Directives.ForName("defer") != nil || selectionsUseDefer(s.SelectionSet) {
				return true
			}
		}
	}
	return false
}
