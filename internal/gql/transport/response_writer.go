package transport

import (
	"bytes"
	"context"
	"net/http"
	"strconv"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/7p-education/api/internal/gql/response"
	"github.com/7p-education/api/internal/middleware"
)

// Header values are shared, which saves every response an allocation; they must not be modified.
var (
	contentTypeGraphQL = []string{response.MediaTypeGraphQL + "; charset=utf-8"}
	contentTypeJSON    = []string{response.MediaTypeJSON + "; charset=utf-8"}
	identityEncoding   = []string{"identity"}
	noStore            = []string{"no-store"}
	revalidateNoStore  = []string{"private, no-cache, no-store, must-revalidate"}
)

// busySeconds is when a client may repeat a request that was rejected because others are in progress.
const busySeconds = 1

// responseWriter writes the response to one request.
type responseWriter struct {
	w           http.ResponseWriter
	prefersJSON bool // the client prefers application/json
	partsOnly   bool // the client accepts nothing but multipart/mixed
	sharedCache *SharedCache
}

func (out responseWriter) writeRequestError(ctx context.Context, reqErr *response.RequestError) {
	middleware.RecordErrorCode(ctx, reqErr.Code, true)
	var extensions []response.Extension
	if reqErr.Status == http.StatusServiceUnavailable {
		out.w.Header()["Retry-After"] = []string{strconv.Itoa(busySeconds)}
		extensions = []response.Extension{{Name: "retryAfter", Value: busySeconds}}
	}
	response.WriteError(out.w, reqErr.Status, reqErr.Code, reqErr.Message, extensions...)
}

// writeResponse writes the response to an operation.
func (out responseWriter) writeResponse(ctx context.Context, status int, resp *graphql.Response) {
	if len(resp.Errors) > 0 {
		middleware.RecordErrorCode(ctx, response.ErrorCode(resp.Errors[0]), resp.Data == nil)
		observeFieldErrors(ctx, resp)
		out.setRetryAfter(resp.Errors[0])
	}
	buf := response.EnvelopeBuffers.Get()
	defer response.EnvelopeBuffers.Put(buf)
	response.WriteEnvelope(buf, resp)
	hasData := resp.Data != nil
	resp.Data = nil                          // a slow client holds one copy
	if !hasData && status == http.StatusOK { // an unknown persisted query: the client sends its text next
		out.writeBuffer(status, buf, revalidateNoStore)
		return
	}
	out.writeBuffer(status, buf, noStore)
}

// setRetryAfter sets the header of an error that may not occur later, unless a rate limit has set it.
func (out responseWriter) setRetryAfter(err *gqlerror.Error) {
	if seconds, ok := err.Extensions["retryAfter"].(int); ok && out.w.Header()["Retry-After"] == nil {
		out.w.Header()["Retry-After"] = []string{strconv.Itoa(seconds)}
	}
}

// writeBatch writes the responses of a batch, which have size bytes. The batch succeeds as a whole, even
// if all of its operations fail.
func (out responseWriter) writeBatch(all []*graphql.Response, size int) {
	buf := response.EnvelopeBuffers.Get()
	defer response.EnvelopeBuffers.Put(buf)
	buf.Grow(size + len("[]"))
	separator := byte('[')
	for _, resp := range all {
		buf.WriteByte(separator)
		response.WriteEnvelope(buf, resp)
		resp.Data = nil
		separator = ','
	}
	buf.WriteByte(']')
	out.writeBuffer(http.StatusOK, buf, noStore)
}

func (out responseWriter) writeBuffer(status int, buf *bytes.Buffer, cacheControl []string) {
	h := out.w.Header()
	h["Content-Type"] = out.contentType(status)
	h["Cache-Control"] = cacheControl
	h["Content-Length"] = []string{strconv.Itoa(buf.Len())}
	out.w.WriteHeader(status)
	_, _ = out.w.Write(buf.Bytes())
}

// contentType returns application/json for a response of success, if the client prefers it. An error is
// never application/json: intermediaries often send errors of their own with that type, which are not
// GraphQL responses.
func (out responseWriter) contentType(status int) []string {
	if out.prefersJSON && status < 300 {
		return contentTypeJSON
	}
	return contentTypeGraphQL
}
