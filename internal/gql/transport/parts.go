package transport

import (
	"context"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/7p-education/api/internal/accept"
	"github.com/7p-education/api/internal/gql/incremental"
	"github.com/7p-education/api/internal/gql/memory"
	"github.com/7p-education/api/internal/gql/response"
	"github.com/7p-education/api/internal/middleware"
)

const mediaTypeMultipart = "multipart/mixed"

// partsContentTypes are the content types of responses in parts.
var partsContentTypes = map[incremental.Format]string{
	incremental.Draft2022: `multipart/mixed; boundary="-"; deferSpec=20220824`,
	incremental.Version02: `multipart/mixed; boundary="-"; incrementalSpec=v0.2`,
}

// acceptedFormat returns the format in which the client of a POST accepts the parts of a response: that of the first
// multipart/mixed of its Accept headers, unless it prefers a single response.
func acceptedFormat(r *http.Request) incremental.Format {
	header := strings.Join(r.Header["Accept"], ",")
	if r.Method != http.MethodPost || !strings.Contains(header, mediaTypeMultipart) {
		return incremental.Whole
	}
	single := max(explicitQuality(header, response.MediaTypeJSON), explicitQuality(header, response.MediaTypeGraphQL))
	for item := range strings.SplitSeq(header, ",") {
		mediaType, params, err := mime.ParseMediaType(item)
		if err != nil || mediaType != mediaTypeMultipart || params["subscriptionspec"] != "" {
			continue
		}
		for _, quality := range accept.Parse(item) {
			if quality == 0 || quality < single {
				return incremental.Whole
			}
		}
		switch {
		case params["incrementalspec"] == "v0.2":
			return incremental.Version02
		case params["incrementalspec"] == "" && (params["deferspec"] == "" || params["deferspec"] == "20220824"):
			return incremental.Draft2022
		}
	}
	return incremental.Whole
}

// beginParts sends the header of a response in parts.
func (out responseWriter) beginParts(f incremental.Format) {
	_ = http.NewResponseController(out.w).SetReadDeadline(time.Time{}) // its end would cancel the request; the operation has a deadline
	h := out.w.Header()
	h.Set("Content-Type", partsContentTypes[f])
	h["Cache-Control"] = noStore
	h.Set("X-Accel-Buffering", "no")
	out.w.WriteHeader(http.StatusOK)
}

// writePart writes and flushes a part. The first one begins with a delimiter.
func (out responseWriter) writePart(body []byte, first, last bool) error {
	const head, delimiter, end = "Content-Type: application/json; charset=utf-8\r\n\r\n", "\r\n---\r\n", "\r\n-----\r\n"
	text := make([]byte, 0, len(delimiter)+len(head)+len(body)+len(end))
	if first {
		text = append(text, delimiter...)
	}
	text = append(append(text, head...), body...)
	if last {
		text = append(text, end...)
	} else {
		text = append(text, delimiter...)
	}
	return flush(out.w, text)
}

// writeSinglePart writes a whole response as the only part, to a client that accepts nothing else.
func (out responseWriter) writeSinglePart(ctx context.Context, body []byte) {
	out.beginParts(incremental.AcceptedFormat(ctx))
	_ = out.writePart(incremental.EncodeWhole(body), true, true)
}

// serveParts executes an operation and writes its response: in parts if something was deferred.
func (h *Handler) serveParts(ctx context.Context, out responseWriter, op *graphql.OperationContext) {
	ctx, cancel := context.WithCancel(ctx)
	responses, ctx := h.exec.DispatchOperation(ctx, op)
	defer func() { // ends the operation, unless its last response has
		cancel()
		_ = responses(ctx)
	}()
	resp, parts := responses(ctx), incremental.PartsOf(op)
	switch {
	case resp == nil:
		resp = h.exec.DispatchError(ctx, gqlerror.List{gqlerror.Wrap(context.Cause(ctx))})
		fallthrough
	case !parts.HasNext() || len(resp.Data) == 0 || string(resp.Data) == "null":
		h.writeWhole(ctx, out, resp)
		return
	}
	whole := response.EncodeEnvelope(resp)
	initial := parts.EncodeInitial(whole)
	if err := memory.MeterFrom(ctx).EndPart(len(initial) - len(whole)); err != nil {
		h.writeWhole(ctx, out, h.exec.DispatchError(ctx, gqlerror.List{gqlerror.Wrap(err)}))
		return
	}
	if len(resp.Errors) > 0 {
		middleware.RecordErrorCode(ctx, response.ErrorCode(resp.Errors[0]), false)
		observeFieldErrors(ctx, resp)
	}
	out.beginParts(incremental.AcceptedFormat(ctx))
	err := out.writePart(initial, true, false)
	for err == nil && parts.HasNext() {
		body := h.nextPart(ctx, responses, parts)
		err = out.writePart(body, false, !parts.HasNext())
	}
}

// nextPart executes and returns the next part, or the last one with the error of the limit that was exceeded.
func (h *Handler) nextPart(ctx context.Context, responses graphql.ResponseHandler, parts *incremental.Parts) []byte {
	resp := responses(ctx)
	if resp != nil && len(resp.Errors) == 0 {
		return resp.Data
	}
	executed := resp != nil
	if !executed { // the context is done
		resp = h.exec.DispatchError(ctx, gqlerror.List{gqlerror.Wrap(context.Cause(ctx))})
	}
	middleware.RecordErrorCode(ctx, response.ErrorCode(resp.Errors[0]), false)
	observeFieldErrors(ctx, resp)
	return parts.EncodeFailure(resp.Errors, !executed)
}

// writeWhole writes a response as a whole.
func (h *Handler) writeWhole(ctx context.Context, out responseWriter, resp *graphql.Response) {
	if status := h.statusFor(resp, true); out.partsOnly && status == http.StatusOK {
		out.writeSinglePart(ctx, response.EncodeEnvelope(resp))
		return
	}
	h.writeResponse(ctx, out, resp)
}
