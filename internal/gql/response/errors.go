package response

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// The media types of responses, and of requests.
const (
	MediaTypeJSON    = "application/json"
	MediaTypeGraphQL = "application/graphql-response+json"
)

// RequestError rejects a request before it reaches the executor.
type RequestError struct {
	Status  int
	Code    string
	Message string
}

// NewRequestError returns a RequestError with a formatted message.
func NewRequestError(status int, code, format string, args ...any) *RequestError {
	return &RequestError{status, code, fmt.Sprintf(format, args...)}
}

// ErrorResponse returns the response that reports the error.
func (e *RequestError) ErrorResponse() *graphql.Response {
	return &graphql.Response{Errors: gqlerror.List{ErrorWithCode(e.Code, e.Message)}}
}

// ErrorWithCode returns an error that clients see with this code and message.
func ErrorWithCode(code, message string) *gqlerror.Error {
	return &gqlerror.Error{Message: message, Extensions: map[string]any{"code": code}}
}

// Extension is a member of an error's extensions.
type Extension struct {
	Name  string
	Value any
}

// WriteError writes a GraphQL response of one error, which caches must not store. It sets
// Content-Type to application/graphql-response+json unless the header has one already.
func WriteError(w http.ResponseWriter, status int, code, message string, extensions ...Extension) {
	err := ErrorWithCode(code, message)
	for _, e := range extensions {
		err.Extensions[e.Name] = e.Value
	}
	var buf bytes.Buffer
	WriteEnvelope(&buf, &graphql.Response{Errors: gqlerror.List{err}})
	h := w.Header()
	if h["Content-Type"] == nil {
		h.Set("Content-Type", MediaTypeGraphQL+"; charset=utf-8")
	}
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(buf.Len()))
	w.WriteHeader(status)
	_, _ = w.Write(buf.Bytes())
}
