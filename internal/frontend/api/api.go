// Package api sends operations to the GraphQL endpoint of this process: with its authentication, limits and caches, and
// without a connection.
package api

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// Method is a method of HTTP by which an operation is sent.
type Method string

const (
	// Query is for queries. Their responses have an ETag if they are cached, and requests can be conditional.
	Query Method = "QUERY"
	// Post is for mutations.
	Post Method = http.MethodPost
)

// Client sends operations.
type Client struct {
	// Endpoint is the handler of the GraphQL endpoint, with authentication and limits.
	Endpoint http.Handler
	// Name is sent as the name of the client.
	Name string
}

// Operation is an operation of a request. It has a text or the id of a document.
type Operation struct {
	Text       string         `json:"query,omitempty"`
	DocumentID string         `json:"documentId,omitempty"`
	Variables  map[string]any `json:"variables,omitempty"`

	Method Method `json:"-"`
	Token  string `json:"-"` // access token, "" for none
	ETag   string `json:"-"` // of the response that the caller has, "" for none
}

// Response is the response to an operation.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// Data decodes the data of a response into a value, and reports whether there was some.
func (r *Response) Data(into any) bool {
	var envelope struct{ Data json.RawMessage }
	if json.Unmarshal(r.Body, &envelope) != nil || len(envelope.Data) == 0 || string(envelope.Data) == "null" {
		return false
	}
	return json.Unmarshal(envelope.Data, into) == nil
}

// secondsBusy are the seconds after which a browser may try again if a response does not say.
const secondsBusy = "1"

// Send executes an operation on behalf of the browser that sent r. The context may differ from that of r: it decides
// which request the operation is recorded for.
func (c Client) Send(ctx context.Context, r *http.Request, op Operation) *Response {
	body, _ := json.Marshal(op) // values that were JSON before
	inner := (&http.Request{
		Method: string(op.Method), URL: &url.URL{Path: "/graphql"}, Host: r.Host, RemoteAddr: r.RemoteAddr,
		Proto: r.Proto, ProtoMajor: r.ProtoMajor, ProtoMinor: r.ProtoMinor,
		Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
		Header: http.Header{
			"Content-Type": {"application/json"}, "Accept": {"application/json"},
			"User-Agent": r.Header["User-Agent"], "Graphql-Client-Name": {c.Name},
		},
	}).WithContext(ctx)
	if op.Token != "" {
		inner.Header["Authorization"] = []string{"Bearer " + op.Token}
	}
	if op.ETag != "" {
		inner.Header["If-None-Match"] = []string{op.ETag}
	}
	w := recorder{response: Response{Header: http.Header{}}}
	c.Endpoint.ServeHTTP(&w, inner)
	w.response.Body = w.body.Bytes()
	return &w.response
}

// recorder records a response.
type recorder struct {
	response Response
	body     bytes.Buffer
}

// Header returns the header of the response.
func (w *recorder) Header() http.Header { return w.response.Header }

// WriteHeader records the final status.
func (w *recorder) WriteHeader(status int) {
	if w.response.Status == 0 && status >= http.StatusOK {
		w.response.Status = status
	}
}

// Write records a part of the body.
func (w *recorder) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(b)
}

// CopyLimits copies the headers that report limits, and when to try again, to the browser's response.
func (r *Response) CopyLimits(to http.Header) {
	for name, values := range r.Header {
		if name == "Retry-After" || strings.HasPrefix(name, "Ratelimit") {
			to[name] = values
		}
	}
}

// SetRetryAfter sets when to try again after a response of 503 that does not say it.
func SetRetryAfter(h http.Header, status int) {
	if status == http.StatusServiceUnavailable && h["Retry-After"] == nil {
		h.Set("Retry-After", secondsBusy)
	}
}

// Write passes the response on to the browser.
func (r *Response) Write(w http.ResponseWriter) {
	r.CopyLimits(w.Header())
	SetRetryAfter(w.Header(), r.Status)
	for _, name := range []string{"Content-Type", "Cache-Control", "Www-Authenticate"} {
		if values := r.Header[name]; values != nil {
			w.Header()[name] = values
		}
	}
	w.WriteHeader(r.Status)
	_, _ = w.Write(r.Body) // fails only if the client has disconnected
}
