package gql

import (
	"fmt"
	"net/http"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/7p-education/api/edu"
)

// The codes of GraphQL over HTTP, sent as extensions.code beside those of edu and
// gqlgen's GRAPHQL_PARSE_FAILED and GRAPHQL_VALIDATION_FAILED.
const (
	codeBadRequest           = "BAD_REQUEST"
	codeOperationResolution  = "OPERATION_RESOLUTION_FAILURE"
	codeMethodNotAllowed     = "METHOD_NOT_ALLOWED"
	codeNotAcceptable        = "NOT_ACCEPTABLE"
	codeRequestTimeout       = "REQUEST_TIMEOUT"
	codePayloadTooLarge      = "PAYLOAD_TOO_LARGE"
	codeURITooLong           = "URI_TOO_LONG"
	codeUnsupportedMediaType = "UNSUPPORTED_MEDIA_TYPE"
	codeCancelled            = "REQUEST_CANCELLED"
	codeTimeout              = "TIMEOUT"
	codeInternal             = "INTERNAL_SERVER_ERROR"

	// Cosmo Router's, of batches.
	codeBatchLimit  = "BATCH_LIMIT_EXCEEDED"
	codeBatchStream = "BATCHING_SUBSCRIPTION_UNSUPPORTED"

	// Deployed clients of automatic persisted queries wait for these two with
	// status 200.
	codePersistedQueryNotFound     = "PERSISTED_QUERY_NOT_FOUND"
	codePersistedQueryNotSupported = "PERSISTED_QUERY_NOT_SUPPORTED"

	codePersistedQueryMismatch = "PERSISTED_QUERY_HASH_MISMATCH"

	// Apollo Router's, of trusted documents; RETIRED is ours.
	codePersistedQueryNotInList  = "PERSISTED_QUERY_NOT_IN_LIST"
	codePersistedQueryIDRequired = "PERSISTED_QUERY_ID_REQUIRED"
	codeIDAndBody                = "CANNOT_SEND_PQ_ID_AND_BODY"
	codeNotInSafelist            = "QUERY_NOT_IN_SAFELIST"
	codePersistedQueryRetired    = "PERSISTED_QUERY_RETIRED"
)

// statusByCode are those of answers without data, by the code of their first error.
// What is not here was understood and refused: 422, as the GraphQL over HTTP
// draft has it for validation.
var statusByCode = map[string]int{
	codePersistedQueryNotFound:     http.StatusOK,
	codePersistedQueryNotSupported: http.StatusOK,
	codeBadRequest:                 http.StatusBadRequest,
	errcode.ParseFailed:            http.StatusBadRequest,
	codePersistedQueryMismatch:     http.StatusBadRequest,
	codePersistedQueryNotInList:    http.StatusNotFound,
	codePersistedQueryIDRequired:   http.StatusBadRequest,
	codeIDAndBody:                  http.StatusBadRequest,
	codeNotInSafelist:              http.StatusForbidden,
	codePersistedQueryRetired:      http.StatusGone,
	string(edu.Unauthenticated):    http.StatusUnauthorized,
	string(edu.Forbidden):          http.StatusForbidden,
	codeNotAcceptable:              http.StatusNotAcceptable,
	string(edu.Conflict):           http.StatusConflict,
	string(edu.RateLimited):        http.StatusTooManyRequests,
	codeCancelled:                  499, // nobody is left to read it; the access log shows it
	codeInternal:                   http.StatusInternalServerError,
	string(edu.Unavailable):        http.StatusServiceUnavailable,
	codeTimeout:                    http.StatusGatewayTimeout,
}

// statusPartial is what the newest draft has for data beside errors, even null data. No
// client library of today knows it, so it is an option.
const statusPartial = 294

// httpStatusFor returns 200 for an answer with data, even null, and otherwise what the
// first error's code stands for.
func httpStatusFor(resp *graphql.Response) int {
	if resp.Data != nil {
		return http.StatusOK
	}
	if len(resp.Errors) == 0 {
		return http.StatusInternalServerError
	}
	if status, ok := statusByCode[errorCode(resp.Errors[0])]; ok {
		return status
	}
	return http.StatusUnprocessableEntity
}

func errorCode(err *gqlerror.Error) string {
	code, _ := err.Extensions["code"].(string)
	return code
}

// requestError is why a request was not even given to the executor.
type requestError struct {
	status  int
	code    string
	message string
}

func newRequestError(status int, code, format string, args ...any) *requestError {
	return &requestError{status, code, fmt.Sprintf(format, args...)}
}

func (r *requestError) errorResponse() *graphql.Response {
	return &graphql.Response{Errors: gqlerror.List{{
		Message:    r.message,
		Extensions: map[string]any{"code": r.code},
	}}}
}
