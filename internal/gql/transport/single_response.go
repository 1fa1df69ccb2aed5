package transport

import (
	"net/http"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/7p-education/api/internal/gql/response"
)

// checkSingleResponse rejects a subscription, which has several responses. gqlgen would return the first event
// and drop the others.
func checkSingleResponse(op *graphql.OperationContext) *response.RequestError {
	if op.Operation.Operation == ast.Subscription {
		return response.NewRequestError(http.StatusNotAcceptable, response.CodeNotAcceptable, "a subscription has several responses: "+
			"POST it with Accept: text/event-stream, or use a WebSocket with the subprotocol graphql-transport-ws")
	}
	return nil
}
