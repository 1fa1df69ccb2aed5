package gql

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"

	"github.com/99designs/gqlgen/graphql"

	"github.com/7p-education/api/internal/middleware"
)

var errPanicked = errors.New("panic")

// NewRecoverFunc returns the function that turns a panic of a resolver into an internal error of its field.
// It logs the panic with its stack.
func NewRecoverFunc(log *slog.Logger) graphql.RecoverFunc {
	return func(ctx context.Context, cause any) error {
		log.ErrorContext(ctx, "panic in a GraphQL field", "request_id", middleware.RequestIDFrom(ctx),
			"path", graphql.GetPath(ctx).String(), "panic", cause, "stack", string(debug.Stack()))
		return errPanicked
	}
}
