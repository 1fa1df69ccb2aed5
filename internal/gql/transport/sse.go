package transport

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql/live"
	"github.com/7p-education/api/internal/gql/response"
)

// mediaTypeEventStream is the media type of Server-Sent Events.
const mediaTypeEventStream = "text/event-stream"

// headerLastEventID has the id of the last event that a client of Server-Sent Events has read.
const headerLastEventID = "Last-Event-Id"

// prefersEventStream reports whether the Accept headers prefer Server-Sent Events to a single response. urql
// accepts both alike for every query: it gets the single response, which caches store.
func prefersEventStream(accept []string) bool {
	header := strings.Join(accept, ",")
	if !strings.Contains(header, mediaTypeEventStream) {
		return false
	}
	q := acceptQuality(header, mediaTypeEventStream)
	return q > max(explicitQuality(header, response.MediaTypeJSON), explicitQuality(header, response.MediaTypeGraphQL))
}

// explicitQuality returns the quality of a media type that an Accept header names, 0 if it does not.
func explicitQuality(header, mediaType string) int {
	if !strings.Contains(header, mediaType) {
		return 0
	}
	return acceptQuality(header, mediaType)
}

// sseForm is that of Server-Sent Events in the distinct-connections mode of graphql-sse. Its beginning has the time
// after which a client connects again.
var sseForm = &streamForm{
	name: "sse", contentType: mediaTypeEventStream + "; charset=utf-8",
	begin: func() []byte { return fmt.Appendf(nil, ":\nretry: %d\n\n", reconnectDelay().Milliseconds()) },
	event: sseFrame, end: sseEnd, heartbeat: []byte(":\n\n"),
}

// sseFrame returns an event of the protocol graphql-sse. The body has no line ends.
func sseFrame(e *live.Event) []byte {
	return append([]byte("event: next\nid: "+e.ID+"\n"), sseData(e.Response(false))...)
}

// sseData returns the data of an event, and ends it.
func sseData(body []byte) []byte { return slices.Concat([]byte("data: "), body, []byte("\n\n")) }

// sseLast returns the last response of a stream, and its end.
func sseLast(body []byte) []byte {
	return slices.Concat([]byte("event: next\n"), sseData(body), []byte(sseComplete))
}

// sseComplete ends a stream. EventSource ignores an event without data.
const sseComplete = "event: complete\ndata:\n\n"

// sseEnd ends a stream whose session has ended with an error, and leaves the one of a server that stops
// without "complete", so that its client connects again, with the id of the last event.
func sseEnd(reason live.EndReason) []byte {
	if reason == live.EndOfToken {
		return sseLast(sessionEndedBody())
	}
	return fmt.Appendf(nil, "retry: %d\n: the server stops\n\n", reconnectDelay().Milliseconds())
}

// sessionEndedBody returns the last response of a stream whose token is no longer accepted.
func sessionEndedBody() []byte {
	return response.EncodeEnvelope(response.NewRequestError(http.StatusUnauthorized, string(edu.Unauthenticated),
		"the session of this stream has ended or changed: open it again with a new token").ErrorResponse())
}

// serveEventStream serves a request by Server-Sent Events.
func (h *Handler) serveEventStream(out responseWriter, r *http.Request, in *parsedRequest) *response.RequestError {
	if in.batch != nil {
		return response.NewRequestError(http.StatusUnprocessableEntity, response.CodeBatchStream, "a stream has one operation: send each on its own")
	}
	started, reqErr := h.startStream(r.Context(), h.streamStart(r, in, sseForm, r.Header.Get(headerLastEventID)))
	if reqErr != nil {
		return reqErr
	}
	if started.stream != nil {
		h.serveStream(out.w, r, started.stream, sseForm)
	} else if sseForm.sendHeader(out.w) == nil {
		_ = flush(out.w, sseLast(response.EncodeEnvelope(started.single)))
	}
	return nil
}

// multipartBoundary is the boundary of multipart responses, as Apollo's clients expect it.
const multipartBoundary = "graphql"

// acceptsMultipart reports whether the Accept headers accept subscriptions as multipart/mixed, in Apollo's format.
func acceptsMultipart(accept []string) bool {
	header := strings.ToLower(strings.ReplaceAll(strings.Join(accept, ","), `"`, ""))
	return strings.Contains(header, "multipart/mixed") && strings.Contains(header, "subscriptionspec=1.0")
}

// multipartForm is that of Apollo's subscriptions over multipart HTTP: each part has a payload.
var multipartForm = &streamForm{
	name: "multipart", contentType: `multipart/mixed;boundary="` + multipartBoundary + `";subscriptionSpec=1.0`,
	begin: func() []byte { return []byte("\r\n--" + multipartBoundary) },
	event: multipartFrame, end: multipartEnd, heartbeat: multipartPart([]byte("{}")),
}

// multipartPart returns a part, with the delimiter that ends it, so that clients need not wait for the next.
func multipartPart(body []byte) []byte {
	var b bytes.Buffer
	b.WriteString("\r\nContent-Type: application/json\r\n\r\n")
	b.Write(body)
	b.WriteString("\r\n--" + multipartBoundary)
	return b.Bytes()
}

func multipartFrame(e *live.Event) []byte {
	return multipartPart(slices.Concat([]byte(`{"payload":`), e.Response(true), []byte{'}'}))
}

// multipartEnd ends the response. A transport error, which has no payload, says that it was not the
// subscription that ended.
func multipartEnd(reason live.EndReason) []byte {
	part := `{"payload":null,"errors":[{"message":"the server stops: subscribe again","extensions":{"code":"SERVICE_UNAVAILABLE"}}]}`
	if reason == live.EndOfToken {
		part = `{"payload":null,` + strings.TrimPrefix(string(sessionEndedBody()), "{")
	}
	return append(multipartPart([]byte(part)), "--\r\n"...)
}

// serveMultipart serves a subscription or a live query as multipart/mixed. Other operations have a single
// response.
func (h *Handler) serveMultipart(out responseWriter, r *http.Request, in *parsedRequest) *response.RequestError {
	started, reqErr := h.startStream(r.Context(), h.streamStart(r, in, multipartForm, ""))
	if reqErr != nil {
		return reqErr
	}
	if started.stream == nil {
		h.writeResponse(r.Context(), out, started.single)
	} else {
		h.serveStream(out.w, r, started.stream, multipartForm)
	}
	return nil
}

// streamStart returns how to start the stream of a request.
func (h *Handler) streamStart(r *http.Request, in *parsedRequest, form *streamForm, lastEventID string) streamStart {
	if in.meter == nil {
		in.meter = h.NewMeter(r)
	}
	start := streamStart{
		params: in.decodeParams(r.Header), transport: form.name, method: r.Method, caller: h.Streams.Caller(r), meter: in.meter, lastEventID: lastEventID,
	}
	if token := bearerToken(r); token != "" {
		start.token = func() string { return token }
	}
	return start
}
