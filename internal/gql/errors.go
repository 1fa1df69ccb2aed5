package gql

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"strings"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql/response"
	"github.com/7p-education/api/internal/middleware"
	"github.com/7p-education/api/internal/observe"
)

// maxMessageBytes is the maximum length of a message: gqlparser's messages quote names of the document,
// which may be as long as the body.
const maxMessageBytes = 500

// NewErrorPresenter returns the function that turns every error into the error that clients see:
//
//   - an *edu.Error is sent with its message and its code;
//   - an error with a code, such as those of parsing and validation, is sent with both;
//   - an argument that does not fit its type is BAD_USER_INPUT;
//   - a context that is done is TIMEOUT or REQUEST_CANCELLED;
//   - any other error is an "internal server error" with the ids of the request and of its trace, and log has its details under
//     that id.
func NewErrorPresenter(log *slog.Logger) graphql.ErrorPresenterFunc {
	return func(ctx context.Context, err error) *gqlerror.Error {
		// A new error each time: requests may share err.
		presented := &gqlerror.Error{Path: graphql.GetPath(ctx)}
		known, hasLocation := errors.AsType[*gqlerror.Error](err)
		argument := ""
		if hasLocation {
			presented.Locations = known.Locations
			if argument = findArgument(ctx, known); argument == "" {
				presented.Path = known.Path
			}
		}
		if !presentDomainError(ctx, log, presented, err) && !presentCodedError(ctx, presented, known) &&
			!presentContextError(ctx, presented, err) && !presentInputError(ctx, presented, argument) {
			presentInternalError(ctx, log, presented, err)
		}
		if argument != "" {
			presented.Extensions["argument"] = argument
		}
		return presented
	}
}

// setError sets the code and the message of an error, and returns true.
func setError(to *gqlerror.Error, code, message string) bool {
	if len(message) > maxMessageBytes {
		cut := maxMessageBytes
		for !utf8.RuneStart(message[cut]) {
			cut--
		}
		message = message[:cut] + "…"
	}
	to.Message = message
	if to.Extensions == nil {
		to.Extensions = map[string]any{}
	}
	to.Extensions["code"] = code
	return true
}

// presentDomainError sends the message and the code of an *edu.Error, or the code of an edu.Code.
func presentDomainError(ctx context.Context, log *slog.Logger, presented *gqlerror.Error, err error) bool {
	own, ok := errors.AsType[*edu.Error](err)
	if !ok {
		code, ok := errors.AsType[edu.Code](err)
		if !ok {
			return false
		}
		own = &edu.Error{Code: code, Message: strings.ToLower(strings.ReplaceAll(string(code), "_", " "))}
	}
	if own.Code == edu.Unavailable {
		log.WarnContext(ctx, "GraphQL field unavailable", errorLogAttrs(ctx, presented, err)...)
	}
	if own.RetryAfter > 0 {
		presented.Extensions = map[string]any{"retryAfter": own.RetryAfter}
	}
	return setError(presented, string(own.Code), own.Message)
}

// presentCodedError sends an error with a code: its author has written it for clients.
func presentCodedError(ctx context.Context, presented, known *gqlerror.Error) bool {
	if known == nil {
		return false
	}
	code := response.ErrorCode(known)
	if code == "" {
		return false
	}
	presented.Extensions = maps.Clone(known.Extensions)
	if code == errcode.ValidationFailed && graphql.HasOperationContext(ctx) {
		op := graphql.GetOperationContext(ctx)
		switch {
		case op.Doc == nil: // the document itself
		case op.Operation == nil:
			return setError(presented, response.CodeOperationResolution, operationMessage(op))
		case op.Stats.Validation.End.IsZero(): // gqlgen sets it after it has coerced the variables
			presented.Path = nil // a path into the variables, not into the response
			return setError(presented, string(edu.BadUserInput), variableMessage(op, known))
		}
	}
	return setError(presented, code, stripValues(known.Message))
}

// operationMessage returns the message for a request whose operation cannot be selected.
func operationMessage(op *graphql.OperationContext) string {
	if op.OperationName == "" {
		return "the document has several operations: name one as \"operationName\""
	}
	return "the document has no operation of the name given as \"operationName\""
}

// variableMessage returns the message for a variable that gqlparser rejects, without the value and the Go
// types that gqlparser's own message may have.
func variableMessage(op *graphql.OperationContext, err *gqlerror.Error) string {
	if len(err.Path) < 2 {
		return "the variables do not fit the operation"
	}
	name := err.Path[1:].String()
	switch err.Message {
	case "must be defined", "cannot be null":
		return "variable $" + name + " " + err.Message
	case "unknown field":
		return "variable $" + name + " is not a field of its input type"
	}
	message := "variable $" + name + " does not fit its type"
	root, _ := err.Path[1].(ast.PathName)
	if declared := op.Operation.VariableDefinitions.ForName(string(root)); declared != nil {
		message += "; $" + string(root) + " is declared as " + declared.Type.String()
	}
	return message
}

// presentContextError reports a timeout, or that the client has disconnected: any other error at that time
// is a consequence. A cancelled context other than the request's is an internal error.
func presentContextError(ctx context.Context, presented *gqlerror.Error, err error) bool {
	switch done := ctx.Err(); {
	case errors.Is(err, errPanicked):
		return false
	case errors.Is(err, context.DeadlineExceeded), errors.Is(done, context.DeadlineExceeded):
		return setError(presented, response.CodeTimeout, "the request took too long: request less data at a time, or try again later")
	case done != nil:
		return setError(presented, response.CodeCancelled, "the request was cancelled")
	}
	return false
}

// presentInputError handles what gqlgen reports as a plain error: an argument that does not fit its type,
// and introspection while it is disabled.
func presentInputError(ctx context.Context, presented *gqlerror.Error, argument string) bool {
	if argument != "" {
		return setError(presented, string(edu.BadUserInput), "argument "+argument+" does not fit its type")
	}
	field := graphql.GetFieldContext(ctx)
	if field == nil || !strings.HasPrefix(field.Field.Name, "__") || !graphql.GetOperationContext(ctx).DisableIntrospection {
		return false
	}
	return setError(presented, string(edu.Forbidden), "introspection is switched off")
}

// findArgument returns the dotted name of the argument that err is about, such as "filter.minRating", or
// "". gqlgen appends the name to the error's path, but a path in a response must end at a field.
func findArgument(ctx context.Context, err *gqlerror.Error) string {
	field := graphql.GetFieldContext(ctx)
	if field == nil || field.Args != nil || field.Field.Field == nil || field.Field.Definition == nil {
		return ""
	}
	at := len(field.Path())
	if len(err.Path) <= at {
		return ""
	}
	name, ok := err.Path[at].(ast.PathName)
	if !ok || field.Field.Definition.Arguments.ForName(string(name)) == nil {
		return ""
	}
	return err.Path[at:].String()
}

// presentInternalError logs an error and hides it from the client.
func presentInternalError(ctx context.Context, log *slog.Logger, presented *gqlerror.Error, err error) {
	if !errors.Is(err, errPanicked) { // a panic has been logged with its stack
		log.ErrorContext(ctx, "GraphQL field failed", errorLogAttrs(ctx, presented, err)...)
	}
	setError(presented, response.CodeInternal, "internal server error")
	if id := middleware.RequestIDFrom(ctx); id != "" {
		presented.Extensions["requestId"] = id
	}
	if id := observe.TraceID(ctx); id != "" {
		presented.Extensions["traceId"] = id
	}
}

// errorLogAttrs returns the log attributes of an error and its location, without the variables.
func errorLogAttrs(ctx context.Context, presented *gqlerror.Error, err error) []any {
	attrs := []any{"request_id", middleware.RequestIDFrom(ctx), "path", presented.Path.String(), "error", err}
	if id := observe.TraceID(ctx); id != "" {
		attrs = append(attrs, "trace_id", id)
	}
	if graphql.HasOperationContext(ctx) {
		if op := graphql.GetOperationContext(ctx).Operation; op != nil {
			attrs = append(attrs, "operation", op.Name)
		}
	}
	return attrs
}
