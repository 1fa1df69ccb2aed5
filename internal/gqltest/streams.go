package gqltest

import (
	"bytes"
	"context"
	"net/http/httptest"
	"testing"

	"github.com/7p-education/api/edu"
)

// FirstEvent posts a body as a viewer, and returns the first response of its stream, as a single response of
// status 200. The handler has returned then.
func (c *Client) FirstEvent(t testing.TB, as edu.Viewer, body string) *Response {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	w := &firstEventWriter{ResponseRecorder: httptest.NewRecorder(), done: cancel}
	c.handler.ServeHTTP(w, Request{Context: ctx, As: as, Body: body, Headers: []string{"Accept: text/event-stream"}}.httpRequest())
	_, data, ok := bytes.Cut(w.Body.Bytes(), []byte("\ndata: "))
	if !ok {
		t.Fatalf("no event: %d %s", w.Code, w.Body)
	}
	data, _, _ = bytes.Cut(data, []byte("\n"))
	return &Response{Status: w.Code, Header: w.Header(), Body: data}
}

// firstEventWriter ends the request with the first event.
type firstEventWriter struct {
	*httptest.ResponseRecorder
	done func()
}

func (w *firstEventWriter) Write(b []byte) (int, error) {
	n, err := w.ResponseRecorder.Write(b)
	if bytes.Contains(b, []byte("\ndata: ")) {
		w.done()
	}
	return n, err
}
