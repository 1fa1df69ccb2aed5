package gql

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"sync"

	"github.com/99designs/gqlgen/graphql"

	"github.com/7p-education/api/internal/middleware"
)

// maxErrors is the most errors in one answer: a list of a hundred rows may fail
// a hundred times for one reason.
const maxErrors = 20

// The values of headers are shared to save each answer an allocation; nothing
// may write into them.
var (
	contentTypeResponse = []string{mediaTypeResponse + "; charset=utf-8"}
	contentTypeJSON     = []string{mediaTypeJSON + "; charset=utf-8"}
	noStore             = []string{"no-store"}
	revalidateNoStore   = []string{"private, no-cache, no-store, must-revalidate"}
)

// responseWriter writes the answer of one request.
type responseWriter struct {
	w           http.ResponseWriter
	prefersJSON bool // the caller would rather have application/json
}

func (out responseWriter) writeRequestError(ctx context.Context, reqErr *requestError) {
	out.writeResponse(ctx, reqErr.status, reqErr.errorResponse())
}

// writeResponse writes resp. To a caller who would rather have application/json, the answer is
// the same but for the type of those that succeed: intermediaries often answer
// errors of their own as application/json, which are no GraphQL responses.
func (out responseWriter) writeResponse(ctx context.Context, status int, resp *graphql.Response) {
	if len(resp.Errors) > 0 {
		middleware.RecordErrorCode(ctx, errorCode(resp.Errors[0]), resp.Data == nil)
	}
	buf := envelopeBuffers.Get().(*bytes.Buffer)
	defer releaseBuffer(buf, &envelopeBuffers)
	writeEnvelope(buf, resp)
	if resp.Data == nil && status == http.StatusOK { // a persisted query to be sent again
		out.writeBuffer(status, buf, revalidateNoStore)
		return
	}
	out.writeBuffer(status, buf, noStore)
}

// writeBatch writes the answers of a batch, which as a whole succeeded whatever they
// say.
func (out responseWriter) writeBatch(all []*graphql.Response) {
	buf := envelopeBuffers.Get().(*bytes.Buffer)
	defer releaseBuffer(buf, &envelopeBuffers)
	separator := byte('[')
	for _, resp := range all {
		buf.WriteByte(separator)
		writeEnvelope(buf, resp)
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

var envelopeBuffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// writeEnvelope writes resp as JSON, with data as the executor made it: on 2 kB
// encoding/json takes 13 µs to check and copy it once more, where all of this takes
// 0.04 (BenchmarkEnvelope). Errors come first, as the specification advises.
func writeEnvelope(buf *bytes.Buffer, resp *graphql.Response) {
	errs, extensions := resp.Errors, resp.Extensions
	if omitted := len(errs) - maxErrors; omitted > 0 {
		errs = errs[:maxErrors]
		extensions = map[string]any{"errorsOmitted": omitted}
		maps.Copy(extensions, resp.Extensions)
	}
	separator := byte('{')
	if len(errs) > 0 {
		separator = writeMember(buf, separator, "errors", encodeMember(errs))
	}
	if resp.Data != nil {
		separator = writeMember(buf, separator, "data", resp.Data)
	}
	if len(extensions) > 0 {
		separator = writeMember(buf, separator, "extensions", encodeMember(extensions))
	}
	if separator == '{' {
		buf.WriteByte('{')
	}
	buf.WriteByte('}')
}

// writeMember writes name and value after separator and returns the next separator.
func writeMember(buf *bytes.Buffer, separator byte, name string, value []byte) byte {
	buf.WriteByte(separator)
	buf.WriteByte('"')
	buf.WriteString(name)
	buf.WriteString(`":`)
	buf.Write(value)
	return ','
}

// encodeMember panics on what JSON cannot hold, as only a mistake of ours puts that
// into an extension.
func encodeMember(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Errorf("encode errors or extensions of a response: %w", err))
	}
	return b
}
