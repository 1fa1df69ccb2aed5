package response

import (
	"net/http"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/7p-education/api/edu"
)

// The codes of GraphQL over HTTP, sent as extensions.code beside those of edu and gqlgen's
// GRAPHQL_PARSE_FAILED and GRAPHQL_VALIDATION_FAILED.
const (
	CodeBadRequest           = "BAD_REQUEST"
	CodeOperationResolution  = "OPERATION_RESOLUTION_FAILURE"
	CodeMethodNotAllowed     = "METHOD_NOT_ALLOWED"
	CodeNotAcceptable        = "NOT_ACCEPTABLE"
	CodeRequestTimeout       = "REQUEST_TIMEOUT"
	CodePayloadTooLarge      = "PAYLOAD_TOO_LARGE"
	CodeURITooLong           = "URI_TOO_LONG"
	CodeUnsupportedMediaType = "UNSUPPORTED_MEDIA_TYPE"
	CodeWebSocketUnsupported = "WEBSOCKET_UNSUPPORTED"
	CodeCancelled            = "REQUEST_CANCELLED"
	CodeTimeout              = "TIMEOUT"
	CodeInternal             = "INTERNAL_SERVER_ERROR"
	CodeResponseTooLarge     = "MAX_RESPONSE_BYTES_LIMIT"

	// Cosmo Router's codes for batches.
	CodeBatchLimit  = "BATCH_LIMIT_EXCEEDED"
	CodeBatchStream = "BATCHING_SUBSCRIPTION_UNSUPPORTED"

	// Deployed clients of automatic persisted queries expect these two with status 200.
	CodePersistedQueryNotFound     = "PERSISTED_QUERY_NOT_FOUND"
	CodePersistedQueryNotSupported = "PERSISTED_QUERY_NOT_SUPPORTED"

	CodePersistedQueryMismatch = "PERSISTED_QUERY_HASH_MISMATCH"

	// Apollo Router's codes for trusted documents; RETIRED is this server's own.
	CodePersistedQueryNotInList  = "PERSISTED_QUERY_NOT_IN_LIST"
	CodePersistedQueryIDRequired = "PERSISTED_QUERY_ID_REQUIRED"
	CodeIDAndBody                = "CANNOT_SEND_PQ_ID_AND_BODY"
	CodeNotInSafelist            = "QUERY_NOT_IN_SAFELIST"
	CodePersistedQueryRetired    = "PERSISTED_QUERY_RETIRED"
)

const (
	// StatusPartial is the newest draft's status for data beside errors, even null data. No
	// client library supports it yet, so it is an option.
	StatusPartial = 294
	// StatusClientClosedRequest is nginx's status for a request that its client has cancelled.
	// No client receives it; the access log shows it.
	StatusClientClosedRequest = 499
)

// statusByCode maps the code of a response's first error to the status of a response without
// data. A request with a code that is not listed was understood and rejected: 422, as the
// GraphQL over HTTP draft specifies for validation.
var statusByCode = map[string]int{
	CodePersistedQueryNotFound:     http.StatusOK,
	CodePersistedQueryNotSupported: http.StatusOK,
	CodeBadRequest:                 http.StatusBadRequest,
	errcode.ParseFailed:            http.StatusBadRequest,
	CodePersistedQueryMismatch:     http.StatusBadRequest,
	CodePersistedQueryNotInList:    http.StatusNotFound,
	CodePersistedQueryIDRequired:   http.StatusBadRequest,
	CodeIDAndBody:                  http.StatusBadRequest,
	CodeNotInSafelist:              http.StatusForbidden,
	CodePersistedQueryRetired:      http.StatusGone,
	string(edu.Unauthenticated):    http.StatusUnauthorized,
	string(edu.Forbidden):          http.StatusForbidden,
	CodeNotAcceptable:              http.StatusNotAcceptable,
	string(edu.Conflict):           http.StatusConflict,
	string(edu.RateLimited):        http.StatusTooManyRequests,
	CodeCancelled:                  StatusClientClosedRequest,
	CodeInternal:                   http.StatusInternalServerError,
	string(edu.Unavailable):        http.StatusServiceUnavailable,
	CodeTimeout:                    http.StatusGatewayTimeout,
}

// HTTPStatusFor returns 200 for a response with data, even null data, and otherwise the status
// of the first error's code.
func HTTPStatusFor(resp *graphql.Response) int {
	if resp.Data != nil {
		return http.StatusOK
	}
	if len(resp.Errors) == 0 {
		return http.StatusInternalServerError
	}
	return HTTPStatusOf(ErrorCode(resp.Errors[0]))
}

// HTTPStatusOf returns the status of a response without data whose first error has a code.
func HTTPStatusOf(code string) int {
	if status, ok := statusByCode[code]; ok {
		return status
	}
	return http.StatusUnprocessableEntity
}

// ErrorCode returns the code of an error, "" if it has none.
func ErrorCode(err *gqlerror.Error) string {
	code, _ := err.Extensions["code"].(string)
	return code
}
