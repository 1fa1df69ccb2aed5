package gql

import (
	"bytes"
	"context"
	"net/http"
	"strconv"

	"github.com/99designs/gqlgen/graphql"

	"github.com/7p-education/api/internal/gql/response"
	"github.com/7p-education/api/internal/middleware"
)

// The values of headers are shared to save each answer an allocation; nothing
// may write into them.
var (
	contentTypeResponse = []string{response.MediaTypeGraphQL + "; charset=utf-8"}
	contentTypeJSON     = []string{response.MediaTypeJSON + "; charset=utf-8"}
	noStore             = []string{"no-store"}
	revalidateNoStore   = []string{"private, no-cache, no-store, must-revalidate"}
)

// responseWriter writes the answer of one request.
type responseWriter struct {
	w           http.ResponseWriter
	prefersJSON bool // the caller would rather have application/json
}

func (out responseWriter) writeRequestError(ctx context.Context, reqErr *response.RequestError) {
	middleware.RecordErrorCode(ctx, reqErr.Code, true)
	response.WriteError(out.w, reqErr.Status, reqErr.Code, reqErr.Message)
}

// writeResponse writes resp. To a caller who would rather have application/json, the answer is
// the same but for the type of those that succeed: intermediaries often answer
// errors of their own as application/json, which are no GraphQL responses.
func (out responseWriter) writeResponse(ctx context.Context, status int, resp *graphql.Response) {
	if len(resp.Errors) > 0 {
		middleware.RecordErrorCode(ctx, response.ErrorCode(resp.Errors[0]), resp.Data == nil)
	}
	buf := response.EnvelopeBuffers.Get()
	defer response.EnvelopeBuffers.Put(buf)
	response.WriteEnvelope(buf, resp)
	if resp.Data == nil && status == http.StatusOK { // a persisted query to be sent again
		out.writeBuffer(status, buf, revalidateNoStore)
		return
	}
	out.writeBuffer(status, buf, noStore)
}

// writeBatch writes the answers of a batch, which as a whole succeeded whatever they
// say.
func (out responseWriter) writeBatch(all []*graphql.Response) {
	buf := response.EnvelopeBuffers.Get()
	defer response.EnvelopeBuffers.Put(buf)
	separator := byte('[')
	for _, resp := range all {
		buf.WriteByte(separator)
		response.WriteEnvelope(buf, resp)
		separator = ','
	}
	buf.WriteByte(']')
	out.writeBuffer(http.StatusOK, buf, noStore)
}

func (out responseWriter) writeBuffer(status int, buf *bytes.Buffer, cacheControl []string) {
	h := out.w.Header()
	h["Content-Type"] = contentTypeResponse
	if out.prefersJSON && status < 300 {
		h["Content-Type"] = contentTypeJSON
	}
	h["Cache-Control"] = cacheControl
	h["Content-Length"] = []string{strconv.Itoa(buf.Len())}
	out.w.WriteHeader(status)
	_, _ = out.w.Write(buf.Bytes())
}
